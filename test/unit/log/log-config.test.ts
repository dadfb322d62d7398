import { expect, test } from 'vitest'
import { topicConfigDef } from '../../../src/config/topic-configs.ts'
import { compressionLevel, DEFAULT_LOG_CONFIG, logConfigFrom } from '../../../src/log/log-config.ts'
import { CODECS } from '../../../src/record/record.ts'

test('the defaults that a log obeys are those that configs --describe shows', () => {
  const shown = topicConfigDef()
    .keys()
    .flatMap(({ name, default: text }) => (text == null ? [] : [[name, text] as const]))
  expect(shown.length).toBeGreaterThan(20)
  expect(logConfigFrom(new Map(shown), { ...DEFAULT_LOG_CONFIG, segmentBytes: 1, retentionMs: 1 })).toEqual(
    DEFAULT_LOG_CONFIG,
  )
})

test("each codec with levels takes its own of the topic's", () => {
  const config = logConfigFrom(
    new Map(['gzip', 'lz4', 'zstd'].map((codec, i) => [`compression.${codec}.level`, String(i + 4)])),
  )
  expect(Object.fromEntries(CODECS.map((codec) => [codec, compressionLevel(codec, config)]))).toEqual({
    none: undefined,
    gzip: 4,
    snappy: undefined,
    lz4: 5,
    zstd: 6,
  })
})
