/** Standard input that comes in pieces of given sizes, again and again. */
import type { InputChunks } from '../../src/os/standard-input.ts'

export function chunksOf(bytes: Buffer, sizes: readonly number[]): InputChunks {
  let at = 0
  let n = 0
  return {
    read(buffer, start, end) {
      const size = Math.min(sizes[n++ % sizes.length], end - start, bytes.length - at)
      bytes.copy(buffer, start, at, at + size)
      at += size
      return size
    },
    ready: () => Promise.resolve(true),
    close() {},
  }
}
