/**
 * Zstandard: Node's own where it has it (22.15 and up), else the native binary of @cloudpss/zstd, else that package's
 * WebAssembly, which can only be loaded asynchronously: `prepare` does it.
 */
import path from 'node:path'
import type zlibModule from 'node:zlib'
import { wholeFrames } from '../zstd-frames.ts'
import { damagedData, loadLibrary, requireFromHere, tooLarge } from './codec-module.ts'

const PACKAGE = '@cloudpss/zstd'
const DEFAULT_LEVEL = 3

/** A stream that compresses; behind `end` it begins anew. */
interface ZstdCompressor {
  data(bytes: Buffer, sink: (part: Buffer) => void): void
  end(sink: (part: Buffer) => void): void
}

interface ZstdLibrary {
  readonly Compressor?: new (level: number) => ZstdCompressor
  compress(bytes: Buffer, level: number): Uint8Array
  /** Throws on damage, and on more than maxSize bytes. */
  decompress(bytes: Buffer, maxSize: number): Uint8Array
}

/** What newer Nodes have; the types of Node 20 do not tell of it. */
interface ZlibWithZstd {
  zstdCompressSync?(bytes: Buffer, options: { params: { [key: number]: number } }): Buffer
  zstdDecompressSync?(bytes: Buffer, options: { maxOutputLength: number }): Buffer
  constants: typeof zlibModule.constants & { ZSTD_c_compressionLevel?: number }
}

let zstd: ZstdLibrary | undefined

function library(): ZstdLibrary {
  zstd ??= nodeLibrary() ?? loadLibrary('zstd', nativeLibrary)
  return zstd
}

function nodeLibrary(): ZstdLibrary | undefined {
  const zlib = requireFromHere('node:zlib') as ZlibWithZstd
  const { zstdCompressSync: deflate, zstdDecompressSync: inflate } = zlib
  const levelKey = zlib.constants.ZSTD_c_compressionLevel
  if (deflate === undefined || inflate === undefined || levelKey === undefined) return undefined
  return {
    compress: (bytes, level) => deflate(bytes, { params: { [levelKey]: level } }),
    decompress: (bytes, maxSize) => inflate(bytes, { maxOutputLength: maxSize }),
  }
}

/** The package's entry is an ES module without a limit on the inflated size; the binary beneath takes one. */
function nativeLibrary(): ZstdLibrary {
  const packageJson = requireFromHere.resolve(`${PACKAGE}/package.json`)
  const nodeGypBuild = requireFromHere.resolve('node-gyp-build', { paths: [path.dirname(packageJson)] })
  return (requireFromHere(nodeGypBuild) as (dir: string) => ZstdLibrary)(path.dirname(packageJson))
}

/**
 * The native binary has one context for all threads of a process, which two of them must never use at once; each of its
 * streams has its own, but takes a third longer. So at any time one thread has the context, at first the main one, and the others
 * use streams. Known to every copy of this module on a thread (a program may have the library in both its forms).
 */
const context = sharedState()
const streams = new Map<number, ZstdCompressor>()

function sharedState(): { lent: boolean } {
  const shared = globalThis as { [key: symbol]: { lent: boolean } | undefined }
  const key = Symbol.for('tkafka.zstd')
  shared[key] ??= { lent: false }
  return shared[key]
}

/** Compresses without the context from now on, so that another thread may use it. False: that was so before. */
export function lendContext(): boolean {
  if (context.lent) return false
  context.lent = true
  return true
}

/** Once nobody else uses it. */
export function takeContextBack(): void {
  context.lent = false
}

function compressAsStream(Compressor: new (level: number) => ZstdCompressor, bytes: Buffer, level: number) {
  let stream = streams.get(level)
  if (stream === undefined) {
    stream = new Compressor(level)
    streams.set(level, stream)
  }
  const parts: Buffer[] = []
  const sink = (part: Buffer) => void parts.push(part)
  stream.data(bytes, sink)
  stream.end(sink)
  return parts.length === 1 ? parts[0] : Buffer.concat(parts)
}

/** Loads the WebAssembly fallback where nothing quicker fits; needed only there. */
export async function prepare(): Promise<void> {
  try {
    library()
  } catch (error) {
    const specifier = `${PACKAGE}/wasm`
    let wasm: { compress(b: Buffer, level: number): Uint8Array; decompress(b: Buffer): Uint8Array }
    try {
      wasm = await import(specifier)
    } catch {
      throw error
    }
    zstd = { compress: wasm.compress, decompress: (bytes) => wasm.decompress(bytes) }
  }
}

export function compress(bytes: Buffer, level = DEFAULT_LEVEL): Buffer {
  const { Compressor, compress: compressAtOnce } = library()
  if (context.lent && Compressor !== undefined) return compressAsStream(Compressor, bytes, level)
  return asBuffer(compressAtOnce(bytes, level))
}

export function decompress(bytes: Buffer, maxSize: number): Buffer {
  const frames = wholeFrames(bytes)
  if (frames.length === 1) return inflateFrame(frames[0], maxSize, maxSize)
  const parts: Buffer[] = []
  let total = 0
  for (const frame of frames) {
    const part = inflateFrame(frame, maxSize - total, maxSize)
    total += part.length
    parts.push(part)
  }
  return Buffer.concat(parts, total)
}

/** @param room how much of `maxSize` is left */
function inflateFrame(frame: Buffer, room: number, maxSize: number): Buffer {
  const lib = library()
  let inflated: Buffer
  try {
    inflated = asBuffer(lib.decompress(frame, room))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_BUFFER_TOO_LARGE' || message === 'Content size is too large')
      throw tooLarge('zstd', maxSize)
    throw damagedData('zstd', error)
  }
  if (inflated.length > room) throw tooLarge('zstd', maxSize)
  return inflated
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
