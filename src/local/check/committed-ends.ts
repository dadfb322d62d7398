/** The smallest end that each log must have had, by the commits of groups: a group that committed an offset was given the records below it. */
import { storedBatches } from '../../log/stored-batches.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { decodeOffsetCommitValue, decodeOffsetsKey } from '../../message/offset-messages.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'

const OFFSETS_TOPIC = '__consumer_offsets'

/** What is needed of a data directory. */
export interface DirectoryOfCommits {
  image(): MetadataImage
  logForReading(topic: string, partition: number): UnifiedLog
}

export interface StoredCommit {
  readonly group: string
  readonly topic: string
  readonly partition: number
  /** undefined where the commit was removed. */
  readonly offset: number | undefined
}

/** All that are stored, a group's older ones first. Not those for an earlier topic of that name. */
export function* storedCommits(directory: DirectoryOfCommits): Generator<StoredCommit> {
  const image = directory.image()
  for (const { partition: p } of image.topic(OFFSETS_TOPIC)?.partitions ?? []) {
    const commits: StoredCommit[] = []
    try {
      const log = directory.logForReading(OFFSETS_TOPIC, p)
      log.refresh()
      for (const batch of storedBatches(log)) {
        for (const { key, value } of batch.records()) {
          const commit = key === null ? undefined : commitOf(image, key, value)
          if (commit !== undefined) commits.push(commit)
        }
      }
      log.releaseFiles()
    } catch {
      // Damaged commits tell nothing; whoever reads groups says so.
    }
    yield* commits
  }
}

/** Undefined for records of other kinds, and commits for an earlier topic of that name. */
function commitOf(image: MetadataImage, key: Buffer, value: Buffer | null): StoredCommit | undefined {
  const name = decodeOffsetsKey(key)
  if (name.type !== 'OffsetCommit') return undefined
  const { group, topic, partition } = name
  const commit = value === null ? undefined : decodeOffsetCommitValue(value)
  const topicId = commit?.topicId
  if (topicId !== undefined && topicId !== (image.topic(topic)?.id ?? topicId)) return undefined
  return { group, topic, partition, offset: commit?.offset }
}

export interface CommittedEnd {
  readonly offset: number
  readonly group: string
}

/** The largest offset in force of any group, by folder name (`topic-partition`). */
export function committedEnds(directory: DirectoryOfCommits): Map<string, CommittedEnd> {
  const inForce = new Map<string, StoredCommit>()
  for (const commit of storedCommits(directory)) {
    inForce.set(`${commit.group}\n${commit.topic}-${commit.partition}`, commit)
  }
  const ends = new Map<string, CommittedEnd>()
  for (const { group, topic, partition, offset } of inForce.values()) {
    const name = `${topic}-${partition}`
    if (offset !== undefined && offset > (ends.get(name)?.offset ?? 0)) ends.set(name, { offset, group })
  }
  return ends
}
