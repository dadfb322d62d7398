/** The offset part of Admin, on a data directory. */
import type { ListedOffset, OffsetAdmin } from '../../client/admin/offset-admin.ts'
import type { IsolationLevel, OffsetSpec } from '../../client/types.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { withLock } from '../../log/partition-lock.ts'
import type { TimestampAndOffset } from '../../log/timestamp-lookup.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import { whenFree } from '../../os/lock-wait.ts'
import { systemErrorText } from '../../os/system-error.ts'
import { timestampFields } from '../../record/exact-timestamp.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

const NO_ANSWER: ListedOffset = { offset: undefined, timestamp: -1, leaderEpoch: -1 }

/** Offsets of partitions by what is asked for, and the moving of their starts, on a data directory. */
export class LocalOffsets implements OffsetAdmin {
  readonly #directory: LocalDirectory

  constructor(directory: LocalDirectory) {
    this.#directory = directory
  }

  /** Throws UNKNOWN_TOPIC_OR_PARTITION, and UNSUPPORTED_VERSION for a negative time that is no known word. */
  async listOffset(
    { topic, partition }: TopicPartition,
    spec: OffsetSpec,
    isolation?: IsolationLevel,
  ): Promise<ListedOffset> {
    const log = this.#directory.logForReading(topic, partition)
    log.refresh()
    if (typeof spec !== 'string') {
      if (spec < 0) throw new KafkaError('UNSUPPORTED_VERSION')
      return found(log.offsetForTimestamp(spec))
    }
    switch (spec) {
      case 'latest':
        return {
          ...at(log, isolation === 'read_committed' ? log.lastStableOffset : log.highWatermark),
          ...(log.endDamage === undefined ? {} : { damage: log.endDamage.error.message }),
        }
      case 'earliest':
      case 'earliest-local':
        return at(log, log.logStartOffset)
      case 'max-timestamp':
        return found(log.maxTimestampOffset())
      case 'latest-tiered':
      case 'earliest-pending-upload':
        return NO_ANSWER
    }
  }

  async listOffsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
    isolation?: IsolationLevel,
    done?: (count: number) => void,
  ): Promise<(ListedOffset | Error)[]> {
    const listed: (ListedOffset | Error)[] = []
    for (const partition of partitions) {
      listed.push(await this.listOffset(partition, spec, isolation).catch(ofThePartition))
      done?.(listed.length)
    }
    return listed
  }

  async deleteRecordsOf(
    partitions: readonly (TopicPartition & { readonly beforeOffset: number })[],
  ): Promise<(number | Error)[]> {
    const deleted: (number | Error)[] = []
    for (const { beforeOffset, ...partition } of partitions)
      deleted.push(await this.deleteRecords(partition, beforeOffset).catch(ofThePartition))
    return deleted
  }

  /** Throws OFFSET_OUT_OF_RANGE, and POLICY_VIOLATION where records may only be compacted away. */
  async deleteRecords({ topic, partition }: TopicPartition, beforeOffset: number): Promise<number> {
    return this.#directory.session(async () => {
      try {
        const log = await this.#directory.openForWriting(topic, partition)
        if (!log.config.delete) throw new KafkaError('POLICY_VIOLATION')
        return await withLock(log, () => {
          log.refresh()
          if (beforeOffset > log.highWatermark || beforeOffset < -1)
            throw new KafkaError('OFFSET_OUT_OF_RANGE')
          return whenFree(() => log.deleteRecordsBefore(beforeOffset))
        })
      } catch (error) {
        throw storageError(error)
      }
    })
  }
}

/** What Kafka or the disk refuses for one partition does not keep the others from their turn. */
function ofThePartition(error: unknown): Error {
  if (error instanceof KafkaError || systemErrorText(error) !== undefined) return error as Error
  throw error
}

/** What the disk refuses for one partition is that partition's error, so that the others get their turn. */
function storageError(error: unknown): unknown {
  if (error instanceof KafkaError) return error
  const text = error instanceof TerseError ? error.message : systemErrorText(error)
  return text === undefined ? error : new KafkaError('KAFKA_STORAGE_ERROR', text)
}

function found(answer: TimestampAndOffset | undefined): ListedOffset {
  return answer === undefined ? NO_ANSWER : { ...answer, ...timestampFields(answer.timestamp) }
}

function at(log: UnifiedLog, offset: number): ListedOffset {
  return { offset, timestamp: -1, leaderEpoch: log.leaderEpochFor(offset) }
}
