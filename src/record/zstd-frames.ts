/**
 * Where Zstandard frames begin and end (RFC 8878, 3.1), told from their headers and those of their blocks:
 *
 *     magic FD2FB528 (LE)   descriptor   window?   dictionary id?   content size?   blocks   checksum?
 *     block: 3 bytes LE (bit 0 last, bits 1 and 2 type, the rest its size), then its bytes (one for a run of one byte)
 *     magic 184D2A5x (LE)   int32 size   bytes to be passed over
 *
 * Node 22 inflates half a frame to what was whole of it, or to nothing, without an error, and of several frames only the
 * first; so it is asked for one whole frame at a time.
 */
import { count } from '../count.ts'
import { damagedData } from './compression/codec-module.ts'

const MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const SINGLE_SEGMENT_FLAG = 0x20
const CHECKSUM_FLAG = 0x04
const RUN_BLOCK = 1
const RESERVED_BLOCK = 3
const DICTIONARY_ID_SIZES = [0, 1, 2, 4]
const CONTENT_SIZE_SIZES = [0, 2, 4, 8]

/** The frames with data in them, in their order. @throws CorruptRecordError unless the bytes are whole frames, one at least */
export function wholeFrames(bytes: Buffer): readonly Buffer[] {
  const frames: Buffer[] = []
  if (bytes.length === 0) throw damagedData('zstd', 'no frame')
  for (let at = 0; at < bytes.length; ) {
    const end = frameEnd(bytes, at)
    if (bytes.readUInt32LE(at) === MAGIC) frames.push(bytes.subarray(at, end))
    at = end
  }
  return frames
}

function frameEnd(bytes: Buffer, start: number): number {
  const left = bytes.length - start
  if (left < 4) throw damagedData('zstd', `${count(left, 'byte')} behind a frame`)
  const magic = bytes.readUInt32LE(start)
  if ((magic & ~0xf) >>> 0 === SKIPPABLE_MAGIC) {
    const end = left < 8 ? Number.POSITIVE_INFINITY : start + 8 + bytes.readUInt32LE(start + 4)
    if (end > bytes.length) throw cut()
    return end
  }
  if (magic !== MAGIC) throw damagedData('zstd', 'no frame header')
  if (left < 5) throw cut()
  const descriptor = bytes[start + 4]
  let at = start + 5 + headerSize(descriptor)
  for (let last = false; !last; ) {
    if (at + 3 > bytes.length) throw cut()
    const word = bytes.readUIntLE(at, 3)
    const type = (word >> 1) & 3
    if (type === RESERVED_BLOCK) throw damagedData('zstd', 'a block of no known type')
    last = (word & 1) !== 0
    at += 3 + (type === RUN_BLOCK ? 1 : word >> 3)
  }
  if ((descriptor & CHECKSUM_FLAG) !== 0) at += 4
  if (at > bytes.length) throw cut()
  return at
}

/** Of what stands between the descriptor and the first block. */
function headerSize(descriptor: number): number {
  const isSingleSegment = (descriptor & SINGLE_SEGMENT_FLAG) !== 0
  const flag = descriptor >> 6
  const contentSize = flag === 0 && isSingleSegment ? 1 : CONTENT_SIZE_SIZES[flag]
  return (isSingleSegment ? 0 : 1) + DICTIONARY_ID_SIZES[descriptor & 3] + contentSize
}

function cut() {
  return damagedData('zstd', 'it ends within a frame')
}
