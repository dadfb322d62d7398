/**
 * LZ4 frames with independent blocks and no checksums, as Kafka's Java client writes them (and the only ones it reads;
 * blocks are of 64 KiB up to 4 MiB, by the size of the whole). The library
 * knows one speed only, so `compression.lz4.level` is accepted and changes nothing.
 */
import { xxHash32 } from '../../bytes/xx-hash32.ts'
import { count } from '../../count.ts'
import { damagedData, loadLibrary, requireFromHere, tooLarge } from './codec-module.ts'

const FRAME_MAGIC = 0x184d2204
const BLOCK_CHECKSUM_FLAG = 0x10
const CONTENT_SIZE_FLAG = 0x08
const DICTIONARY_FLAG = 0x01
const DESCRIPTOR_POSITION = 4
/** The densest an LZ4 block gets. */
const MAX_RATIO = 255

interface Lz4Library {
  compressFrameSync(data: Buffer): Buffer
  decompressFrameSync(data: Buffer): Buffer
}

let lz4: Lz4Library | undefined

function library(): Lz4Library {
  lz4 ??= loadLibrary('lz4', () => requireFromHere('lz4-napi') as Lz4Library)
  return lz4
}

export function compress(bytes: Buffer): Buffer {
  return library().compressFrameSync(bytes)
}

export function decompress(bytes: Buffer, maxSize: number): Buffer {
  if (inflatedSizeBound(bytes) > maxSize) throw tooLarge('lz4', maxSize)
  const lib = library()
  try {
    return lib.decompressFrameSync(bytes)
  } catch (error) {
    throw damagedData('lz4', error)
  }
}

/**
 * In messages of format 0 the checksum of a frame's header was made of its magic number as well, and no reader looked at
 * it. Returns a frame that is right in that.
 */
export function withRightChecksum(frame: Buffer): Buffer {
  const at = checksumPosition(frame)
  if (frame.length <= at) return frame
  const right = Buffer.from(frame)
  right[at] = headerChecksum(frame, DESCRIPTOR_POSITION, at)
  return right
}

/** A frame as messages of format 0 have it. */
export function withOldChecksum(frame: Buffer): Buffer {
  const at = checksumPosition(frame)
  const old = Buffer.from(frame)
  old[at] = headerChecksum(frame, 0, at)
  return old
}

function checksumPosition(frame: Buffer): number {
  const flags = frame.length > DESCRIPTOR_POSITION ? frame[DESCRIPTOR_POSITION] : 0
  return 6 + ((flags & CONTENT_SIZE_FLAG) !== 0 ? 8 : 0) + ((flags & DICTIONARY_FLAG) !== 0 ? 4 : 0)
}

/** The second byte of the xxHash32 of bytes[start, end). */
function headerChecksum(bytes: Buffer, start: number, end: number): number {
  return (xxHash32(bytes.subarray(start, end)) >>> 8) & 0xff
}

/**
 * The most bytes this frame can inflate to, read from its block headers: the library has no limit of its own.
 * Throws where the frame is damaged.
 */
export function inflatedSizeBound(frame: Buffer): number {
  if (frame.length < 7 || frame.readUInt32LE(0) !== FRAME_MAGIC) throw damagedData('lz4', 'no frame header')
  const flags = frame[4]
  const blockMaxSize = 1 << (8 + 2 * ((frame[5] >> 4) & 7))
  let at = 6
  let stated = 0
  if ((flags & CONTENT_SIZE_FLAG) !== 0) {
    if (frame.length < at + 8) throw damagedData('lz4', 'it ends within its header')
    stated = frame.readUInt32LE(at + 4) * 0x100000000 + frame.readUInt32LE(at)
    at += 8
  }
  if ((flags & DICTIONARY_FLAG) !== 0) at += 4
  at++
  let bound = 0
  for (;;) {
    if (frame.length - at < 4) throw damagedData('lz4', 'no end mark')
    const word = frame.readUInt32LE(at)
    at += 4
    if (word === 0) break
    const size = word & 0x7fffffff
    if (size > frame.length - at)
      throw damagedData('lz4', `block of ${count(size, 'byte')} where ${frame.length - at} are left`)
    bound += word > 0x7fffffff ? size : Math.min(blockMaxSize, size * MAX_RATIO)
    at += size + ((flags & BLOCK_CHECKSUM_FLAG) !== 0 ? 4 : 0)
  }
  return Math.max(bound, stated)
}
