/**
 * Snappy in the framing of Java's SnappyOutputStream (xerial), which is what Kafka's clients write and read:
 * 0x82 "SNAPPY" 0x00, int32 version 1, int32 compatible version 1, then chunks of at most 32 KiB of plain bytes,
 * each as int32 size and a raw snappy block. Clients in other languages write one raw block: that is read as well.
 */
import { readUnsignedVarint } from '../../bytes/varint.ts'
import { count } from '../../count.ts'
import { damagedData, loadLibrary, requireFromHere, tooLarge } from './codec-module.ts'

const MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]
const HEADER = [...MAGIC, 0, 0, 0, 1, 0, 0, 0, 1]
const CHUNK_SIZE = 32 * 1024
/** The densest a snappy block gets: a copy of 64 bytes in 3, so a larger claim is a lie. */
const MAX_RATIO = 22

interface SnappyLibrary {
  compressSync(input: Uint8Array, options: { copyOutputData: boolean }): Buffer
  uncompressSync(input: Uint8Array, options: { asBuffer: true; copyOutputData: boolean }): Buffer
}

let snappy: SnappyLibrary | undefined
// Copied output: external buffers are four to seven times slower here.
const COMPRESS = { copyOutputData: true }
const UNCOMPRESS = { asBuffer: true, copyOutputData: true } as const

function library(): SnappyLibrary {
  snappy ??= loadLibrary('snappy', () => requireFromHere('snappy') as SnappyLibrary)
  return snappy
}

export function compress(bytes: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from(HEADER)]
  for (let at = 0; at < bytes.length; at += CHUNK_SIZE) {
    const block = library().compressSync(
      bytes.subarray(at, Math.min(at + CHUNK_SIZE, bytes.length)),
      COMPRESS,
    )
    const size = Buffer.allocUnsafe(4)
    size.writeInt32BE(block.length)
    parts.push(size, block)
  }
  return Buffer.concat(parts)
}

export function decompress(bytes: Buffer, maxSize: number): Buffer {
  if (!isFramed(bytes, 0)) return inflateBlock(bytes, maxSize, maxSize)
  const parts: Buffer[] = []
  let total = 0
  let at = 0
  while (at < bytes.length) {
    // Streams that were put one behind the other: the header comes again.
    if (isFramed(bytes, at)) {
      at += HEADER.length
      continue
    }
    if (bytes.length - at < 4) throw damagedData('snappy', 'it ends within a chunk size')
    const size = bytes.readInt32BE(at)
    at += 4
    if (size <= 0 || size > bytes.length - at) {
      throw damagedData('snappy', `chunk of ${count(size, 'byte')} where ${bytes.length - at} are left`)
    }
    const part = inflateBlock(bytes.subarray(at, at + size), maxSize - total, maxSize)
    total += part.length
    parts.push(part)
    at += size
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts, total)
}

function isFramed(bytes: Buffer, at: number): boolean {
  return bytes.length - at >= HEADER.length && MAGIC.every((byte, i) => bytes[at + i] === byte)
}

function inflateBlock(block: Buffer, room: number, maxSize: number): Buffer {
  const claimed = readUnsignedVarint(block, 0, block.length)
  if (Number.isNaN(claimed) || claimed > block.length * MAX_RATIO) {
    throw damagedData('snappy', 'a block that cannot have the length it states')
  }
  if (claimed > room) throw tooLarge('snappy', maxSize)
  const lib = library()
  try {
    return lib.uncompressSync(block, UNCOMPRESS)
  } catch (error) {
    throw damagedData('snappy', error)
  }
}
