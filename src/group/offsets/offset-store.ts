/**
 * Committed offsets of groups, in `__consumer_offsets`.
 *
 * Bytes: genuine records (message/offset-messages.ts), one batch a commit, in the partition that the group id's Java hash chooses.
 * Invariant: a commit is one append under the partition's lock; nothing that is stored is rewritten but by compaction. A million commits
 * cost the next command nothing: from time to time a writer leaves a snapshot (offset-snapshot.ts) beside the log, and has the log
 * compacted when it grew. What was read of a log before it was compacted counts only where it reaches as far as the compaction did: a
 * tombstone that nobody read yet may be gone for good.
 * Crash: a commit is in the log whole or not at all; the snapshot is never needed.
 */

import type { CommittedOffset, OffsetCommit } from '../../client/types.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { withLock } from '../../log/partition-lock.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import {
  encodeGroupMetadataKey,
  encodeGroupMetadataValue,
  encodeNewGroupKey,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
} from '../../message/offset-messages.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { compareText } from '../../names/compare-text.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import { type GroupRecords, type GroupType, OffsetPartitionState } from './offset-partition-state.ts'
import { readOffsetSnapshot, snapshotEndOffset, writeOffsetSnapshot } from './offset-snapshot.ts'
import { ensureOffsetsTopic, type GroupDirectory, offsetsPartitionFor } from './offsets-topic.ts'

export type { CommittedOffset, OffsetCommit } from '../../client/types.ts'
export type { GroupType } from './offset-partition-state.ts'
export type { GroupDirectory } from './offsets-topic.ts'

/** What the records know of a group (who lives is not in them: see live-members.ts). */
export interface StoredGroup {
  readonly groupId: string
  readonly type: GroupType
  /** `consumer` and the like, or '' when only offsets are stored. */
  readonly protocolType: string
  readonly hasOffsets: boolean
}

export type KeyValue = readonly [key: Buffer, value: Buffer | null]

const READ_SIZE = 1 << 20
/** A snapshot is due when this many records lie behind the last one (or as many as it has entries, if that is more). */
const SNAPSHOT_EVERY = 2000
/** A commit of very many partitions is split into batches of this size, in one append. */
const MAX_BATCH_BYTES = 512 * 1024
const MAX_METADATA_BYTES = 4096

interface LoadedPartition {
  readonly topicId: string
  state: OffsetPartitionState
}

export interface OffsetStoreOptions {
  /** For tests: records behind the last snapshot at which one is due. */
  readonly snapshotEvery?: number
  /** A commit found the partition of `__consumer_offsets` grown: it may be compacted. In a session; never throws. */
  readonly grown?: (partition: number) => Promise<unknown>
}

export class OffsetStore {
  private readonly os: Os
  private readonly directory: GroupDirectory
  private readonly snapshotEvery: number
  private readonly grown: OffsetStoreOptions['grown']
  private readonly loaded = new Map<number, LoadedPartition>()

  constructor(os: Os, directory: GroupDirectory, options: OffsetStoreOptions = {}) {
    this.os = os
    this.directory = directory
    this.snapshotEvery = options.snapshotEvery ?? SNAPSHOT_EVERY
    this.grown = options.grown
  }

  /**
   * Committed offsets of a group by `topic-partition`; empty when there are none. Reads only what is new; changes nothing. Offsets of a
   * topic that is gone, or was made anew under its name since, do not count.
   */
  fetch(groupId: string): Map<string, CommittedOffset> {
    const group = this.records(groupId)
    return new Map([...(group?.offsets ?? [])].filter(([, offset]) => this.counts(offset)))
  }

  /** Producers whose open transactions will change the group's offsets, or not. */
  pendingProducers(groupId: string): number[] {
    const count = this.partitionCount()
    if (count === 0) return []
    return this.load(offsetsPartitionFor(groupId, count))?.producersPendingFor(groupId) ?? []
  }

  /**
   * Appends the commits under the offsets partition's lock; makes `__consumer_offsets` on the first one. Enters the directory for that
   * time only. When it resolves, the commit survives kill -9. Throws TerseError when a broker runs, and what `check` throws under the lock.
   */
  async commit(groupId: string, offsets: readonly OffsetCommit[], check?: () => void): Promise<void> {
    if (groupId === '') throw new KafkaError('INVALID_GROUP_ID')
    if (offsets.length === 0) return
    refuseLongMetadata(offsets)
    const now = this.os.clock.now()
    await this.append(groupId, () => {
      check?.()
      return commitRecords(this.directory.image(), groupId, offsets, now)
    })
  }

  /**
   * Makes a group known that has no live members (any more), as a broker leaves it behind: Empty, of this type. Does nothing when it is
   * known so already.
   */
  async rememberGroup(groupId: string, type: 'Classic' | 'Consumer'): Promise<void> {
    const known = this.records(groupId)?.type
    if (known === type || (known !== undefined && known !== 'Classic' && known !== 'Consumer')) return
    await this.append(groupId, () => groupRecords(groupId, type, known, this.os.clock.now()))
  }

  /** Tombstones for these partitions. */
  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
    await this.append(groupId, () => {
      const stored = this.records(groupId)?.offsets
      return partitions
        .filter(({ topic, partition }) => stored?.has(topicPartitionKey(topic, partition)))
        .map(({ topic, partition }) => [encodeOffsetCommitKey(groupId, topic, partition), null])
    })
  }

  /** Tombstones for all that is known of the group, and for `more` keys. False when nothing is known. */
  async deleteGroup(groupId: string, more: readonly Buffer[] = []): Promise<boolean> {
    if (this.records(groupId) === undefined) return false
    await this.append(groupId, () => {
      const group = this.records(groupId)
      if (group === undefined) return []
      const offsets = [...group.offsets.values()].map(
        ({ topic, partition }): KeyValue => [encodeOffsetCommitKey(groupId, topic, partition), null],
      )
      const tombstones = [...offsets, ...typeTombstones(groupId, group.type ?? 'Classic')]
      const known = new Set(tombstones.map(([key]) => key.toString('latin1')))
      const rest = more.filter((key) => !known.has(key.toString('latin1')))
      return [...rest.map((key): KeyValue => [key, null]), ...tombstones]
    })
    return true
  }

  /** Tombstones for every group's offsets of topics that are being deleted, as a broker writes them. */
  async forgetTopics(topics: readonly string[]): Promise<void> {
    const names = new Set(topics)
    for (const { groupId } of this.groups()) {
      const gone = [...(this.records(groupId)?.offsets.values() ?? [])].filter(({ topic }) =>
        names.has(topic),
      )
      if (gone.length > 0) await this.deleteOffsets(groupId, gone)
    }
  }

  /**
   * For one who will commit in the end: better now than behind the last record.
   * @throws TerseError where this directory is one of several, and others keep the group's offsets
   */
  refuseUncommittable(groupId: string): void {
    const count = this.partitionCount()
    if (count === 0) {
      this.directory.refuseForeignMetadata?.()
      return
    }
    const partition = offsetsPartitionFor(groupId, count)
    const why = this.directory.whyNotWritable?.(OFFSETS_TOPIC, partition)
    if (why !== undefined) throw new TerseError(`the offsets of group ${groupId} cannot be committed: ${why}`)
  }

  /** Partitions of the offsets topic that others keep: which groups they hold is not known here. */
  partitionsElsewhere(): number[] {
    const found: number[] = []
    for (let partition = 0; partition < this.partitionCount(); partition++) {
      if (this.directory.elsewhere?.(OFFSETS_TOPIC, partition) !== undefined) found.push(partition)
    }
    return found
  }

  /** Every group that the records here know, sorted by id. */
  groups(): StoredGroup[] {
    const count = this.partitionCount()
    const groups: StoredGroup[] = []
    for (let partition = 0; partition < count; partition++) {
      if (this.directory.elsewhere?.(OFFSETS_TOPIC, partition) !== undefined) continue
      for (const [groupId, records] of this.load(partition)?.groups ?? []) {
        groups.push(this.describe(groupId, records))
      }
    }
    return groups.sort((a, b) => compareText(a.groupId, b.groupId))
  }

  group(groupId: string): StoredGroup | undefined {
    const records = this.records(groupId)
    return records && this.describe(groupId, records)
  }

  private describe(groupId: string, records: GroupRecords): StoredGroup {
    const hasOffsets = [...records.offsets.values()].some((offset) => this.counts(offset))
    return { groupId, type: records.type ?? 'Classic', protocolType: records.protocolType, hasOffsets }
  }

  private counts(offset: CommittedOffset): boolean {
    return offset.topicId === undefined || this.directory.image().topicById(offset.topicId) !== undefined
  }

  private partitionCount(): number {
    if (!this.directory.exists()) return 0
    return this.directory.image().topic(OFFSETS_TOPIC)?.partitions.length ?? 0
  }

  private records(groupId: string): GroupRecords | undefined {
    const count = this.partitionCount()
    return count === 0 ? undefined : this.load(offsetsPartitionFor(groupId, count))?.groups.get(groupId)
  }

  /** The partition's state as of now. */
  private load(partition: number): OffsetPartitionState | undefined {
    const topicId = this.directory.image().topic(OFFSETS_TOPIC)?.id
    if (topicId === undefined) return undefined
    return this.catchUp(partition, topicId, this.directory.logForReading(OFFSETS_TOPIC, partition))
  }

  private catchUp(partition: number, topicId: string, log: UnifiedLog): OffsetPartitionState {
    log.refresh()
    let loaded = this.loaded.get(partition)
    const cleaned = this.cleanedUpTo(partition, log)
    if (loaded?.topicId !== topicId || !covers(log, loaded.state, cleaned)) {
      const snapshot = readOffsetSnapshot(this.os.fs, log.dir)
      const sound = snapshot !== undefined && covers(log, snapshot, cleaned) && isFrom(log, snapshot)
      loaded = { topicId, state: sound ? snapshot : new OffsetPartitionState() }
      this.loaded.set(partition, loaded)
    }
    const { state } = loaded
    for (let at = Math.max(state.nextOffset, log.logStartOffset); at < log.logEndOffset; ) {
      const fetched = log.read(at, READ_SIZE)
      state.replay(fetched.buffer, fetched.start, fetched.end)
      if (fetched.nextOffset <= at) break
      at = fetched.nextOffset
    }
    return state
  }

  /** Where compaction, ours or a broker's, had got to. */
  private cleanedUpTo(partition: number, log: UnifiedLog): number {
    const offset = this.directory.checkpoints.offset('cleaner', `${OFFSETS_TOPIC}-${partition}`) ?? 0
    // Outside the log it tells nothing.
    return offset > log.logEndOffset ? 0 : offset
  }

  private append(groupId: string, build: () => readonly KeyValue[]): Promise<void> {
    return this.directory.session(async () => {
      await ensureOffsetsTopic(this.os, this.directory)
      const topic = this.directory.image().topic(OFFSETS_TOPIC)
      const partition = offsetsPartitionFor(groupId, topic?.partitions.length ?? 1)
      const log = await this.directory.openForWriting(OFFSETS_TOPIC, partition)
      const isDue = await withLock(log, () => {
        const bytes = encodeBatches(build(), this.os.clock.now())
        if (bytes.length === 0) return false
        log.append(bytes, 0, bytes.length)
        return topic !== undefined && this.snapshotIfDue(partition, topic.id, log)
      })
      if (isDue) await this.grown?.(partition)
    })
  }

  /** A snapshot that cannot be written costs time later, nothing else. Returns whether one was due. */
  private snapshotIfDue(partition: number, topicId: string, log: UnifiedLog): boolean {
    try {
      const claimed = snapshotEndOffset(this.os.fs, log.dir)
      const end = claimed > this.cleanedUpTo(partition, log) ? claimed : 0
      if (log.logEndOffset - end < this.snapshotEvery) return false
      const state = this.catchUp(partition, topicId, log)
      const behind = state.nextOffset - end
      if (state.hasOpenTransactions || behind < state.size) return false
      writeOffsetSnapshot(this.os.fs, log.dir, state)
      return true
    } catch {
      // Out of space, or a corrupt log, which reading reports.
      return false
    }
  }
}

function refuseLongMetadata(offsets: readonly OffsetCommit[]): void {
  for (const { metadata } of offsets) {
    if (metadata !== undefined && Buffer.byteLength(metadata) > MAX_METADATA_BYTES)
      throw new KafkaError('OFFSET_METADATA_TOO_LARGE')
  }
}

/** The records of a commit. @throws KafkaError OFFSET_METADATA_TOO_LARGE */
export function commitRecords(
  image: MetadataImage,
  groupId: string,
  offsets: readonly OffsetCommit[],
  now: number,
): KeyValue[] {
  refuseLongMetadata(offsets)
  return offsets.map((commit) => {
    const topicId = image.topic(commit.topic)?.id
    const value = encodeOffsetCommitValue({
      offset: commit.offset,
      leaderEpoch: commit.leaderEpoch ?? -1,
      metadata: commit.metadata ?? '',
      commitTimestamp: now,
      ...(topicId === undefined ? {} : { topicId }),
    })
    return [encodeOffsetCommitKey(groupId, commit.topic, commit.partition), value]
  })
}

/** Whether the state's end lies within the log, behind what was compacted. */
function covers(log: UnifiedLog, { nextOffset }: OffsetPartitionState, cleanedUpTo: number): boolean {
  return nextOffset >= Math.max(log.logStartOffset, cleanedUpTo) && nextOffset <= log.logEndOffset
}

/** Whether the log has the very batch that the state ended with. */
function isFrom(log: UnifiedLog, state: OffsetPartitionState): boolean {
  const { lastBatch } = state
  if (lastBatch === undefined || lastBatch.baseOffset < log.logStartOffset) return false
  const fetched = log.read(lastBatch.baseOffset, 1)
  if (fetched.start === fetched.end) return false
  const batch = new RecordBatch(fetched.buffer, fetched.start, fetched.end)
  return batch.baseOffset === lastBatch.baseOffset && batch.crc === lastBatch.crc
}

function encodeBatches(records: readonly KeyValue[], timestamp: number): Buffer {
  const batches: Buffer[] = []
  let builder = new RecordBatchBuilder()
  for (const [key, value] of records) {
    if (builder.count > 0 && builder.sizeInBytes > MAX_BATCH_BYTES) {
      batches.push(Buffer.from(builder.build()))
      builder = new RecordBatchBuilder()
    }
    builder.append(timestamp, key, value, [])
  }
  if (builder.count > 0) batches.push(Buffer.from(builder.build()))
  return Buffer.concat(batches)
}

/** What a broker leaves behind when the last member goes, and takes away what it had under another type. */
function groupRecords(
  groupId: string,
  type: 'Classic' | 'Consumer',
  before: GroupType | undefined,
  now: number,
): KeyValue[] {
  const known = before !== undefined && before !== type ? typeTombstones(groupId, before) : []
  if (type === 'Consumer') {
    // ConsumerGroupMetadataValue, version 0: int32 epoch, no tagged fields.
    const value = Buffer.from([0, 0, 0, 0, 0, 1, 0])
    return [...known, [encodeNewGroupKey('ConsumerGroupMetadata', groupId), value]]
  }
  const value = encodeGroupMetadataValue({
    protocolType: 'consumer',
    generation: 1,
    protocol: null,
    leader: null,
    currentStateTimestamp: now,
    members: [],
  })
  return [...known, [encodeGroupMetadataKey(groupId), value]]
}

/** A group of a newer kind has a record of its target assignment as well. */
function typeTombstones(groupId: string, type: GroupType): KeyValue[] {
  if (type === 'Classic') return [[encodeGroupMetadataKey(groupId), null]]
  return [
    [encodeNewGroupKey(`${type}GroupTargetAssignmentMetadata`, groupId), null],
    [encodeNewGroupKey(`${type}GroupMetadata`, groupId), null],
  ]
}
