/**
 * Expiry of committed offsets (offsets.retention.minutes), by Kafka's rules, only from log-cleaner: a group without
 * members loses what is older than that, counted from when it became empty (KIP-211) or from a commit behind that (as of
 * reset-offsets: a broker forgets those at once), and from the commit where the group never had members; in a group with members only topics that nobody in it reads any more lose their offsets. Values of version
 * 1 say themselves when they expire. A group that has lost all of its offsets goes, too.
 *
 * Bytes: tombstones, appended under the lock of the offsets partition by group/offset-store.ts. Crash: what was not yet
 * appended is expired by the next run.
 */
import type { CleaningOptions, CleaningResult } from '../../client/admin/cleaning-admin.ts'
import { CorruptRecordError } from '../../errors.ts'
import { subscribedTopics } from '../../group/group-assignment.ts'
import { readLiveMembers } from '../../group/live-members.ts'
import { type CommittedOffset, OffsetStore } from '../../group/offsets/offset-store.ts'
import { offsetsPartitionFor } from '../../group/offsets/offsets-topic.ts'
import { storedBatches } from '../../log/stored-batches.ts'
import {
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  decodeOffsetsKey,
} from '../../message/offset-messages.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import { elapsedSince } from '../../os/clock.ts'
import type { Os } from '../../os/os.ts'
import type { RecordBatch } from '../../record/record-batch.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { BrokerConfigLayers } from '../settings/broker-config-layers.ts'

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
  const sources = { directory, store, times: new GroupTimes(directory, count) }
  for (const { groupId, type } of store.groups()) {
    // Share and Streams groups keep their offsets elsewhere, or by rules of their own.
    if (type !== 'Classic' && type !== 'Consumer') continue
    // The other replicas would not have the tombstones.
    if (directory.whyNotWritable(OFFSETS_TOPIC, offsetsPartitionFor(groupId, count)) !== undefined) continue
    const started = os.clock.monotonic()
    const expired = expiredOffsets(os, sources, groupId, retentionMs)
    if (expired.length === 0) continue
    const all = expired.length === store.fetch(groupId).size
    const partition = offsetsPartitionFor(groupId, count)
    if (options.dryRun !== true) {
      await enter()
      // Somebody may have joined or committed since.
      const still = expiredOffsets(os, sources, groupId, retentionMs)
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
      durationMs: elapsedSince(os.clock, started),
      reasons: [`offsets.retention.minutes=${minutes}`],
      group: groupId,
      offsetsExpired: expired.length,
    }
  }
}

/** Who knows of a group's offsets. */
interface OffsetSources {
  readonly directory: LocalDirectory
  readonly store: OffsetStore
  readonly times: GroupTimes
}

/** Offsets of the group that nobody uses and that were committed longer ago than they are kept. */
function expiredOffsets(
  os: Os,
  { directory, store, times }: OffsetSources,
  groupId: string,
  retentionMs: number,
): CommittedOffset[] {
  const now = os.clock.now()
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
  const known = times.of(groupId)
  if (known === undefined) return []
  const { emptySince, expireTimestamps } = known
  return old.filter(({ topic, partition, commitTimestamp }) => {
    const expires = expireTimestamps.get(`${topic}-${partition}`)
    if (expires !== undefined) return now >= expires
    return now - Math.max(commitTimestamp, emptySince ?? commitTimestamp) >= retentionMs
  })
}

interface Times {
  /** When the group's state last changed: to Empty, where nobody is in it. */
  emptySince: number | undefined
  /** By `topic-partition`: what values of version 1 say of themselves. */
  readonly expireTimestamps: Map<string, number>
}

/** What the store does not keep; each partition of `__consumer_offsets` is read once, and then what is new. */
class GroupTimes {
  readonly #directory: LocalDirectory
  readonly #count: number
  readonly #read = new Map<number, { next: number; readonly groups: Map<string, Times> }>()

  constructor(directory: LocalDirectory, count: number) {
    this.#directory = directory
    this.#count = count
  }

  /** undefined while a transaction is open that may have commits in it. */
  of(groupId: string): Times | undefined {
    const partition = offsetsPartitionFor(groupId, this.#count)
    const log = this.#directory.logForReading(OFFSETS_TOPIC, partition)
    log.refresh()
    if (log.lastStableOffset < log.logEndOffset) return undefined
    let read = this.#read.get(partition)
    if (read === undefined) {
      read = { next: 0, groups: new Map() }
      this.#read.set(partition, read)
    }
    const { groups } = read
    for (const batch of storedBatches(log, read.next)) {
      replay(batch, groups)
      read.next = batch.nextOffset
    }
    return groups.get(groupId) ?? { emptySince: undefined, expireTimestamps: new Map() }
  }
}

function replay(batch: RecordBatch, groups: Map<string, Times>): void {
  batch.walk(({ buffer: bytes, keyStart, keyEnd, valueStart, valueEnd }) => {
    if (keyEnd < 0) return
    try {
      const key = decodeOffsetsKey(bytes, keyStart, keyEnd)
      if (key.type !== 'GroupMetadata' && key.type !== 'OffsetCommit') return
      const times = timesOf(groups, key.group)
      if (key.type === 'GroupMetadata') {
        const changed = valueEnd < 0 ? -1 : stateTimestamp(bytes, valueStart, valueEnd)
        times.emptySince = changed >= 0 ? changed : undefined
        return
      }
      const value = valueEnd < 0 ? undefined : decodeOffsetCommitValue(bytes, valueStart, valueEnd)
      const expires = value?.version === 1 ? Number(value.expireTimestamp) : -1
      const name = `${key.topic}-${key.partition}`
      if (expires >= 0) times.expireTimestamps.set(name, expires)
      else times.expireTimestamps.delete(name)
    } catch (error) {
      // Newer than known: not ours to judge.
      if (!(error instanceof CorruptRecordError)) throw error
    }
  })
}

function timesOf(groups: Map<string, Times>, group: string): Times {
  const known = groups.get(group)
  if (known !== undefined) return known
  const times: Times = { emptySince: undefined, expireTimestamps: new Map() }
  groups.set(group, times)
  return times
}

const stateTimestamp = (bytes: Buffer, start: number, end: number): number =>
  Number(decodeGroupMetadataValue(bytes, start, end).currentStateTimestamp)
