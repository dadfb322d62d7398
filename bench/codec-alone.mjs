// `node codec-alone.mjs lz4|zstd FILE`: what the codec costs with nothing around it, in pieces like a producer's batches.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(import.meta.url)
const [codec, file] = process.argv.slice(2)
const PIECE = 128 * 1024

/** @returns {(bytes: Buffer) => unknown} */
function compressor() {
  if (codec === 'lz4') return require('lz4-napi').compressFrameSync
  const folder = path.dirname(require.resolve('@cloudpss/zstd/package.json'))
  const { compress } = require(require.resolve('node-gyp-build', { paths: [folder] }))(folder)
  return (bytes) => compress(bytes, 3)
}

const compress = compressor()
const fd = fs.openSync(file, 'r')
const buffer = Buffer.allocUnsafe(PIECE)
const read = () => fs.readSync(fd, buffer, 0, PIECE, null)
for (let n = read(); n > 0; n = read()) compress(buffer.subarray(0, n))
