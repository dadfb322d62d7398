/**
 * Brings the metadata of a killed broker's directory to the state that a clean stop leaves: which records say so (the caller
 * appends them), and indexes of the metadata log without a preallocated tail.
 *
 * Bytes: indexes that end in zeros are cut to none. Invariant: nobody reads these indexes, and a broker makes them anew. Crash:
 * some are empty and some are not; the next one to close the directory cuts the others.
 */
import { join } from 'node:path'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import type { MetadataImage, PartitionImage } from '../../metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import { errorCode } from '../../os/error-code.ts'
import { type FileSystem, readRange } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'

/**
 * The records that bring a directory whose broker was killed to rest, as a clean stop would have left it: each
 * partition that this node alone keeps gets Leader -1, Isr [], ELR and LastKnownElr [n]; the registration is fenced, so
 * that the next broker need not wait for the old session to lapse. Without ELR (older metadata.version) partitions stay
 * as they are: Leader n with Isr [n] boots, and Leader -1 with Isr [n] is a trap.
 * Empty when all is at rest already.
 */
export function restRecords(image: MetadataImage): MetadataRecord[] {
  const node = image.nodeId
  const records: MetadataRecord[] = []
  if (image.elrEnabled) {
    for (const topic of image.topicImages()) {
      for (const partition of topic.partitions) {
        if (!isOurs(partition, node) || isAtRest(partition, node)) continue
        records.push({
          type: 'PartitionChangeRecord',
          topicId: topic.id,
          partitionId: partition.partition,
          // A leader that is named, even none again, raises the leader epoch: only where it changes.
          ...(partition.leader === -1 ? {} : { leader: -1 }),
          isr: [],
          eligibleLeaderReplicas: [node],
          lastKnownElr: [node],
        })
      }
    }
  }
  const broker = image.brokers.get(node)
  if (broker !== undefined && !broker.fenced) {
    records.push({
      type: 'BrokerRegistrationChangeRecord',
      brokerId: node,
      brokerEpoch: broker.epoch,
      fenced: 1,
    })
  }
  return records
}

function isOurs(partition: PartitionImage, node: number): boolean {
  return partition.replicas.length === 1 && partition.replicas[0] === node
}

function isAtRest(partition: PartitionImage, node: number): boolean {
  const { leader, isr, elr, lastKnownElr } = partition
  return leader === -1 && isr.length === 0 && elr[0] === node && lastKnownElr[0] === node
}

/**
 * A killed broker leaves the indexes of its metadata log preallocated, with a tail of zeros. Every broker makes them anew at
 * its start and we never read them, so they are emptied: what is left looks like after a clean stop.
 */
export function emptyPreallocatedIndexes(os: Os, dir: string): void {
  const { fs } = os
  const folder = join(dir, METADATA_LOG_FOLDER)
  for (const name of fs.readdir(folder)) {
    if (!/^\d{20}\.(time)?index$/.test(name)) continue
    const fd = openIndex(fs, join(folder, name))
    if (fd === undefined) continue
    try {
      const { size } = fs.fstat(fd)
      const tail = Buffer.alloc(12)
      if (size < tail.length) continue
      if (readRange(fs, fd, tail, 0, tail.length, size - tail.length) < tail.length) continue
      if (tail.every((byte) => byte === 0)) fs.ftruncate(fd, 0)
    } finally {
      fs.close(fd)
    }
  }
}

/** undefined for one that cannot be opened, a folder for example: nobody needs it. */
function openIndex(fs: FileSystem, path: string): number | undefined {
  try {
    return fs.open(path, 'r+')
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}
