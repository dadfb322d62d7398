/** A stored record batch, read where it lies. */
import { crc32c } from '../bytes/crc32c.ts'
import { readInt16, readInt32, readUInt32, writeInt16, writeInt32 } from '../bytes/int32.ts'
import { type Int64, readExactInt64, readInt64, readInt64Rounded, writeInt64 } from '../bytes/int64.ts'
import { count } from '../count.ts'
import { CorruptRecordError } from '../errors.ts'
import * as header from './batch-header.ts'
import { decompress } from './compression/compression.ts'
import type { BatchTimestampType, Codec, Record } from './record.ts'
import { CODECS, incrementSequence, NO_SEQUENCE } from './record.ts'
import type { RecordVisitor } from './record-view.ts'
import { type RunTaker, readHeaders, walkRecords } from './record-walk.ts'

export { LOG_OVERHEAD, RECORD_BATCH_OVERHEAD } from './batch-header.ts'

/**
 * A view on one stored batch (magic 2, layout in batch-header.ts): nothing is copied, nothing checked before
 * `ensureValid`, `records` or `visit` is called. Positions in errors are positions in `buffer`.
 */
export class RecordBatch {
  readonly buffer: Buffer
  readonly position: number
  /** End of the bytes that may be looked at, which a damaged size must not make us pass. */
  readonly limit: number

  constructor(buffer: Buffer, position = 0, limit = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.limit = limit
  }

  get baseOffset(): number {
    return readInt64(this.buffer, this.position)
  }

  get lastOffset(): number {
    return this.baseOffset + this.lastOffsetDelta
  }

  /** Offset of what follows this batch: after compaction the last record may lie before lastOffset. */
  get nextOffset(): number {
    return this.lastOffset + 1
  }

  get sizeInBytes(): number {
    return header.sizeAt(this.buffer, this.position)
  }

  /** Position behind the batch. */
  get end(): number {
    return this.position + this.sizeInBytes
  }

  get partitionLeaderEpoch(): number {
    return this.int32(header.PARTITION_LEADER_EPOCH_POSITION)
  }

  get magic(): number {
    return header.magicAt(this.buffer, this.position)
  }

  /** The stored checksum, unsigned. */
  get crc(): number {
    return readUInt32(this.buffer, this.position + header.CRC_POSITION)
  }

  get attributes(): number {
    return header.attributesAt(this.buffer, this.position)
  }

  get compression(): Codec {
    const codec = CODECS[this.attributes & header.CODEC_MASK]
    if (codec === undefined) throw this.corrupt(`unknown compression ${this.attributes & header.CODEC_MASK}`)
    return codec
  }

  get timestampType(): BatchTimestampType {
    const { attributes } = this
    if ((attributes & header.NO_TIMESTAMP_FLAG) < 0) return 'NoTimestampType'
    return (attributes & header.LOG_APPEND_TIME_FLAG) !== 0 ? 'LogAppendTime' : 'CreateTime'
  }

  get isTransactional(): boolean {
    return (this.attributes & header.TRANSACTIONAL_FLAG) !== 0
  }

  get isControl(): boolean {
    return (this.attributes & header.CONTROL_FLAG) !== 0
  }

  get hasDeleteHorizon(): boolean {
    return (this.attributes & header.DELETE_HORIZON_FLAG) !== 0
  }

  /** When its tombstones may go, in ms; undefined when compaction has not set it. */
  get deleteHorizonMs(): number | undefined {
    return this.hasDeleteHorizon ? this.baseTimestamp : undefined
  }

  get lastOffsetDelta(): number {
    return this.int32(header.LAST_OFFSET_DELTA_POSITION)
  }

  /** What the records' timestamps count from (the delete horizon, where that is set); rounded beyond 2^53. */
  get baseTimestamp(): number {
    return readInt64Rounded(this.buffer, this.position + header.BASE_TIMESTAMP_POSITION)
  }

  get exactBaseTimestamp(): Int64 {
    return readExactInt64(this.buffer, this.position + header.BASE_TIMESTAMP_POSITION)
  }

  get exactMaxTimestamp(): Int64 {
    return readExactInt64(this.buffer, this.position + header.MAX_TIMESTAMP_POSITION)
  }

  /** Rounded beyond 2^53. */
  get maxTimestamp(): number {
    return readInt64Rounded(this.buffer, this.position + header.MAX_TIMESTAMP_POSITION)
  }

  /** -1 without an idempotent producer. */
  get producerId(): number {
    return readInt64(this.buffer, this.position + header.PRODUCER_ID_POSITION)
  }

  get producerEpoch(): number {
    return readInt16(this.buffer, this.position + header.PRODUCER_EPOCH_POSITION)
  }

  get hasProducerId(): boolean {
    return this.producerId >= 0
  }

  get baseSequence(): number {
    return this.int32(header.BASE_SEQUENCE_POSITION)
  }

  get lastSequence(): number {
    const base = this.baseSequence
    return base === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(base, this.lastOffsetDelta)
  }

  /** Records in it, as the header says. */
  get count(): number {
    return header.countAt(this.buffer, this.position)
  }

  /** The stored bytes, header and all. */
  bytes(): Buffer {
    return this.buffer.subarray(this.position, this.end)
  }

  /** Whether size, magic and CRC are right. */
  isValid(): boolean {
    return this.problem() === undefined
  }

  /** Throws CorruptRecordError unless size, magic and CRC are right. */
  ensureValid(): void {
    const problem = this.problem()
    if (problem !== undefined) throw this.corrupt(problem)
  }

  /** The records as objects. The CRC is checked before anything is decompressed. */
  *records(): Generator<Record, void, undefined> {
    this.ensureValid()
    const records: Record[] = []
    const baseSequence = this.baseSequence
    const baseOffset = this.baseOffset
    this.walk((record) => {
      const { offset, timestamp, key, value, buffer, headersStart, headersCount, end } = record
      records.push({
        offset,
        timestamp,
        key,
        value,
        headers: headersCount === 0 ? NO_HEADERS : readHeaders(buffer, headersStart, headersCount, end),
        sequence:
          baseSequence === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(baseSequence, offset - baseOffset),
      })
    })
    yield* records
  }

  /** Calls the visitor for each record; see RecordVisitor. The CRC is checked first. Returns false when it was stopped. */
  visit(visitor: RecordVisitor): boolean {
    this.ensureValid()
    return this.walk(visitor)
  }

  /**
   * As visit, for a caller that has checked the CRC already (or means to read a damaged batch all the same).
   * `takeRun` is offered the records first, many at once.
   */
  walk(visitor: RecordVisitor, takeRun?: RunTaker): boolean {
    const codec = this.compression
    const start = this.position + header.RECORD_BATCH_OVERHEAD
    if (this.count === 0) return true
    if (codec === 'none') return walkRecords(this, this.buffer, start, this.end, visitor, takeRun)
    let records: Buffer
    try {
      records = decompress(codec, this.buffer.subarray(start, this.end))
    } catch (error) {
      if (error instanceof CorruptRecordError) throw this.corrupt(error.detail)
      throw error
    }
    return walkRecords(this, records, 0, records.length, visitor, takeRun)
  }

  setBaseOffset(offset: number): void {
    header.setBaseOffsetAt(this.buffer, this.position, offset)
  }

  setPartitionLeaderEpoch(epoch: number): void {
    header.setLeaderEpochAt(this.buffer, this.position, epoch)
  }

  /** Sets what the broker sets where log-append time rules, and the CRC anew. */
  setMaxTimestamp(timestampType: BatchTimestampType, maxTimestamp: number): void {
    const attributes =
      timestampType === 'LogAppendTime'
        ? this.attributes | header.LOG_APPEND_TIME_FLAG
        : this.attributes & ~header.LOG_APPEND_TIME_FLAG
    writeInt16(this.buffer, this.position + header.ATTRIBUTES_POSITION, attributes)
    writeInt64(this.buffer, this.position + header.MAX_TIMESTAMP_POSITION, maxTimestamp)
    this.updateCrc()
  }

  updateCrc(): void {
    writeInt32(this.buffer, this.position + header.CRC_POSITION, this.computeCrc())
  }

  /** An error that says which batch it is about. */
  corrupt(detail: string): CorruptRecordError {
    return new CorruptRecordError(
      `corrupt record batch at offset ${this.offsetForPeople()}: ${detail}`,
      this.position,
    )
  }

  private problem(): string | undefined {
    const room = this.limit - this.position
    if (room < header.RECORD_BATCH_OVERHEAD)
      return `${count(room, 'byte is', 'bytes are')} too few for a batch`
    const magic = this.magic
    if (magic !== header.CURRENT_MAGIC) return magicProblem(magic)
    const size = this.sizeInBytes
    if (size < header.RECORD_BATCH_OVERHEAD) return `size ${size} is smaller than a batch's header`
    if (size > room) return `size ${size} reaches beyond the ${room} bytes there are`
    const computed = this.computeCrc()
    if (computed !== this.crc) return `its checksum is ${hex(computed)}, stored is ${hex(this.crc)}`
    return undefined
  }

  private computeCrc(): number {
    return crc32c(this.buffer, this.position + header.ATTRIBUTES_POSITION, this.end)
  }

  private offsetForPeople(): string {
    return this.limit - this.position < 8 ? '?' : String(this.buffer.readBigInt64BE(this.position))
  }

  private int32(position: number): number {
    return readInt32(this.buffer, this.position + position)
  }
}

const NO_HEADERS: readonly [] = []

const hex = (crc: number): string => `0x${crc.toString(16).padStart(8, '0')}`

/** Why a batch of this magic cannot be read. */
function magicProblem(magic: number): string {
  return magic === 0 || magic === 1
    ? `message format v${magic} of Kafka before 0.11, which is no batch`
    : `magic ${magic} is none of Kafka's`
}
