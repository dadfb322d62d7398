import {
  encodeGroupMetadataKey,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
} from '../../src/message/offset-messages.ts'
import { type OldRecord, type OldSet, storedSet } from './old-messages.ts'

const TIME = 1_470_000_000_000

/** A commit as Kafka 0.9 and 0.10 stored it. */
function commit(
  offset: number,
  group: string,
  partition: number,
  committed: number | undefined,
  version: 0 | 1,
): OldRecord {
  const key = encodeOffsetCommitKey(group, 't', partition)
  // Keys of version 0 say the same.
  if (version === 0) key.writeInt16BE(0, 0)
  const input = {
    offset: committed ?? 0,
    metadata: `m${committed}`,
    commitTimestamp: TIME + offset,
    expireTimestamp: TIME + 86_400_000,
  }
  const value = committed === undefined ? null : encodeOffsetCommitValue(input, version)
  return { offset, timestamp: TIME + offset, key, value }
}

/**
 * A partition of `__consumer_offsets` from Kafka 0.10, compacted (offsets are missing, also within wrappers): group `g` at 5 and
 * 7 in t-0 and t-1, `only-old` at 2 by a key and value of version 0, `gone` without any.
 */
export function oldOffsetsSets(): OldSet[] {
  const g = (offset: number, partition: number, committed: number) =>
    commit(offset, 'g', partition, committed, 1)
  return [
    { magic: 0, codec: 'none', records: [commit(0, 'only-old', 0, 2, 0)] },
    { magic: 1, codec: 'gzip', records: [g(3, 0, 1), commit(4, 'gone', 0, 9, 1), g(9, 1, 7)] },
    { magic: 1, codec: 'snappy', records: [commit(12, 'gone', 0, undefined, 1), g(15, 0, 4)] },
    {
      magic: 1,
      codec: 'none',
      records: [{ offset: 16, timestamp: TIME, key: encodeGroupMetadataKey('gone'), value: null }],
    },
    { magic: 1, codec: 'lz4', records: [g(20, 0, 5)] },
  ]
}

export const oldOffsetsLog = (): Buffer => Buffer.concat(oldOffsetsSets().map(storedSet))
