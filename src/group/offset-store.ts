import type { UnifiedLog } from '../log/unified-log.ts'
import type { MetadataRecord } from '../message/metadata-records.ts'
import type { MetadataImage } from '../metadata/metadata-image.ts'
import type { Os } from '../os/os.ts'

/** What the group layer needs of a data directory. LocalDirectory is one. */
export interface GroupDirectory {
  readonly path: string
  exists(): boolean
  image(): MetadataImage
  serverProperties(): ReadonlyMap<string, string>
  enter(): Promise<void>
  leave(): Promise<void>
  alter(build: (image: MetadataImage) => readonly MetadataRecord[]): Promise<MetadataImage>
  logForReading(topic: string, partition: number): UnifiedLog
  logForWriting(topic: string, partition: number): UnifiedLog
}

/** A committed offset as stored. */
export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** -1 when unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestamp: number
  /** undefined in values older than v4: then the name alone counts. */
  readonly topicId: string | undefined
}

/** What to commit. The topic's id is looked up in the metadata. */
export interface OffsetCommit {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly leaderEpoch?: number
  readonly metadata?: string
}

export type GroupType = 'Classic' | 'Consumer' | 'Share' | 'Streams'

/** What the records know of a group (who lives is not in them: see live-members.ts). */
export interface StoredGroup {
  readonly groupId: string
  readonly type: GroupType
  /** `consumer`, or '' when only offsets are stored. */
  readonly protocolType: string
  readonly hasOffsets: boolean
}

/** Committed offsets of groups, in `__consumer_offsets`. */
export class OffsetStore {
  constructor(_os: Os, _directory: GroupDirectory) {}

  /** Committed offsets of a group by `topic-partition`; empty when there are none. Reads only what is new; changes nothing. */
  fetch(_groupId: string): Map<string, CommittedOffset> {
    throw new Error('offset store: under construction')
  }

  /**
   * Appends the commits (one batch) under the offsets partition's lock; makes `__consumer_offsets` on the first commit. Enters the
   * directory for that time only. When it resolves, the commit survives kill -9. Throws TerseError when a broker runs.
   */
  async commit(_groupId: string, _offsets: readonly OffsetCommit[]): Promise<void> {
    throw new Error('offset store: under construction')
  }

  /** Makes a group known that has not committed anything (an Empty group, as a broker leaves behind); does nothing when it is known. */
  async rememberGroup(_groupId: string, _type: 'Classic' | 'Consumer'): Promise<void> {
    throw new Error('offset store: under construction')
  }

  /** Tombstones; returns those partitions that had an offset. */
  async deleteOffsets(
    _groupId: string,
    _partitions: readonly { topic: string; partition: number }[],
  ): Promise<void> {
    throw new Error('offset store: under construction')
  }

  /** Tombstones for all that is known of the group. False when nothing is known. */
  async deleteGroup(_groupId: string): Promise<boolean> {
    throw new Error('offset store: under construction')
  }

  /** Every group that the records know, sorted by id. */
  groups(): StoredGroup[] {
    throw new Error('offset store: under construction')
  }

  group(_groupId: string): StoredGroup | undefined {
    throw new Error('offset store: under construction')
  }
}
