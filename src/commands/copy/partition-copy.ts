/** One partition on its way: stored batches come in, go to the sink, and it is known what of them is stored. */
import type { BatchBytes, PartitionSink } from '../../client/batch-sink.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { RecordBatch } from '../../record/record-batch.ts'
import { OffsetMap } from './offset-map.ts'
import type { Progress, SourceId } from './progress.ts'
import { needsRebuilding, rebuiltBatch } from './rebuilt-batch.ts'

export interface PartitionPlan {
  readonly source: TopicPartition
  readonly target: TopicPartition
  readonly from: SourceId
  /** Where both go on. */
  readonly start: { readonly source: number; readonly target: number }
  readonly producerId: number
  readonly made: boolean
  /** What an earlier run had copied and the comparison found again. */
  readonly map?: OffsetMap
}

export class PartitionCopy {
  readonly plan: PartitionPlan
  readonly map: OffsetMap
  /** That were taken; not all of them may be stored. */
  taken = 0
  batches = 0
  bytes = 0
  rebuilt = 0
  abortedRecords = 0
  /** Told: it cannot be read on. */
  failed = false
  /** Behind all that was read of the source. */
  position: number
  /** Offsets were left out in front of what was read last, and nobody knows why. */
  gapFrom: number | undefined
  readonly #sink: PartitionSink
  readonly #keepsTimestampType: boolean
  #waiting: BatchBytes[] = []
  /** What was handed over and may not be stored yet. */
  #handed: { readonly source: number; readonly target: number }[] = []
  #stored: { readonly source: number; readonly target: number }
  #written: { readonly source: number; readonly target: number }

  constructor(plan: PartitionPlan, sink: PartitionSink, keepsTimestampType: boolean) {
    this.plan = plan
    this.map = plan.map ?? new OffsetMap(plan.start.source, plan.start.target)
    this.position = plan.start.source
    this.#stored = plan.start
    this.#written = plan.start
    this.#sink = sink
    this.#keepsTimestampType = keepsTimestampType
  }

  /** A batch that was read: its bytes are good until `handOver` is done. */
  take(batch: RecordBatch, from: number): void {
    const at = Math.max(from, this.plan.start.source)
    if (batch.baseOffset > this.position && this.#waiting.length === 0) this.gapFrom = this.position
    if (needsRebuilding(batch, at, this.#keepsTimestampType)) {
      const rebuilt = rebuiltBatch(batch, at, this.#keepsTimestampType)
      if (rebuilt === undefined) return
      this.#waiting.push(rebuilt)
      for (const offset of rebuilt.offsets) this.map.add(offset, 1)
      this.taken += rebuilt.offsets.length
      this.rebuilt++
      this.bytes += rebuilt.end
    } else {
      this.#waiting.push({ buffer: batch.buffer, start: batch.position, end: batch.end })
      this.map.add(batch.baseOffset, batch.count)
      this.taken += batch.count
      this.bytes += batch.sizeInBytes
    }
    this.batches++
  }

  aborted(batch: RecordBatch): void {
    this.abortedRecords += batch.count
  }

  /** Gives what was taken to the sink. `position`: how far the source was read. */
  async handOver(position: number): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = []
    if (waiting.length > 0) await this.#sink.append(waiting)
    this.position = Math.max(this.position, position)
    this.map.readTo(this.position)
    this.#handed.push({ source: this.position, target: this.map.end.target })
  }

  /** Copied: they are stored for certain. */
  get records(): number {
    return Math.max(0, this.taken - (this.map.end.target - this.#sink.stored))
  }

  /** How far it is stored for certain. */
  get stored(): { readonly source: number; readonly target: number } {
    const { stored } = this.#sink
    let count = 0
    while (count < this.#handed.length && this.#handed[count].target <= stored) count++
    if (count > 0) {
      this.#stored = this.#handed[count - 1]
      this.#handed = this.#handed.slice(count)
    }
    return this.#stored
  }

  /** What is to be written down, where that is more than was; call `written` then. */
  get progress(): Progress | undefined {
    const { source, target } = this.stored
    if (source === this.#written.source && target === this.#written.target) return undefined
    const { from, producerId, made } = this.plan
    return { from, source, target, producerId, made }
  }

  written({ source, target }: Progress): void {
    this.#written = { source, target }
  }
}
