/**
 * Folders of partitions that were just made, as a broker makes them at once: partition.metadata, where the first
 * leader epoch begins, and an empty first segment with its indexes. Needs a session, so that no broker looks on.
 *
 * Only the bytes of the two small files are synced, and once for all partitions of a topic: they are the same, so all
 * folders but the first get hard links to them (whoever changes one writes another and renames it, Kafka too). So what
 * bears these names is whole, also after a power cut, and a broker never reads half of one. Nothing else here needs a
 * sync: an empty folder that a power cut takes away or leaves half-made holds nothing, and a broker and our next
 * writer make what is missing. The folder and its name are synced with the first bytes that go into it
 * (log-appender.ts). Crash in between: the same.
 */
import { join } from 'node:path'
import { formatCheckpoint, writeFileAtomically } from '../log/checkpoint-file.ts'
import { LEADER_EPOCH_FILE } from '../log/leader-epoch-file-cache.ts'
import { INDEX_SUFFIX, LOG_SUFFIX, offsetName, TIME_INDEX_SUFFIX } from '../log/log-files.ts'
import { formatPartitionMetadata, PARTITION_METADATA_FILE } from '../log/partition-metadata.ts'
import type { TopicImage } from '../metadata/metadata-image.ts'
import type { FileSystem } from '../os/file-system.ts'
import type { Os } from '../os/os.ts'

/** Makes the folders of a topic's partitions from `first` on. What is there stays as it is. */
export function makePartitionFolders({ fs }: Os, dir: string, topic: TopicImage, first: number): void {
  const written = new Map<string, string>()
  /** Bytes that are synced once and then get more names. */
  const put = (path: string, content: string) => {
    const source = written.get(content)
    if (source !== undefined && linked(fs, source, path)) return
    writeFileAtomically(fs, path, Buffer.from(content), `${path}.tmp`, false)
    written.set(content, path)
  }
  for (const { partition, leaderEpoch } of topic.partitions.slice(first)) {
    const folder = join(dir, `${topic.name}-${partition}`)
    try {
      fs.mkdir(folder)
    } catch (error) {
      // A producer was quicker.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    put(join(folder, PARTITION_METADATA_FILE), formatPartitionMetadata(topic.id))
    put(join(folder, LEADER_EPOCH_FILE), formatCheckpoint([[leaderEpoch, 0]]))
    for (const suffix of [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX]) {
      fs.close(fs.open(join(folder, offsetName(0) + suffix), 'a'))
    }
  }
}

/** False where the file system has no hard links, or allows no more of them. */
function linked(fs: FileSystem, from: string, to: string): boolean {
  if (fs.link === undefined) return false
  try {
    fs.link(from, to)
    return true
  } catch {
    return false
  }
}
