/**
 * The settings that a partition's log obeys, typed: Kafka's topic configs as they stand after inheritance.
 * Names are Kafka's topic-level names in camelCase; times are milliseconds, sizes are bytes.
 */
import { type Int64, toInt64 } from '../bytes/int64.ts'
import type { Codec } from '../record/record.ts'

export type CompressionType = 'producer' | 'uncompressed' | Codec

export interface LogConfig {
  readonly segmentBytes: number
  readonly segmentMs: number
  readonly segmentJitterMs: number
  readonly segmentIndexBytes: number
  readonly indexIntervalBytes: number
  /** -1 is without limit. */
  readonly retentionMs: number
  /** -1 is without limit. */
  readonly retentionBytes: number
  /** `cleanup.policy` contains `compact`. */
  readonly compact: boolean
  /** `cleanup.policy` contains `delete`. */
  readonly delete: boolean
  readonly maxMessageBytes: number
  readonly compressionType: CompressionType
  readonly compressionGzipLevel: number
  readonly compressionLz4Level: number
  readonly compressionZstdLevel: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly timestampBeforeMaxMs: number
  /** Exact beyond 2^53, where topics have timestamps in nanoseconds. */
  readonly timestampAfterMaxMs: Int64
  readonly flushMessages: number
  readonly flushMs: number
  readonly deleteRetentionMs: number
  readonly minCompactionLagMs: number
  readonly maxCompactionLagMs: number
  readonly minCleanableDirtyRatio: number
  readonly fileDeleteDelayMs: number
  readonly preallocate: boolean
  /** Broker setting `producer.id.expiration.ms`: after how long an idle producer id is forgotten. */
  readonly producerIdExpirationMs: number
}

/** Stands for Java's Long.MAX_VALUE, which a number cannot hold exactly: "never". */
export const NEVER = Number.MAX_SAFE_INTEGER

const WEEK_MS = 7 * 24 * 60 * 60 * 1000

/** How hard a topic's own codec compresses; undefined for a codec without levels. */
export function compressionLevel(codec: Codec, config: LogConfig): number | undefined {
  switch (codec) {
    case 'gzip':
      return config.compressionGzipLevel
    case 'lz4':
      return config.compressionLz4Level
    case 'zstd':
      return config.compressionZstdLevel
    case 'none':
    case 'snappy':
      return undefined
  }
}

/** Kafka 4.4's defaults. */
export const DEFAULT_LOG_CONFIG: LogConfig = {
  segmentBytes: 1073741824,
  segmentMs: WEEK_MS,
  segmentJitterMs: 0,
  segmentIndexBytes: 10485760,
  indexIntervalBytes: 4096,
  retentionMs: WEEK_MS,
  retentionBytes: -1,
  compact: false,
  delete: true,
  maxMessageBytes: 1048588,
  compressionType: 'producer',
  compressionGzipLevel: -1,
  compressionLz4Level: 9,
  compressionZstdLevel: 3,
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: NEVER,
  timestampAfterMaxMs: 3600000,
  flushMessages: NEVER,
  flushMs: NEVER,
  deleteRetentionMs: 86400000,
  minCompactionLagMs: 0,
  maxCompactionLagMs: NEVER,
  minCleanableDirtyRatio: 0.5,
  fileDeleteDelayMs: 60000,
  preallocate: false,
  producerIdExpirationMs: 86400000,
}

type NumberKey = {
  [K in keyof LogConfig]: LogConfig[K] extends number ? K : never
}[keyof LogConfig]

const NUMBERS: Readonly<Record<string, NumberKey>> = {
  'segment.bytes': 'segmentBytes',
  'segment.ms': 'segmentMs',
  'segment.jitter.ms': 'segmentJitterMs',
  'segment.index.bytes': 'segmentIndexBytes',
  'index.interval.bytes': 'indexIntervalBytes',
  'retention.ms': 'retentionMs',
  'retention.bytes': 'retentionBytes',
  'max.message.bytes': 'maxMessageBytes',
  'compression.gzip.level': 'compressionGzipLevel',
  'compression.lz4.level': 'compressionLz4Level',
  'compression.zstd.level': 'compressionZstdLevel',
  'message.timestamp.before.max.ms': 'timestampBeforeMaxMs',
  'flush.messages': 'flushMessages',
  'flush.ms': 'flushMs',
  'delete.retention.ms': 'deleteRetentionMs',
  'min.compaction.lag.ms': 'minCompactionLagMs',
  'max.compaction.lag.ms': 'maxCompactionLagMs',
  'min.cleanable.dirty.ratio': 'minCleanableDirtyRatio',
  'file.delete.delay.ms': 'fileDeleteDelayMs',
  'producer.id.expiration.ms': 'producerIdExpirationMs',
}

/**
 * Reads a topic's settings from Kafka's names and texts; what is missing or unreadable keeps its default (values
 * are validated where they are set, and an adopted directory must stay readable whatever it holds).
 * Numbers beyond 2^53 become NEVER, but for the one that is compared with timestamps.
 */
export function logConfigFrom(
  values: ReadonlyMap<string, string>,
  defaults: LogConfig = DEFAULT_LOG_CONFIG,
): LogConfig {
  const config: { -readonly [K in keyof LogConfig]: LogConfig[K] } = { ...defaults }
  for (const [name, text] of values) {
    const value = text.trim()
    const key = NUMBERS[name]
    if (key !== undefined) {
      const number = Number(value)
      if (value !== '' && Number.isFinite(number)) config[key] = Math.min(number, NEVER)
    } else if (name === 'message.timestamp.after.max.ms') {
      if (/^\d+$/.test(value)) config.timestampAfterMaxMs = toInt64(BigInt(value))
    } else if (name === 'cleanup.policy') {
      const policies = value.split(',').map((policy) => policy.trim())
      config.compact = policies.includes('compact')
      config.delete = policies.includes('delete')
    } else if (name === 'compression.type') {
      config.compressionType = value as CompressionType
    } else if (name === 'message.timestamp.type') {
      config.timestampType = value === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime'
    } else if (name === 'preallocate') {
      config.preallocate = value.toLowerCase() === 'true'
    }
  }
  return config
}

/** To the millisecond, however far away: timestamps and limits are int64s. */
export function isTooNew(timestamp: Int64, now: number, afterMaxMs: Int64): boolean {
  return (typeof timestamp === 'bigint' ? timestamp - BigInt(now) : timestamp - now) > afterMaxMs
}

/** The newest timestamp that is taken. */
export function latest(now: number, afterMaxMs: Int64): Int64 {
  return typeof afterMaxMs === 'bigint' ? BigInt(now) + afterMaxMs : now + afterMaxMs
}
