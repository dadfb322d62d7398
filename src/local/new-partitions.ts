/**
 * Folders of partitions that were just made, as a broker makes them at once: partition.metadata, where the first
 * leader epoch begins, and an empty first segment with its indexes. Needs a session, so that no broker looks on. Crash in between: a
 * folder that is missing or has no partition.metadata yet holds nothing, and the first writer sets it right.
 */
import { join } from 'node:path'
import { LeaderEpochFileCache } from '../log/leader-epoch-file-cache.ts'
import { INDEX_SUFFIX, LOG_SUFFIX, offsetName, TIME_INDEX_SUFFIX } from '../log/log-files.ts'
import { writePartitionMetadata } from '../log/partition-metadata.ts'
import type { TopicImage } from '../metadata/metadata-image.ts'
import type { Os } from '../os/os.ts'

/** Makes the folders of a topic's partitions from `first` on. What is there stays as it is. */
export function makePartitionFolders({ fs }: Os, dir: string, topic: TopicImage, first: number): void {
  for (const { partition, leaderEpoch } of topic.partitions.slice(first)) {
    const folder = join(dir, `${topic.name}-${partition}`)
    try {
      fs.mkdir(folder)
    } catch (error) {
      // A producer was quicker.
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw error
    }
    writePartitionMetadata(fs, folder, topic.id)
    new LeaderEpochFileCache(fs, folder).assign(leaderEpoch, 0)
    for (const suffix of [LOG_SUFFIX, INDEX_SUFFIX, TIME_INDEX_SUFFIX]) {
      fs.close(fs.open(join(folder, offsetName(0) + suffix), 'a'))
    }
  }
}
