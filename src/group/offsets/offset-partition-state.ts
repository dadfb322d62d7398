/**
 * What the records of one partition of `__consumer_offsets` say. The last record of a key wins, tombstones remove, offsets committed in a
 * transaction count once its COMMIT marker is there, and what is not known is skipped.
 */
import type { CommittedOffset } from '../../client/types.ts'
import { CorruptRecordError } from '../../errors.ts'
import { CONTROL_TYPE, controlType } from '../../message/control-messages.ts'
import {
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  decodeOffsetsKey,
  type OffsetsRecordKey,
} from '../../message/offset-messages.ts'
import { topicPartitionKey } from '../../names/topic-partition.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import type { RecordView } from '../../record/record-view.ts'

export type GroupType = 'Classic' | 'Consumer' | 'Share' | 'Streams'

export interface StoredOffset extends CommittedOffset {
  /** Where in `__consumer_offsets` it stands. */
  readonly recordOffset: number
}

/** A group is there from its first record on until its group metadata gets a tombstone, even when its offsets are all gone. */
export interface GroupRecords {
  /** From group metadata; undefined where only offsets are stored (a Classic group). */
  type: GroupType | undefined
  protocolType: string
  readonly offsets: Map<string, StoredOffset>
}

interface PendingOffset {
  readonly groupId: string
  readonly key: string
  readonly offset: StoredOffset | undefined
  readonly recordOffset: number
}

export class OffsetPartitionState {
  /** Offset of the next record to be replayed. */
  nextOffset = 0
  /** The last batch replayed, to recognise the log by. */
  lastBatch: { readonly baseOffset: number; readonly crc: number } | undefined
  readonly groups = new Map<string, GroupRecords>()
  /** Offsets of transactions without a marker so far, by producer id. */
  private readonly pending = new Map<number, PendingOffset[]>()

  get hasOpenTransactions(): boolean {
    return this.pending.size > 0
  }

  /** Producers of open transactions that have offsets of the group. */
  producersPendingFor(groupId: string): number[] {
    const found: number[] = []
    for (const [producerId, changes] of this.pending)
      if (changes.some((change) => change.groupId === groupId)) found.push(producerId)
    return found
  }

  /** Keys that count. */
  get size(): number {
    let size = this.groups.size
    for (const group of this.groups.values()) size += group.offsets.size
    return size
  }

  /** Replays whole batches whose checksums are checked; those below nextOffset are passed over. */
  replay(buffer: Buffer, start: number, end: number): void {
    for (let position = start; position < end; ) {
      const batch = new RecordBatch(buffer, position, end)
      if (batch.lastOffset >= this.nextOffset) this.replayBatch(batch)
      position = batch.end
    }
  }

  private replayBatch(batch: RecordBatch): void {
    const { producerId, isControl, isTransactional, nextOffset } = batch
    batch.walk((record) => {
      const { buffer, keyStart, keyEnd } = record
      if (keyEnd < 0 || record.offset < this.nextOffset) return
      if (isControl) this.endTransaction(producerId, controlType(buffer, keyStart, keyEnd))
      else this.replayRecord(record, isTransactional ? producerId : undefined)
    })
    this.lastBatch = { baseOffset: batch.baseOffset, crc: batch.crc }
    this.nextOffset = nextOffset
  }

  private replayRecord(record: RecordView, transaction: number | undefined): void {
    const { offset: recordOffset, buffer, keyStart, keyEnd, valueStart, valueEnd } = record
    try {
      const key = decodeOffsetsKey(buffer, keyStart, keyEnd)
      if (key.type === 'OffsetCommit') {
        const offset = valueEnd < 0 ? undefined : offsetOf(key, recordOffset, buffer, valueStart, valueEnd)
        const change: PendingOffset = {
          groupId: key.group,
          key: topicPartitionKey(key.topic, key.partition),
          offset,
          recordOffset,
        }
        if (transaction === undefined) this.apply(change)
        else this.defer(transaction, change)
      } else if (key.type === 'GroupMetadata') {
        this.setType(
          key.group,
          'Classic',
          valueEnd < 0 ? undefined : decodeGroupMetadataValue(buffer, valueStart, valueEnd).protocolType,
        )
      } else if (key.type === 'NewGroup') {
        const type = GROUP_RECORD_TYPES[key.record]
        if (type !== undefined) this.setType(key.group, type, valueEnd < 0 ? undefined : type.toLowerCase())
      }
    } catch (error) {
      // A value that is newer than known, or broken: not ours to judge.
      if (!(error instanceof CorruptRecordError)) throw error
    }
  }

  private defer(producerId: number, change: PendingOffset): void {
    const changes = this.pending.get(producerId)
    if (changes === undefined) this.pending.set(producerId, [change])
    else changes.push(change)
  }

  private endTransaction(producerId: number, marker: number): void {
    const changes = this.pending.get(producerId)
    if (changes === undefined || (marker !== CONTROL_TYPE.COMMIT && marker !== CONTROL_TYPE.ABORT)) return
    this.pending.delete(producerId)
    if (marker === CONTROL_TYPE.COMMIT) for (const change of changes) this.apply(change)
  }

  /** A transaction's offset gives way to one that was committed behind it, though before its marker. */
  private apply({ groupId, key, offset, recordOffset }: PendingOffset): void {
    const group = this.groups.get(groupId)
    if (offset === undefined) {
      group?.offsets.delete(key)
      return
    }
    const before = group?.offsets.get(key)
    if (before !== undefined && before.recordOffset > recordOffset) return
    this.groupFor(groupId).offsets.set(key, offset)
  }

  private setType(groupId: string, type: GroupType, protocolType: string | undefined): void {
    if (protocolType !== undefined) {
      const group = this.groupFor(groupId)
      group.type = type
      group.protocolType = protocolType
      return
    }
    const group = this.groups.get(groupId)
    if (group === undefined || (group.type ?? 'Classic') !== type) return
    group.type = undefined
    group.protocolType = ''
    if (group.offsets.size === 0) this.groups.delete(groupId)
  }

  private groupFor(groupId: string): GroupRecords {
    let group = this.groups.get(groupId)
    if (group === undefined) {
      group = { type: undefined, protocolType: '', offsets: new Map() }
      this.groups.set(groupId, group)
    }
    return group
  }
}

/** The records that say that a group exists; all others of newer groups are about members, which only locks tell of here. */
const GROUP_RECORD_TYPES: Readonly<Record<string, GroupType>> = {
  ConsumerGroupMetadata: 'Consumer',
  ShareGroupMetadata: 'Share',
  StreamsGroupMetadata: 'Streams',
}

function offsetOf(
  key: Extract<OffsetsRecordKey, { type: 'OffsetCommit' }>,
  recordOffset: number,
  buffer: Buffer,
  start: number,
  end: number,
): StoredOffset {
  const value = decodeOffsetCommitValue(buffer, start, end)
  return {
    topic: key.topic,
    partition: key.partition,
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestamp: value.commitTimestamp,
    topicId: value.topicId,
    recordOffset,
  }
}
