/**
 * A quick reader for partition records, three quarters of what a command reads at its start where there are many
 * topics: from the bytes to a PartitionImage without a message object, with the small arrays that all partitions
 * share (one replica, one directory) made once. It reads versions 0 to 2 as they stand in METADATA_SCHEMAS; whatever
 * it does not expect it leaves to the codec, which reads it or tells what is wrong.
 */
import { uuidFromBytes } from '../message/uuid.ts'
import type { PartitionImage } from './metadata-image.ts'

/** uvarints: frame version 1, api key 3. */
const FRAME_AND_PARTITION_RECORD = 0x0103
const HIGHEST_VERSION = 2
const NONE: readonly never[] = []

/** The one-element arrays of small node ids. */
const single: (readonly number[])[] = []
let lastDirectories: readonly string[] = NONE

/** Set by `readPartitionRecord`. */
export const partitionRecord: { topicId: string; partition: PartitionImage | undefined } = {
  topicId: '',
  partition: undefined,
}

let at = 0
let limit = 0

/** True when buffer[start, end) is a partition record that was read into `partitionRecord`. */
export function readPartitionRecord(buffer: Buffer, start: number, end: number): boolean {
  if (end - start < 3 || ((buffer[start] << 8) | buffer[start + 1]) !== FRAME_AND_PARTITION_RECORD)
    return false
  const version = buffer[start + 2]
  if (version > HIGHEST_VERSION) return false
  at = start + 3
  limit = end
  if (end - at < 20) return false
  const partition = int32(buffer)
  const topicId = uuidFromBytes(buffer, at)
  at += 16
  const replicas = int32s(buffer)
  const isr = replicas && int32s(buffer)
  const removingReplicas = isr && int32s(buffer)
  const addingReplicas = removingReplicas && int32s(buffer)
  if (addingReplicas === undefined || limit - at < 12) return false
  const leader = int32(buffer)
  const leaderEpoch = int32(buffer)
  const partitionEpoch = int32(buffer)
  const directories = version === 0 ? NONE : uuids(buffer)
  if (directories === undefined || at >= limit) return false
  if (!readTags(buffer, version) || at !== limit) return false
  const { leaderRecoveryState, elr, lastKnownElr } = tagged
  partitionRecord.topicId = topicId
  partitionRecord.partition = {
    partition,
    leader,
    leaderEpoch,
    partitionEpoch,
    leaderRecoveryState,
    replicas: replicas as readonly number[],
    isr: isr as readonly number[],
    removingReplicas: removingReplicas as readonly number[],
    addingReplicas,
    elr,
    lastKnownElr,
    directories,
  }
  return true
}

/** The tagged fields of the record at hand; used again for the next one. */
const tagged: { leaderRecoveryState: number; elr: readonly number[]; lastKnownElr: readonly number[] } = {
  leaderRecoveryState: 0,
  elr: NONE,
  lastKnownElr: NONE,
}

function readTags(buffer: Buffer, version: number): boolean {
  tagged.leaderRecoveryState = 0
  tagged.elr = NONE
  tagged.lastKnownElr = NONE
  let tag = -1
  for (let tags = buffer[at++]; tags > 0; tags--) {
    // One-byte tags and sizes; a byte from 128 on is the beginning of a longer one.
    if (limit - at < 3 || buffer[at] <= tag || buffer[at + 1] > 127) return false
    tag = buffer[at]
    const behind = at + 2 + buffer[at + 1]
    at += 2
    if (tag === 0) tagged.leaderRecoveryState = buffer.readInt8(at++)
    else if (tag > 2 || version < 2) return false
    else {
      const ids = int32s(buffer)
      if (ids === undefined) return false
      if (tag === 1) tagged.elr = ids
      else tagged.lastKnownElr = ids
    }
    if (at !== behind) return false
  }
  return true
}

function int32(buffer: Buffer): number {
  const value = (buffer[at] << 24) | (buffer[at + 1] << 16) | (buffer[at + 2] << 8) | buffer[at + 3]
  at += 4
  return value
}

/** A compact array of at most 126 elements; undefined for null, for longer ones, and where bytes are missing. */
function int32s(buffer: Buffer): readonly number[] | undefined {
  const count = at < limit ? buffer[at] - 1 : -1
  if (count < 0 || count > 126 || count * 4 >= limit - at) return undefined
  at++
  if (count === 0) return NONE
  if (count > 1) return Array.from({ length: count }, () => int32(buffer))
  const value = int32(buffer)
  if (value < 0 || value > 255) return [value]
  single[value] ??= [value]
  return single[value]
}

function uuids(buffer: Buffer): readonly string[] | undefined {
  const count = at < limit ? buffer[at] - 1 : -1
  if (count < 0 || count > 126 || count * 16 >= limit - at) return undefined
  at++
  if (count === 1) {
    const id = uuidFromBytes(buffer, at)
    at += 16
    if (lastDirectories.length !== 1 || lastDirectories[0] !== id) lastDirectories = [id]
    return lastDirectories
  }
  const ids: string[] = []
  for (let i = 0; i < count; i++, at += 16) ids.push(uuidFromBytes(buffer, at))
  return ids
}
