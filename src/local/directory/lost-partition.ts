/**
 * Handles a partition that the metadata names and that has no folder here. Folders are made together with their topic, so either
 * somebody removed it, or a power cut took it before anything in it was synced. A checkpoint or a group's commit that names
 * the partition with an offset above 0 tells that records were lost.
 *
 * A broker silently begins such a partition anew at 0; then offsets are given twice, and groups stand behind its end. Here the
 * next writer says it in one line and goes on at the last offset that is known (`log-start` is put there).
 */
import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import { NOTED_ENDS_FILE } from '../../log/opening/noted-ends.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts'
import { whyElsewhere } from '../../metadata/replica-place.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import { storedCommits } from '../check/committed-ends.ts'
import { partitionsInMaking } from './partitions-in-making.ts'

/** What is needed of a data directory. */
export interface DirectoryOfLost {
  readonly path: string
  folder(name: string): string
  readonly checkpoints: LogDirCheckpoints
  image(): MetadataImage
  logForReading(topic: string, partition: number): UnifiedLog
}

export interface KnownEnd {
  /** The partition held records below this offset. */
  readonly offset: number
  /** What says so, for a person. */
  readonly source: string
}

export interface LostPartition {
  readonly folder: string
  /** undefined where nothing tells that it ever held a record. */
  readonly known: KnownEnd | undefined
  /** Somebody makes it just now, or was killed while making it. */
  readonly inMaking: boolean
}

const CHECKPOINTS = ['replication', 'recovery-point', 'log-start', 'cleaner'] as const

/** undefined where the folder is there, or belongs on another node or in another of the log.dirs. */
export function findLostPartition(
  os: Os,
  directory: DirectoryOfLost,
  topic: string,
  partition: number,
): LostPartition | undefined {
  const folder = directory.folder(`${topic}-${partition}`)
  if (os.fs.stat(folder) !== undefined) return undefined
  const image = directory.image()
  const found = image.topic(topic)
  const named = found?.partitions[partition]
  if (found === undefined || named === undefined) return undefined
  if (whyElsewhere(image, named, () => false) !== undefined) return undefined
  const inMaking = partitionsInMaking(os, directory.path).some(
    ({ topicId, first }) => topicId === found.id && partition >= first,
  )
  // Looked at again: it may have been made while we looked.
  if (os.fs.stat(folder) !== undefined) return undefined
  return { folder, inMaking, known: inMaking ? undefined : knownEnd(directory, found, partition) }
}

/** For standard error; undefined where nothing is wrong. */
export function tellOfLost({ folder, known, inMaking }: LostPartition): string | undefined {
  if (inMaking) return undefined
  return known === undefined
    ? `${folder}: the partition's folder is missing; what it may have held is gone, it reads as empty`
    : `${folder}: the partition's folder is missing, and with it offsets up to ${known.offset - 1} (${known.source} tells); it reads as empty`
}

function knownEnd(directory: DirectoryOfLost, topic: TopicImage, partition: number): KnownEnd | undefined {
  let known: KnownEnd | undefined
  for (const name of CHECKPOINTS) {
    const offset = directory.checkpoints.offset(name, `${topic.name}-${partition}`) ?? 0
    if (offset > (known?.offset ?? 0)) known = { offset, source: `the ${name} checkpoint` }
  }
  const noted = directory.checkpoints.noted?.end(`${topic.name}-${partition}`, topic.id) ?? 0
  if (noted > (known?.offset ?? 0)) known = { offset: noted, source: NOTED_ENDS_FILE }
  if (topic.name === OFFSETS_TOPIC) return known
  const committed = committedEnd(directory, topic, partition)
  return committed !== undefined && committed.offset > (known?.offset ?? 0) ? committed : known
}

/** The largest offset that a group ever committed for the partition, as far as its commits are still stored. */
function committedEnd(
  directory: DirectoryOfLost,
  topic: TopicImage,
  partition: number,
): KnownEnd | undefined {
  let known: KnownEnd | undefined
  for (const commit of storedCommits(directory)) {
    const { group, offset = 0 } = commit
    if (commit.topic !== topic.name || commit.partition !== partition) continue
    if (offset > (known?.offset ?? 0)) known = { offset, source: `a commit of group ${group}` }
  }
  return known
}
