/** Collects the records that `poll` returns: the visitor that makes an object of each stored record. */
import type { TopicPartition } from '../../names/topic-partition.ts'
import { timestampFields } from '../../record/exact-timestamp.ts'
import type { RecordView } from '../../record/record-view.ts'
import type { ConsumerRecord, ConsumerVisitor, VisitedBatch } from '../consumer.ts'
import { visitHeaders } from '../stored-headers.ts'
import type { Header } from '../types.ts'

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

  record(record: RecordView): boolean {
    const { offset, buffer, headersStart, headersCount } = record
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
      ...timestampFields(record.exactTimestamp),
      timestampType,
      key: slice(record.keyStart, record.keyEnd),
      value: slice(record.valueStart, record.valueEnd),
      headers,
      leaderEpoch: leaderEpoch < 0 ? undefined : leaderEpoch,
    })
    return true
  }
}
