/**
 * Where the replicas of a partition are, as seen from one log directory of one node.
 *
 * A directory may be one of several: of several nodes, or of several log.dirs of one node. What is written into one of
 * several replicas alone is cut off when the brokers start; a folder in the wrong one of two log.dirs keeps the broker
 * from starting (duplicate log directories). So only the sole replica of a partition is written to.
 */
import type { MetadataImage, PartitionImage } from './metadata-image.ts'

/** Ids that Kafka keeps for "no directory yet" (also: before there were ids). */
const UNDECIDED = new Set(['AAAAAAAAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAAAAAAAQ'])
const LOST = 'AAAAAAAAAAAAAAAAAAAAAg'
/** In the image of a directory without metadata: the partition has no folder here. */
export const UNKNOWN_DIRECTORY = ''

/**
 * Behind "is not here:", or undefined where this directory keeps the partition. `hasFolder` decides for a broker with
 * several log.dirs that had not yet said which of them it chose.
 */
export function whyElsewhere(
  image: MetadataImage,
  { replicas, directories }: PartitionImage,
  hasFolder: () => boolean = () => true,
): string | undefined {
  const { nodeId, directoryId } = image
  const at = replicas.indexOf(nodeId)
  if (at < 0) return nodeList(replicas)
  const named = directories[at]
  if (named === LOST) return `a log directory of node ${nodeId} that was lost`
  if (named === undefined || UNDECIDED.has(named)) {
    const severalDirs =
      (image.brokers.get(nodeId)?.logDirs.length ?? 0) > 1 + (image.otherDirectoryIds?.length ?? 0)
    return severalDirs && !hasFolder() ? `another of the log.dirs of node ${nodeId}` : undefined
  }
  if (named === directoryId || image.otherDirectoryIds?.includes(named)) return undefined
  if (named === UNKNOWN_DIRECTORY) return 'another node, or another of the log.dirs of this one'
  const own = directoryId === undefined ? '; meta.properties here has none' : ''
  return `another of the log.dirs of node ${nodeId} (directory.id ${named}${own})`
}

/** Why nothing may be written to the partition here, as the end of a sentence; undefined where it may. */
export function whyNotWritable(
  image: MetadataImage,
  partition: PartitionImage,
  hasFolder?: () => boolean,
): string | undefined {
  const { nodeId } = image
  const elsewhere = whyElsewhere(image, partition, hasFolder)
  if (elsewhere !== undefined)
    return `is kept by ${elsewhere}, not here; a broker would not take what is written here`
  const { replicas, isr, elr, lastKnownElr } = partition
  if (replicas.length > 1) {
    return `is kept by ${nodeList(replicas)}, and here is only node ${nodeId}: what is written to one of them alone is cut off when they start`
  }
  if ([isr, elr, lastKnownElr].some((nodes) => nodes.includes(nodeId))) return undefined
  return `is in neither Isr nor Elr on node ${nodeId}, so no broker would ever lead it`
}

/** A cluster of one broker, as far as is known. */
export function isOnlyBroker(image: MetadataImage): boolean {
  for (const id of image.brokers.keys()) if (id !== image.nodeId) return false
  return true
}

/** `node 2`, `nodes 2 and 3`, `nodes 1, 2 and 3`. */
export function nodeList(nodes: readonly number[]): string {
  if (nodes.length === 0) return 'no node'
  const sorted = [...nodes].sort((a, b) => a - b)
  if (sorted.length === 1) return `node ${sorted[0]}`
  return `nodes ${sorted.slice(0, -1).join(', ')} and ${sorted.at(-1)}`
}

/** `2`, `0 and 2`, `0, 2, 5 and 47 more`. */
export function partitionList(partitions: readonly number[]): string {
  if (partitions.length === 1) return `partition ${partitions[0]}`
  const shown = partitions.length > 4 ? partitions.slice(0, 3) : partitions.slice(0, -1)
  const rest = partitions.length - shown.length
  const last = rest === 1 ? String(partitions.at(-1)) : `${rest} more`
  return `partitions ${shown.join(', ')} and ${last}`
}

/**
 * What a reader is told of partitions that are not here: those of the first topic, the others as a count, so that it is
 * one line however much there is.
 */
export function elsewhereLine(
  path: string,
  missing: readonly {
    readonly topic: string
    readonly partition: number
    readonly elsewhere: string | undefined
  }[],
): string {
  const [{ topic, elsewhere }] = missing
  const same = missing.filter((one) => one.topic === topic).map(({ partition }) => partition)
  const others = missing.length - same.length
  const more = others === 0 ? '' : `, and ${others} of other topics`
  const [are, them] = missing.length === 1 ? ['is', 'it'] : ['are', 'them']
  const which = partitionList(same.sort((a, b) => a - b))
  return `${path}: ${which} of ${topic}${more} ${are} not in this directory, ${elsewhere} keeps ${them}`
}
