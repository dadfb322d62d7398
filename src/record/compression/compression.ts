/** Compresses and decompresses the records of a batch by the name of the codec. */
import type { Codec } from '../record.ts'
import type { CodecModule } from './codec-module.ts'
import * as gzip from './gzip-codec.ts'
import * as lz4 from './lz4-codec.ts'
import * as snappy from './snappy-codec.ts'
import * as zstd from './zstd-codec.ts'

/**
 * The most bytes the records of one batch may inflate to unless a caller says otherwise. A batch of Kafka's default
 * sizes is 1 MB at most; this bounds what a crafted one of some hundred bytes can make us allocate.
 */
export const MAX_INFLATED_SIZE = 512 * 1024 * 1024

const MODULES: { readonly [codec in Exclude<Codec, 'none'>]: CodecModule } = { gzip, snappy, lz4, zstd }

/** `level` as in compression.gzip.level, compression.zstd.level (lz4 and snappy have one speed). */
export function compress(codec: Codec, bytes: Buffer, level?: number): Buffer {
  return codec === 'none' ? bytes : MODULES[codec].compress(bytes, level)
}

export interface DecompressOptions {
  /** Default: MAX_INFLATED_SIZE. */
  readonly maxSize?: number
  /** LZ4 frames as messages of format 0 have them: the checksum of their header is wrong. */
  readonly oldFraming?: boolean
}

/** Throws CorruptRecordError on damaged bytes, and instead of inflating to more than `maxSize`. */
export function decompress(codec: Codec, bytes: Buffer, options: DecompressOptions = {}): Buffer {
  if (codec === 'none') return bytes
  const { maxSize = MAX_INFLATED_SIZE, oldFraming = false } = options
  const frame = codec === 'lz4' && oldFraming ? lz4.withRightChecksum(bytes) : bytes
  return MODULES[codec].decompress(frame, maxSize)
}

export { lendContext as lendZstdContext, takeContextBack as takeZstdContextBack } from './zstd-codec.ts'

/** Only where no native zstd fits (then it loads the WebAssembly one); all else loads itself when first used. */
export async function prepareCodec(codec: Codec): Promise<void> {
  if (codec === 'zstd') await zstd.prepare()
}
