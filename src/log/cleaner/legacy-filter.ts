/**
 * What compaction keeps of messages of formats 0 and 1, as Kafka's cleaner keeps it: in their format. A message stays as it
 * stands or goes; a wrapper that loses some of its messages is made anew of the others, with the offset of the last and
 * (where log-append time does not rule) the largest timestamp of them.
 *
 * These formats know no delete horizon: their tombstones stay until the file they are in was last changed longer than
 * delete.retention.ms before the newest file that was compacted before.
 */
import { type Int64, writeInt64 } from '../../bytes/int64.ts'
import * as header from '../../record/batch-header.ts'
import { compress } from '../../record/compression/compression.ts'
import { withOldChecksum } from '../../record/compression/lz4-codec.ts'
import { innerMessages } from '../../record/legacy-inner.ts'
import * as legacy from '../../record/legacy-message.ts'
import { CODECS } from '../../record/record.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import type { CleanedSegment } from './cleaner-output.ts'
import type { OffsetMap } from './offset-map.ts'

export interface LegacyFilterOptions {
  readonly map: OffsetMap
  readonly upperBoundOffset: number
}

export class LegacyFilter {
  recordsRead = 0
  recordsKept = 0
  /** Set for each segment: its tombstones are older than delete.retention.ms. */
  tombstonesMayGo = false
  readonly #options: LegacyFilterOptions

  constructor(options: LegacyFilterOptions) {
    this.#options = options
  }

  /** Appends to `output` what stays of the whole message at buffer[at, at + size). */
  filter(buffer: Buffer, at: number, size: number, output: CleanedSegment): void {
    const lastOffset = header.baseOffsetAt(buffer, at)
    const keptBefore = this.recordsKept
    if (!legacy.isWrapperAt(buffer, at)) {
      this.recordsRead++
      if (this.#stays(buffer, at, size, lastOffset)) {
        this.recordsKept++
        append(output, buffer.subarray(at, at + size), lastOffset)
      }
    } else this.#filterWrapper(buffer, at, size, output)
    // The log's end must not move; there is no empty message, and an empty batch is one of format 2.
    const isLast = lastOffset + 1 === this.#options.upperBoundOffset
    if (isLast && this.recordsKept === keptBefore) append(output, emptyBatch(lastOffset), lastOffset)
  }

  #filterWrapper(buffer: Buffer, at: number, size: number, output: CleanedSegment): void {
    const { bytes, positions, offsets } = innerMessages(buffer, at, size)
    const magic = buffer[at + header.MAGIC_POSITION]
    const kept: number[] = []
    let isMixed = false
    for (let i = 0; i < positions.length; i++) {
      isMixed ||= bytes[positions[i] + header.MAGIC_POSITION] !== magic
      if (this.#stays(bytes, positions[i], header.sizeAt(bytes, positions[i]), offsets[i])) kept.push(i)
    }
    this.recordsRead += positions.length
    const lastOffset = header.baseOffsetAt(buffer, at)
    // A wrapper of another format than its messages (KAFKA-4298) is left alone as long as one of them stays.
    if (kept.length === positions.length || (isMixed && kept.length > 0)) {
      this.recordsKept += positions.length
      append(output, buffer.subarray(at, at + size), lastOffset)
      return
    }
    this.recordsKept += kept.length
    if (kept.length === 0) return
    const messages = kept.map((i) => ({ offset: offsets[i], bytes: messageIn(bytes, positions[i]) }))
    append(output, rebuilt(buffer, at, messages), offsets[kept[kept.length - 1]])
  }

  #stays(buffer: Buffer, at: number, size: number, offset: number): boolean {
    const { map } = this.#options
    const { keyStart, keyEnd, valueEnd } = legacy.fieldsOf(buffer, at, size)
    if (offset > map.latestOffset) return true
    // Nothing without a key belongs into a compacted topic.
    if (keyEnd < 0 || map.get(buffer, keyStart, keyEnd) > offset) return false
    return valueEnd >= 0 || !this.tombstonesMayGo
  }
}

interface KeptMessage {
  readonly offset: number
  readonly bytes: Buffer
}

const messageIn = (bytes: Buffer, at: number): Buffer =>
  Buffer.from(bytes.subarray(at, at + header.sizeAt(bytes, at)))

/** The wrapper at `at` with these messages in it. */
function rebuilt(buffer: Buffer, at: number, messages: readonly KeptMessage[]): Buffer {
  const magic = buffer[at + header.MAGIC_POSITION]
  const attributes = legacy.legacyAttributesAt(buffer, at)
  let timestamp = legacy.legacyTimestampAt(buffer, at)
  if (legacy.legacyTimestampType(magic, attributes) === 'CreateTime') timestamp = largestTimestamp(messages)
  for (const { offset, bytes } of messages)
    legacy.setLegacyOffset(bytes, 0, magic === 0 ? offset : offset - messages[0].offset)
  const codec = CODECS[attributes & header.CODEC_MASK]
  const packed = compress(codec, Buffer.concat(messages.map(({ bytes }) => bytes)))
  const value = magic === 0 && codec === 'lz4' ? withOldChecksum(packed) : packed
  const overhead = legacy.LEGACY_OVERHEAD[magic]
  const wrapper = Buffer.alloc(overhead + value.length)
  writeInt64(wrapper, 0, messages[messages.length - 1].offset)
  wrapper.writeInt32BE(wrapper.length - header.LOG_OVERHEAD, header.LENGTH_POSITION)
  wrapper[header.MAGIC_POSITION] = magic
  wrapper[header.MAGIC_POSITION + 1] = attributes
  if (magic > 0) writeInt64(wrapper, legacy.LEGACY_TIMESTAMP_POSITION, timestamp)
  wrapper.writeInt32BE(-1, overhead - 8)
  wrapper.writeInt32BE(value.length, overhead - 4)
  value.copy(wrapper, overhead)
  legacy.updateLegacyCrc(wrapper, 0, wrapper.length)
  return wrapper
}

function largestTimestamp(messages: readonly KeptMessage[]): Int64 {
  let largest: Int64 = -1
  for (const { bytes } of messages) {
    const timestamp = legacy.legacyTimestampAt(bytes, 0)
    if (timestamp > largest) largest = timestamp
  }
  return largest
}

function emptyBatch(offset: number): Buffer {
  return new RecordBatchBuilder({ baseOffset: offset }).build()
}

function append(output: CleanedSegment, bytes: Buffer, lastOffset: number): void {
  output.reserve(bytes.length)
  bytes.copy(output.buffer, output.at)
  const timestamp = legacy.isLegacyAt(bytes, 0) ? legacy.legacyTimestampAt(bytes, 0) : -1
  output.appended(bytes.length, lastOffset, timestamp)
}
