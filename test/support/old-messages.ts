/**
 * Logs as Kafka before 0.11 and its followers left them: messages of formats 0 and 1, wrappers in every codec of theirs, and
 * batches of format 2 between and behind them. With the list of what is in them, made beside the bytes.
 */
import { crc32InJavaScript as crc32 } from '../../src/bytes/crc32.ts'
import { compress } from '../../src/record/compression/compression.ts'
import { withOldChecksum } from '../../src/record/compression/lz4-codec.ts'
import type { Codec } from '../../src/record/record.ts'
import { CODECS } from '../../src/record/record.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'

export type OldCodec = Exclude<Codec, 'zstd'>
export const OLD_CODECS = ['none', 'gzip', 'snappy', 'lz4'] as const

export interface OldRecord {
  readonly offset: number
  /** Not stored in format 0. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
}

export interface OldSet {
  readonly magic: 0 | 1 | 2
  readonly codec: Codec
  /** Of the whole set, in its place: none in format 0. */
  readonly logAppendTime?: number | undefined
  readonly records: readonly OldRecord[]
}

/** A record as a reader gets it. */
export interface ReadRecord extends OldRecord {
  readonly timestampType: 'CreateTime' | 'LogAppendTime' | 'NoTimestampType'
}

export interface MessageOptions {
  readonly codec?: OldCodec
  readonly isAppendTime?: boolean
  /** Spoils the checksum. */
  readonly isWrong?: boolean
}

/** One stored message. */
export function oldMessage(
  magic: 0 | 1,
  { offset, timestamp, key, value }: OldRecord,
  { codec = 'none', isAppendTime = false, isWrong = false }: MessageOptions = {},
): Buffer {
  const time = Buffer.alloc(magic === 1 ? 8 : 0)
  if (magic === 1) time.writeBigInt64BE(BigInt(timestamp))
  const attributes = CODECS.indexOf(codec) | (magic === 1 && isAppendTime ? 8 : 0)
  const covered = Buffer.concat([Buffer.from([magic, attributes]), time, field(key), field(value)])
  const head = Buffer.alloc(16)
  head.writeBigInt64BE(BigInt(offset), 0)
  head.writeInt32BE(4 + covered.length, 8)
  head.writeUInt32BE((crc32(covered, 0, covered.length) ^ (isWrong ? 1 : 0)) >>> 0, 12)
  return Buffer.concat([head, covered])
}

function field(bytes: Buffer | null): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(bytes?.length ?? -1)
  return Buffer.concat([length, bytes ?? Buffer.alloc(0)])
}

/** A message whose value is `inner`, compressed as its format did it. */
export function oldWrapper(
  magic: 0 | 1,
  offset: number,
  timestamp: number,
  inner: Buffer,
  options: MessageOptions & { readonly codec: Exclude<OldCodec, 'none'> },
): Buffer {
  const packed = compress(options.codec, inner)
  const value = magic === 0 && options.codec === 'lz4' ? withOldChecksum(packed) : packed
  return oldMessage(magic, { offset, timestamp, key: null, value }, options)
}

/** The stored bytes of a set: one batch of format 2, one wrapper, or a message for each record. */
export function storedSet(set: OldSet): Buffer {
  const { magic, codec, logAppendTime, records } = set
  if (magic === 2) return batchOf(set)
  if (codec === 'zstd') throw new Error('zstd came with format 2')
  const isAppendTime = logAppendTime !== undefined
  const timeOf = (record: OldRecord) => logAppendTime ?? record.timestamp
  if (codec === 'none') {
    return Buffer.concat(
      records.map((record) => oldMessage(magic, { ...record, timestamp: timeOf(record) }, { isAppendTime })),
    )
  }
  const first = records[0].offset
  const inner = records.map((record) =>
    oldMessage(magic, { ...record, offset: magic === 1 ? record.offset - first : record.offset }),
  )
  const timestamp = logAppendTime ?? Math.max(...records.map(timeOf))
  const { offset } = records[records.length - 1]
  return oldWrapper(magic, offset, timestamp, Buffer.concat(inner), { codec, isAppendTime })
}

function batchOf({ codec, logAppendTime, records }: OldSet): Buffer {
  const builder = new RecordBatchBuilder({
    codec,
    baseOffset: records[0].offset,
    leaderEpoch: 0,
    ...(logAppendTime === undefined ? {} : { timestampType: 'LogAppendTime', logAppendTime }),
  })
  for (const { offset, timestamp, key, value } of records)
    builder.appendWithOffset(offset, timestamp, key, value)
  return builder.build()
}

/** What a reader gets of the set. */
export function readSet({ magic, logAppendTime, records }: OldSet): ReadRecord[] {
  return records.map((record) => {
    if (magic === 0) return { ...record, timestamp: -1, timestampType: 'NoTimestampType' }
    return logAppendTime === undefined
      ? { ...record, timestampType: 'CreateTime' }
      : { ...record, timestamp: logAppendTime, timestampType: 'LogAppendTime' }
  })
}

/** Plain numbers in [0, 1) for logs that are the same each time (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000
  }
}

export interface RandomLogOptions {
  readonly sets?: number
  /** Offsets may be missing, as behind compaction. */
  readonly hasGaps?: boolean
  readonly magics?: readonly (0 | 1 | 2)[]
  readonly keys?: number
  readonly firstOffset?: number
}

/** Sets of random formats and codecs, one behind the other. */
export function randomSets(random: () => number, options: RandomLogOptions = {}): OldSet[] {
  const { sets = 20, hasGaps = false, magics = [0, 1, 2], keys = 10, firstOffset = 0 } = options
  const below = (n: number) => Math.floor(random() * n)
  const pick = <T>(from: readonly T[]): T => from[below(from.length)]
  const bytes = (size: number) => Buffer.from(Array.from({ length: size }, () => 97 + below(26)))
  let offset = firstOffset
  let time = 1_400_000_000_000
  return Array.from({ length: sets }, () => {
    const magic = pick(magics)
    const codec = pick(magic === 2 ? CODECS : OLD_CODECS)
    const logAppendTime = magic > 0 && random() < 0.2 ? time + below(5000) : undefined
    const records = Array.from({ length: 1 + below(8) }, () => {
      if (hasGaps && random() < 0.2) offset += 1 + below(5)
      time += below(2000) - 500
      const key = random() < 0.2 ? null : Buffer.from(`key-${below(keys)}`)
      const value = random() < 0.1 ? null : bytes(below(random() < 0.1 ? 2000 : 40))
      return { offset: offset++, timestamp: time, key, value }
    })
    return { magic, codec, logAppendTime, records }
  })
}
