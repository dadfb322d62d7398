/**
 * Expiry of committed offsets (offsets.retention.minutes), by Kafka's rules, only from log-cleaner: a group without
 * members loses what is older than that, counted from when it became empty (KIP-211), or from the commit where that is
 * not known; in a group with members only topics that nobody in it reads any more lose their offsets. Values of version
 * 1 say themselves when they expire. A group that has lost all of its offsets goes, too.
 *
 * Bytes: tombstones, appended under the lock of the offsets partition by group/offset-store.ts. Crash: what was not yet
 * appended is expired by the next run.
 */
import type { CleaningOptions, CleaningResult } from '../client/admin-cleaning.ts'
import { CorruptRecordError } from '../errors.ts'
import { subscribedTopics } from '../group/group-assignment.ts'
import { readLiveMembers } from '../group/live-members.ts'
import { type CommittedOffset, OffsetStore } from '../group/offset-store.ts'
import { OFFSETS_TOPIC, offsetsPartitionFor } from '../group/offsets-topic.ts'
import {
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  decodeOffsetsKey,
} from '../message/offset-messages.ts'
import type { Os } from '../os/os.ts'
import { RecordBatch } from '../record/record-batch.ts'
import { BrokerConfigLayers } from './broker-config-layers.ts'
import type { LocalDirectory } from './local-directory.ts'

const READ_SIZE = 1 << 20
const DEFAULT_MINUTES = 10_080

/** `enter` is called before the first change. */
export async function* expireOffsets(
  os: Os,
  directory: LocalDirectory,
  options: Pick<CleaningOptions, 'dryRun'>,
  enter: () => Promise<void>,
): AsyncGenerator<CleaningResult> {
  const count = directory.image().topic(OFFSETS_TOPIC)?.partitions.length ?? 0
  if (count === 0) return
  const layers = new BrokerConfigLayers(directory.image(), directory.serverProperties())
  const minutes = Number(layers.value('offsets.retention.minutes') ?? DEFAULT_MINUTES)
  const retentionMs = (Number.isFinite(minutes) ? minutes : DEFAULT_MINUTES) * 60_000
  const store = new OffsetStore(os, directory)
  for (const { groupId, type } of store.groups()) {
    // Share and Streams groups keep their offsets elsewhere, or by rules of their own.
    if (type !== 'Classic' && type !== 'Consumer') continue
    const started = os.clock.now()
    const expired = expiredOffsets(os, directory, store, groupId, retentionMs, started)
    if (expired.length === 0) continue
    const all = expired.length === store.fetch(groupId).size
    const partition = offsetsPartitionFor(groupId, count)
    if (options.dryRun !== true) {
      await enter()
      // Somebody may have joined or committed since.
      const still = expiredOffsets(os, directory, store, groupId, retentionMs, os.clock.now())
      if (still.length === 0) continue
      if (
        all &&
        still.length === expired.length &&
        readLiveMembers(os, directory.path, groupId).length === 0
      ) {
        await store.deleteGroup(groupId)
      } else await store.deleteOffsets(groupId, still)
    }
    yield {
      action: 'offsets',
      topic: OFFSETS_TOPIC,
      partition,
      status: options.dryRun === true ? 'planned' : 'done',
      bytesBefore: 0,
      bytesAfter: 0,
      segmentsBefore: 0,
      segmentsAfter: 0,
      logStartOffset: 0,
      durationMs: os.clock.now() - started,
      reasons: [`offsets.retention.minutes=${minutes}`],
      group: groupId,
      offsetsExpired: expired.length,
    }
  }
}

function expiredOffsets(
  os: Os,
  directory: LocalDirectory,
  store: OffsetStore,
  groupId: string,
  retentionMs: number,
  now: number,
): CommittedOffset[] {
  // Cheap first: most groups committed lately.
  const old = [...store.fetch(groupId).values()].filter(
    ({ commitTimestamp }) => now - commitTimestamp >= retentionMs,
  )
  if (old.length === 0) return []
  const live = readLiveMembers(os, directory.path, groupId)
  if (live.length > 0) {
    const image = directory.image()
    const read = new Set(live.flatMap(({ file }) => subscribedTopics(file, image)))
    return old.filter(({ topic }) => !read.has(topic))
  }
  const { emptySince, expireTimestamps } = readTimes(directory, groupId)
  return old.filter(({ topic, partition, commitTimestamp }) => {
    const expires = expireTimestamps.get(`${topic}-${partition}`)
    if (expires !== undefined) return now >= expires
    return now - Math.max(commitTimestamp, emptySince ?? commitTimestamp) >= retentionMs
  })
}

/** What the store does not keep: when the group's state last changed, and expiry times of old values. */
function readTimes(directory: LocalDirectory, groupId: string) {
  const count = directory.image().topic(OFFSETS_TOPIC)?.partitions.length ?? 1
  const log = directory.logForReading(OFFSETS_TOPIC, offsetsPartitionFor(groupId, count))
  let emptySince: number | undefined
  const expireTimestamps = new Map<string, number>()
  log.refresh()
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, READ_SIZE)
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      if (batch.isControl) continue
      batch.walk((_i, _offset, _timestamp, bytes, keyStart, keyEnd, valueStart, valueEnd) => {
        if (keyEnd < 0 || valueEnd < 0) return
        try {
          const key = decodeOffsetsKey(bytes, keyStart, keyEnd)
          if (key.type === 'GroupMetadata' && key.group === groupId) {
            const { currentStateTimestamp } = decodeGroupMetadataValue(bytes, valueStart, valueEnd)
            emptySince = Number(currentStateTimestamp) >= 0 ? Number(currentStateTimestamp) : undefined
          } else if (key.type === 'OffsetCommit' && key.group === groupId) {
            const value = decodeOffsetCommitValue(bytes, valueStart, valueEnd)
            const name = `${key.topic}-${key.partition}`
            const expires = value.version === 1 ? Number(value.expireTimestamp) : -1
            if (expires >= 0) expireTimestamps.set(name, expires)
            else expireTimestamps.delete(name)
          }
        } catch (error) {
          // Newer than known: not ours to judge.
          if (!(error instanceof CorruptRecordError)) throw error
        }
      })
    }
    if (nextOffset <= next) break
    next = nextOffset
  }
  return { emptySince, expireTimestamps }
}
