/** Lines that a topic's producer takes many of at once: into which of its partitions' open batches they go. */
import { type SlicePartitioner, UserPartitioner } from './partitioner.ts'
import type { LineSpread, PartitionQueue, RecordAccumulator } from './record-accumulator.ts'

interface KnownSpread extends LineSpread {
  readonly partition: number
  readonly queues: readonly PartitionQueue[]
}

export class LineSpreader {
  /** Lines that the last call took. */
  taken = 0
  readonly #accumulator: RecordAccumulator
  readonly #partitioner: SlicePartitioner
  readonly #partitionCount: number
  /** Where its lines go, once that is known. */
  #spread: KnownSpread | undefined

  constructor(accumulator: RecordAccumulator, partitioner: SlicePartitioner, partitionCount: number) {
    this.#accumulator = accumulator
    this.#partitioner = partitioner
    this.#partitionCount = partitionCount
  }

  /** See TopicProducer.appendLines. */
  append(partition: number, timestamp: number, from: number, end: number, separator: number): number {
    this.taken = 0
    let spread = this.#spread
    if (spread?.partition !== partition || spread.separator !== separator) {
      spread = this.#spreadOf(partition, separator)
      this.#spread = spread
    }
    if (spread === undefined) return from
    const { queues } = spread
    const rotation = queues.length > 1 && !spread.hashed ? this.#partitioner.rotation : undefined
    spread.turn = rotation?.next(queues.length) ?? 0
    const behind = this.#accumulator.addLines(queues, timestamp, from, end, spread)
    this.taken = this.#accumulator.linesTaken
    if (this.taken > 0) rotation?.moveTo(spread.turn)
    return behind
  }

  /** undefined: such lines are the partitioner's, one by one. */
  #spreadOf(partition: number, separator: number): KnownSpread | undefined {
    const { hashesKeys = false, rotation } = this.#partitioner
    const chosen = partition >= 0 || this.#partitionCount === 1
    if (partition < 0 && this.#partitioner instanceof UserPartitioner) return undefined
    const hashed = !chosen && separator >= 0 && hashesKeys
    if (!chosen && !hashed && rotation === undefined) return undefined
    const queues = chosen
      ? [this.#accumulator.queue(Math.max(partition, 0))]
      : Array.from({ length: this.#partitionCount }, (_, i) => this.#accumulator.queue(i))
    return { partition, separator, hashed, turn: 0, queues }
  }
}
