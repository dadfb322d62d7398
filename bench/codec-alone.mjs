// `node codec-alone.mjs lz4|zstd FILE`: what the codec costs with nothing around it, in pieces like a producer's batches.
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const require = createRequire(import.meta.url)
const [codec, file] = process.argv.slice(2)
const PIECE = 128 * 1024

function compressor() {
  if (codec === 'lz4') return require('lz4-napi').compressFrameSync
  const folder = path.dirname(require.resolve('@cloudpss/zstd/package.json'))
  const { compress } = require(require.resolve('node-gyp-build', { paths: [folder] }))(folder)
  return (bytes) => compress(bytes, 3)
}

const compress = compressor()
const fd = fs.openSync(file)
const buffer = Buffer.allocUnsafe(PIECE)
for (let n = fs.readSync(fd, buffer); n > 0; n = fs.readSync(fd, buffer)) compress(buffer.subarray(0, n))
