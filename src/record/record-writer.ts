/** Encodes one record, and tells beforehand how many bytes it takes. */
import type { Int64 } from '../bytes/int64.ts'
import {
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeVarint,
  writeVarlong,
} from '../bytes/varint.ts'
import type { RecordHeader } from './record.ts'
import type { RecordSlices } from './record-slices.ts'

/** More than a record's own fields can take besides its key, value and headers (Kafka's MAX_RECORD_OVERHEAD). */
export const MAX_RECORD_OVERHEAD = 21

/** Bytes of length and content; -1 is null. */
export function sizeOfField(length: number): number {
  return length < 0 ? 1 : sizeOfVarint(length) + length
}

/** Bytes of the header count and the headers. */
export function sizeOfHeaders(headers: readonly RecordHeader[]): number {
  let size = sizeOfVarint(headers.length)
  for (const { key, value } of headers)
    size += sizeOfField(Buffer.byteLength(key)) + sizeOfField(value?.length ?? -1)
  return size
}

/** Bytes of a record behind its length field. Lengths of -1 are null; headersSize includes their count. */
export function sizeOfRecordBody(
  timestampDelta: Int64,
  offsetDelta: number,
  keyLength: number,
  valueLength: number,
  headersSize: number,
): number {
  return (
    1 +
    sizeOfVarlong(timestampDelta) +
    // Deltas are never negative, nor are the lengths that are not null: no zigzag needed.
    sizeOfUnsignedVarint(offsetDelta * 2) +
    sizeOfField(keyLength) +
    sizeOfField(valueLength) +
    headersSize
  )
}

/** How a record differs from its batch, and its size behind the length field. */
export interface RecordDeltas {
  timestamp: Int64
  offset: number
  bodySize: number
}

/**
 * Writes a record up to (not including) its header count, and returns the position behind. The memory must be there.
 */
export function writeRecordFields(
  buffer: Buffer,
  position: number,
  deltas: RecordDeltas,
  record: RecordSlices,
): number {
  let at = writeVarint(buffer, position, deltas.bodySize)
  buffer[at++] = 0
  at = writeVarlong(buffer, at, deltas.timestamp)
  at = writeVarint(buffer, at, deltas.offset)
  at = writeField(buffer, at, record.key, record.keyStart, record.keyEnd)
  return writeField(buffer, at, record.value, record.valueStart, record.valueEnd)
}

function writeField(
  buffer: Buffer,
  position: number,
  source: Uint8Array | null,
  start: number,
  end: number,
): number {
  if (source === null || end < 0) {
    buffer[position] = 1
    return position + 1
  }
  const at = writeVarint(buffer, position, end - start)
  return copyBytes(source, start, end, buffer, at)
}

// Views for copying by words, kept as long as the same buffers come back: a producer's input chunk and its batches.
let sourceBytes: Uint8Array = new Uint8Array(0)
let sourceView = new DataView(sourceBytes.buffer)
let targetBytes: Uint8Array = sourceBytes
let targetView = sourceView

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Above this the call that moves all at once is quicker, although it needs a view made for it. */
const COPY_BY_WORDS_UP_TO = 192

/** Below this a loop beats the call. */
const MOVE_IN_LOOP = 12

/** Copies and returns the position behind. */
export function copyBytes(
  source: Uint8Array,
  start: number,
  end: number,
  target: Buffer,
  position: number,
): number {
  const size = end - start
  // Within one buffer a move is quickest, and leaves no garbage.
  if (source === target && size > MOVE_IN_LOOP) {
    target.copyWithin(position, start, end)
    return position + size
  }
  if (size > COPY_BY_WORDS_UP_TO) {
    target.set(source.subarray(start, end), position)
    return position + size
  }
  let from = start
  let to = position
  if (size >= 16) {
    if (source !== sourceBytes) {
      sourceBytes = source
      sourceView = viewOf(source)
    }
    if (target !== targetBytes) {
      targetBytes = target
      targetView = viewOf(target)
    }
    const src = sourceView
    const dst = targetView
    for (const last = end - 16; from <= last; from += 16, to += 16) {
      dst.setInt32(to, src.getInt32(from, true), true)
      dst.setInt32(to + 4, src.getInt32(from + 4, true), true)
      dst.setInt32(to + 8, src.getInt32(from + 8, true), true)
      dst.setInt32(to + 12, src.getInt32(from + 12, true), true)
    }
  }
  while (from < end) target[to++] = source[from++]
  return to
}

/** Writes the header count and the headers, and returns the position behind. */
export function writeHeaders(buffer: Buffer, position: number, headers: readonly RecordHeader[]): number {
  let at = writeVarint(buffer, position, headers.length)
  for (const { key, value } of headers) {
    at = writeVarint(buffer, at, Buffer.byteLength(key))
    at += buffer.write(key, at)
    at = writeField(buffer, at, value, 0, value === null ? -1 : value.length)
  }
  return at
}
