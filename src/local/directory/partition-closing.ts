/** How a partition was left, by the clean marker and `.tkafka-open`: what known-end.ts may rely on. */

import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import type { Closing } from '../../log/opening/end-damage.ts'
import { NotedEnds } from '../../log/opening/noted-ends.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { OFFSETS_TOPIC, TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import { FOUND_DAMAGED, type ListedDirs, validOpenPartitions } from './open-partitions.ts'

/** What `.tkafka-ends` says, as far as this node's registration and the topics that there are let it count. */
export function notedEnds(os: Os, directory: { readonly path: string; image(): MetadataImage }): NotedEnds {
  return new NotedEnds(os, directory.path, {
    brokerEpoch: () => {
      const image = directory.image()
      return image.brokers.get(image.nodeId)?.epoch ?? -1
    },
    isTopic: (topicId) => directory.image().topicById(topicId) !== undefined,
  })
}

/** Whether the partition never was compacted: then a batch begins where the one before it ends, in every segment. */
export function isGapless(
  directory: {
    readonly checkpoints: LogDirCheckpoints
    logConfig(topic: string): { readonly compact: boolean }
  },
  topic: string,
  partition: number,
): boolean {
  // Whatever a directory tells of their settings: brokers have always compacted these two.
  if (topic === OFFSETS_TOPIC || topic === TRANSACTION_TOPIC) return false
  // What was compacted once keeps its gaps.
  const cleaned = directory.checkpoints.offset('cleaner', `${topic}-${partition}`) !== undefined
  return !cleaned && !directory.logConfig(topic).compact
}

/** `name` is the folder's; two stats and a short file, read only where something looks wrong. */
export function closingOf(
  os: Os,
  directory: {
    readonly path: string
    readonly clean: boolean
    readonly logDirs?: ListedDirs | undefined
    image(): MetadataImage
  },
  name: string,
): Closing {
  const { path } = directory
  if (directory.clean) return 'closed'
  const epoch = () => {
    const image = directory.image()
    return image.brokers.get(image.nodeId)?.epoch ?? -1
  }
  const list = validOpenPartitions(os, path, epoch, directory.logDirs)
  if (list === undefined) return 'unknown'
  return list.names.has(name) || list.names.has(FOUND_DAMAGED + name) ? 'open' : 'closed'
}
