/**
 * Reads an index file for the check. A killed broker leaves 10 MB of zeros in each of them, thousands of times over: zeros are read in
 * large pieces and not kept. Somebody else may have made the file, and a sparse one may claim a terabyte: of a file that is longer
 * than any index only the first part is read.
 */

import { isMissing } from '../../os/error-code.ts'
import { type FileSystem, readRange } from '../../os/file-system.ts'

const CHUNK = 1024 * 1024
/** segment.index.bytes is 10 MB unless somebody set it; a segment of 2 GB has no use for more. */
export const MOST_INDEX_BYTES = 256 * CHUNK
const ZEROS = Buffer.alloc(CHUNK)
const CHUNK_BUFFER = Buffer.allocUnsafeSlow(CHUNK)

export interface IndexBytes {
  /** Up to the entry with the last byte that is not zero. */
  readonly bytes: Buffer
  /** Of the whole file: behind `bytes` are zeros, or what lies beyond MOST_INDEX_BYTES. */
  readonly size: number
}

/** undefined where there is no such file. */
export function readIndexBytes(fs: FileSystem, path: string, entrySize: number): IndexBytes | undefined {
  let fd: number
  try {
    fd = fs.open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const parts: Buffer[] = []
    let kept = 0
    let size = 0
    for (;;) {
      const length = readRange(fs, fd, CHUNK_BUFFER, 0, CHUNK, size)
      const chunk = CHUNK_BUFFER.subarray(0, length)
      if (!chunk.equals(ZEROS.subarray(0, length))) {
        // Zeros in the middle end nothing.
        if (kept < size) parts.push(Buffer.alloc(size - kept))
        parts.push(Buffer.from(chunk))
        kept = size + length
      }
      size += length
      if (length < CHUNK) break
      if (size < MOST_INDEX_BYTES) continue
      size = Math.max(size, fs.fstat(fd).size)
      break
    }
    const bytes = Buffer.concat(parts)
    let used = bytes.length
    while (used > 0 && bytes[used - 1] === 0) used--
    const end = Math.ceil(used / entrySize) * entrySize
    if (end <= bytes.length) return { bytes: bytes.subarray(0, end), size }
    // The entry's last bytes are zeros of the next chunk, or are not there.
    return { bytes: Buffer.concat([bytes, Buffer.alloc(Math.min(end, size) - bytes.length)]), size }
  } finally {
    fs.close(fd)
  }
}
