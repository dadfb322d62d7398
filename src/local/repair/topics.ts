/**
 * Gives topics their names back whose folders are still there and which the metadata lost with its end. They get the ids in their
 * partition.metadata; their settings are gone. Left out are folders of topics whose deletion was announced, and folders whose
 * name no topic may have.
 */
import { join } from 'node:path'
import { LeaderEpochFileCache } from '../../log/leader-epoch-file-cache.ts'
import { listLog } from '../../log/opening/log-loader.ts'
import { readPartitionMetadata } from '../../log/partition-metadata.ts'
import { readSnapshot } from '../../log/producers/producer-snapshot.ts'
import { parsePartitionDirName } from '../../log/segment/log-files.ts'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import { randomUuid } from '../../message/uuid.ts'
import { formatFeatureRecords, registerBroker } from '../../metadata/initial-records.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { MetadataLog } from '../../metadata/metadata-log.ts'
import { isLegalTopicName } from '../../metadata/topic-drafts.ts'
import { brokerEpoch, newPartition } from '../../metadata/topic-records.ts'
import type { Os } from '../../os/os.ts'
import { announcedDeletions } from '../directory/partition-folders.ts'
import { PRODUCER_ID_BLOCK_SIZE } from '../directory/producer-id-allocator.ts'

interface FoundTopic {
  readonly name: string
  readonly topicId: string
  /** Newest leader epoch of each partition whose folder is there. */
  readonly epochs: Map<number, number>
}

/** A folder named for a partition far behind all others is not one of a topic's. */
const MOST_PARTITIONS = 100_000

/** The caller is alone in the directory; `only` are the names of those that are meant, default all. */
export async function nameFoundTopics(os: Os, logDir: string, only?: ReadonlySet<string>): Promise<void> {
  const log = MetadataLog.open(os, logDir)
  try {
    // One after the other: the features say how the records behind them are encoded.
    await log.append((image) => (image.features.size > 0 ? [] : formatFeatureRecords()))
    const image = await log.append((now) => {
      const id = () => randomUuid((size) => os.randomBytes(size))
      return brokerEpoch(now) === undefined ? [registerBroker(now, now.metadataVersion, id())] : []
    })
    const topics = findTopics(os, logDir, image).filter(({ name }) => only?.has(name) ?? true)
    await log.append((now) => [
      ...topics.flatMap((topic) => topicRecords(now, topic)),
      ...producerIdRecord(os, logDir, now),
    ])
  } finally {
    log.close()
  }
}

function findTopics(os: Os, logDir: string, image: MetadataImage): FoundTopic[] {
  const deleted = new Set(announcedDeletions(os, logDir).map(({ id }) => id))
  const found = new Map<string, FoundTopic>()
  for (const folder of partitionFolders(os, logDir)) {
    const { topic: name, partition } = folder
    const topicId = readPartitionMetadata(os.fs, folder.path)
    if (topicId === undefined || deleted.has(topicId) || image.topicById(topicId) !== undefined) continue
    if (image.topic(name) !== undefined || partition >= MOST_PARTITIONS) continue
    const known = found.get(name) ?? { name, topicId, epochs: new Map<number, number>() }
    if (known.topicId !== topicId) continue
    known.epochs.set(partition, new LeaderEpochFileCache(os.fs, folder.path).latestEpoch ?? 0)
    found.set(name, known)
  }
  return [...found.values()]
}

function topicRecords(image: MetadataImage, { name, topicId, epochs }: FoundTopic): MetadataRecord[] {
  const count = Math.max(...epochs.keys()) + 1
  const partitions = Array.from({ length: count }, (_, partition): MetadataRecord => {
    const record = newPartition(image, topicId, partition)
    return record.type === 'PartitionRecord' ? { ...record, leaderEpoch: epochs.get(partition) ?? 0 } : record
  })
  return [{ type: 'TopicRecord', name, topicId }, ...partitions]
}

/** No producer id that stands in a log may be handed out again. */
function producerIdRecord(os: Os, logDir: string, image: MetadataImage): MetadataRecord[] {
  let largest = -1
  for (const { path } of partitionFolders(os, logDir)) {
    for (const offset of listLog(os.fs, path)?.snapshots ?? []) {
      for (const { producerId } of readSnapshot(os.fs, path, offset) ?? []) {
        largest = Math.max(largest, producerId)
      }
    }
  }
  if (largest < image.nextProducerId) return []
  const nextProducerId = (Math.floor(largest / PRODUCER_ID_BLOCK_SIZE) + 2) * PRODUCER_ID_BLOCK_SIZE
  return [
    {
      type: 'ProducerIdsRecord',
      brokerId: image.nodeId,
      brokerEpoch: brokerEpoch(image) ?? -1,
      nextProducerId,
    },
  ]
}

function partitionFolders(os: Os, logDir: string) {
  return os.fs.readdir(logDir).flatMap((name) => {
    const parsed = parsePartitionDirName(name)
    const path = join(logDir, name)
    if (parsed?.state !== 'live' || !isLegalTopicName(parsed.topic)) return []
    return os.fs.stat(path)?.isDirectory() === true ? [{ ...parsed, path }] : []
  })
}
