/**
 * Remembers where a producer stopped writing. A batch that the disk refused is lost, and so is its place in the order: a batch behind
 * it in the same partition would leave a hole that nobody sees. So the first such failure ends the partition for this producer;
 * for a caller that only streams lines it ends the whole topic.
 */
import { AFTER_CLOSE } from '../../client/base-producer.ts'
import { count } from '../../count.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { PartialAppendError } from '../../log/log-append-info.ts'
import { systemErrorText } from '../../os/system-error.ts'

export class ProducerStop {
  readonly #topic: string
  readonly #partitionCount: number
  readonly #partitions = new Map<number, TerseError>()
  #first: Error | undefined
  #closed: Error | undefined
  /** No transaction has begun. */
  #held: Error | undefined
  /** Records that are in the logs. */
  stored = 0

  constructor(topic: string, partitionCount: number) {
    this.#topic = topic
    this.#partitionCount = partitionCount
  }

  /** The failure that ended it for a caller that streams. */
  get first(): Error | undefined {
    return this.#first ?? this.#closed ?? this.#held
  }

  /** What was taken is written still; nothing more is taken. */
  close(): void {
    this.#closed ??= new TerseError(AFTER_CLOSE)
  }

  /** Nothing is taken until `reopen`, for this reason. */
  hold(why: Error): void {
    this.#held = why
  }

  /** A transaction begins: what was lost of earlier ones is aborted. */
  reopen(): void {
    this.#held = undefined
    this.#first = undefined
    this.#partitions.clear()
  }

  /** @throws TerseError where a record for this partition would stand behind a hole, or a new one comes after the end */
  refuse(partition: number, isNew = false): void {
    const refusal = this.#closed ?? this.#held
    if (isNew && refusal !== undefined) throw refusal
    const stopped = this.#partitions.get(partition)
    if (stopped !== undefined) throw stopped
  }

  /** The failure, with how far the lines got: what came behind the first that is missing is in no log. */
  afterLines(): Error {
    const lines = `${count(this.stored, 'line is', 'lines are')} in`
    const order = this.#partitionCount === 1 ? 'nothing behind them' : 'of each partition the first ones'
    return new TerseError(`${textOf(this.#first)}; ${lines}, ${order}`, { cause: this.#first })
  }

  /** An append or a sync failed. What Kafka itself refuses (a batch too large) is no hole: others go on behind it. */
  failed(partition: number, error: unknown): void {
    if (error instanceof KafkaError || error instanceof StoppedError) return
    this.#first ??= error as Error
    if (this.#partitions.has(partition)) return
    const why = textOf(error)
    this.#partitions.set(
      partition,
      new StoppedError(
        `${this.#topic}-${partition}: this producer lost a record there, so it writes nothing behind it (${why}); make a new one`,
      ),
    )
  }
}

class StoppedError extends TerseError {}

export interface StoredPart {
  readonly firstOffset: number
  readonly records: number
  /** Of these, as many as their senders may be told of: none where a sync that was due failed. */
  readonly acknowledged: number
  readonly logAppendTime: number
}

/** Records of an append that failed midway that are in the log nevertheless, and where. */
export function storedPart(error: unknown): StoredPart {
  const appended = error instanceof PartialAppendError ? error.appended : undefined
  if (appended === undefined) return { firstOffset: -1, records: 0, acknowledged: 0, logAppendTime: -1 }
  const { firstOffset, lastOffset, logAppendTime } = appended
  const records = lastOffset - firstOffset + 1
  const acknowledged = (error as PartialAppendError).isSynced ? records : 0
  return { firstOffset, records, acknowledged, logAppendTime }
}

function textOf(error: unknown): string {
  if (error instanceof TerseError) return error.message
  return systemErrorText(error) ?? String((error as Error).message)
}
