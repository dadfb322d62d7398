/**
 * Folders of partitions that were just made, as a broker makes them at once: partition.metadata, where the first
 * leader epoch begins, and an empty first segment with its indexes. Needs a session, so that no broker looks on.
 *
 * Only the bytes of the two small files are synced, and once for all partitions of a topic: they are the same, so all
 * folders but the first get hard links to them (whoever changes one writes another and renames it, Kafka too). So what
 * bears these names is whole, also after a power cut, and a broker never reads half of one. Nothing else here needs a
 * sync: an empty folder that a power cut takes away or leaves half-made holds nothing, and a broker and our next
 * writer make what is missing. The folder and its name are synced with the first bytes that go into it
 * (log-appender.ts).
 * Crash in between: `.tkafka-making` names the partitions (partitions-in-making.ts), and whoever is alone in the
 * directory next finishes their folders.
 */
import { join } from 'node:path'
import { formatCheckpoint, temporaryOfOurs, writeFileAtomically } from '../../log/checkpoint-file.ts'
import { isDiskFull } from '../../log/full-disk.ts'
import { LEADER_EPOCH_FILE } from '../../log/leader-epoch-file-cache.ts'
import {
  formatPartitionMetadata,
  PARTITION_METADATA_FILE,
  readPartitionMetadata,
} from '../../log/partition-metadata.ts'
import {
  INDEX_SUFFIX,
  LOG_SUFFIX,
  offsetName,
  SNAPSHOT_SUFFIX,
  TIME_INDEX_SUFFIX,
} from '../../log/segment/log-files.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../../metadata/metadata-image.ts'
import { whyElsewhere } from '../../metadata/replica-place.ts'
import { errorCode } from '../../os/error-code.ts'
import type { FileSystem } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import { removeQuietly } from './open-partitions.ts'
import { forgetPartitionsInMaking, partitionsInMaking, partitionsMade } from './partitions-in-making.ts'

const TEMPORARY = '.tmp'

/** Puts bytes under a name: synced once, then as further names of the same file. */
type Put = (path: string, content: string) => void

/** What is needed of a data directory. */
export interface MakingDirectory {
  readonly path: string
  image(): MetadataImage
  /** Where the folder of a partition is, or is to be. */
  newFolder(name: string): string
}

/** Makes the folders of a topic's partitions from `first` on, those that belong here. What is there stays as it is. */
export function makePartitionFolders(
  os: Os,
  directory: MakingDirectory,
  topic: TopicImage,
  image: MetadataImage,
  first = 0,
): void {
  const { fs } = os
  const put = putter(fs)
  for (const one of topic.partitions.slice(first)) {
    if (whyElsewhere(image, one) !== undefined) continue
    const { partition, leaderEpoch } = one
    const folder = directory.newFolder(`${topic.name}-${partition}`)
    try {
      fs.mkdir(folder)
    } catch (error) {
      // A producer was quicker.
      if (errorCode(error) === 'EEXIST') continue
      throw error
    }
    put(join(folder, PARTITION_METADATA_FILE), formatPartitionMetadata(topic.id))
    put(join(folder, LEADER_EPOCH_FILE), formatCheckpoint([[leaderEpoch, 0]]))
    makeFirstSegment(fs, folder)
  }
  partitionsMade(os, directory.path, topic.id, first)
}

/**
 * Only for a process that is alone in the directory: finishes the folders whose makers were killed, and forgets them.
 * One stat where there are none. A disk too full for them leaves them to the next one.
 */
export function finishPartitionsInMaking(os: Os, directory: MakingDirectory): void {
  for (const { topicId, first } of partitionsInMaking(os, directory.path)) {
    const now = directory.image()
    const topic = now.topicById(topicId)
    try {
      for (const partition of topic?.partitions.slice(first) ?? []) {
        if (topic !== undefined && whyElsewhere(now, partition) === undefined)
          finishPartitionFolder(
            os,
            directory.newFolder(`${topic.name}-${partition.partition}`),
            topic,
            partition,
          )
      }
    } catch (error) {
      if (isDiskFull(error)) return
      throw error
    }
  }
  forgetPartitionsInMaking(os, directory.path)
}

/**
 * Makes what a partition's folder lacks, the folder itself too, and removes temporary files. Only for a process that is alone.
 * A folder that holds a log keeps it, one of another topic is left alone.
 */
export function finishPartitionFolder(
  os: Os,
  folder: string,
  topic: TopicImage,
  { leaderEpoch }: PartitionImage,
): void {
  const { fs } = os
  const stat = fs.stat(folder)
  if (stat === undefined) fs.mkdir(folder)
  else if (!stat.isDirectory()) return
  const names = fs.readdir(folder)
  const id = readPartitionMetadata(fs, folder)
  if (id !== undefined && id !== topic.id) return
  // What a killed process left behind of a file that it was replacing.
  for (const name of names) if (name.endsWith(TEMPORARY)) removeQuietly(os, join(folder, name))
  const put = putter(fs)
  if (id === undefined) put(join(folder, PARTITION_METADATA_FILE), formatPartitionMetadata(topic.id))
  // Files of segments that are going, too: then the log does not begin at 0. With a snapshot, it is lost (known-end.ts).
  if (names.some((name) => name.includes(LOG_SUFFIX) || name.endsWith(SNAPSHOT_SUFFIX))) return
  if (!names.includes(LEADER_EPOCH_FILE))
    put(join(folder, LEADER_EPOCH_FILE), formatCheckpoint([[leaderEpoch, 0]]))
  makeFirstSegment(fs, folder)
}

/** The .log last: where it is, all is. */
function makeFirstSegment(fs: FileSystem, folder: string): void {
  for (const suffix of [INDEX_SUFFIX, TIME_INDEX_SUFFIX, LOG_SUFFIX]) {
    fs.close(fs.open(join(folder, offsetName(0) + suffix), 'a'))
  }
}

function putter(fs: FileSystem): Put {
  const written = new Map<string, string>()
  return (path, content) => {
    const source = written.get(content)
    if (source !== undefined && linked(fs, source, path)) return
    // No lock is held: another process that already appends to the partition may write the same.
    writeFileAtomically(fs, path, Buffer.from(content), temporaryOfOurs(path), false)
    written.set(content, path)
  }
}

/** False where the file system has no hard links, or allows no more of them. What already has the name stays. */
function linked(fs: FileSystem, from: string, to: string): boolean {
  if (fs.link === undefined) return false
  try {
    fs.link(from, to)
    return true
  } catch (error) {
    return errorCode(error) === 'EEXIST'
  }
}
