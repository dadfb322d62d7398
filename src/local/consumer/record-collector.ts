import type { ConsumerRecord, ConsumerVisitor, VisitedBatch } from '../../client/consumer.ts'
import { visitHeaders } from '../../client/stored-headers.ts'
import type { Header } from '../../client/types.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import { exactTimestamp, timestampFields } from '../../record/exact-timestamp.ts'

const NO_HEADERS: readonly Header[] = []

/** Makes objects of records, for `poll`: a chunk is taken at once and handed out in portions. */
export class RecordCollector implements ConsumerVisitor {
  #records: ConsumerRecord[] = []
  #taken = 0
  #batch: VisitedBatch | undefined
  #bytes: Buffer = Buffer.alloc(0)

  get isEmpty(): boolean {
    return this.#taken === this.#records.length
  }

  /** Up to `most` records, in order. */
  take(most: number): ConsumerRecord[] {
    const records = this.#records.slice(this.#taken, this.#taken + most)
    this.#taken += records.length
    if (this.isEmpty) {
      this.#records = []
      this.#taken = 0
    }
    return records
  }

  /** Forgets records of a partition that were not handed out. */
  drop({ topic, partition }: TopicPartition): void {
    this.#records = this.#records
      .slice(this.#taken)
      .filter((record) => record.partition !== partition || record.topic !== topic)
    this.#taken = 0
  }

  batch(batch: VisitedBatch): void {
    this.#batch = batch
    // The reader's buffer is used again: one copy a batch, which its records share.
    this.#bytes = Buffer.from(batch.buffer.subarray(batch.start, batch.end))
  }

  record(
    offset: number,
    timestamp: number,
    buffer: Buffer,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headersStart: number,
    headersCount: number,
  ): boolean {
    const { topic, partition, timestampType, leaderEpoch, start } = this.#batch as VisitedBatch
    const slice = (from: number, to: number) =>
      to < 0 ? null : this.#bytes.subarray(from - start, to - start)
    let headers = NO_HEADERS
    if (headersCount > 0) {
      const list: Header[] = []
      visitHeaders(buffer, headersStart, headersCount, (nameStart, nameEnd, from, to) => {
        list.push({ key: buffer.toString('utf8', nameStart, nameEnd), value: slice(from, to) })
      })
      headers = list
    }
    this.#records.push({
      topic,
      partition,
      offset,
      ...timestampFields(exactTimestamp(timestamp)),
      timestampType,
      key: slice(keyStart, keyEnd),
      value: slice(valueStart, valueEnd),
      headers,
      leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
    })
    return true
  }
}
