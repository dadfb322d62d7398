import { join } from 'node:path'
import { readPartitionMetadata } from '../log/partition-metadata.ts'
import { readMetaProperties } from '../metadata/meta-properties.ts'
import { MetadataImage, type PartitionImage, type TopicImage } from '../metadata/metadata-image.ts'
import { EMPTY_PARTS } from '../metadata/metadata-replay.ts'
import type { Os } from '../os/os.ts'

/**
 * A directory of the ZooKeeper era tells its topics by its folders alone; their configs were in ZooKeeper. A topic
 * without a stored id (before Kafka 2.8) gets one made of its name.
 */
export function zookeeperImage(os: Os, dir: string): MetadataImage {
  const meta = readMetaProperties(os.fs, dir)
  const nodeId = meta?.nodeId ?? 0
  const counts = new Map<string, number>()
  for (const folder of os.fs.readdir(dir)) {
    const match = /^([a-zA-Z0-9._-]+)-(\d+)$/.exec(folder)
    if (match === null || os.fs.stat(join(dir, folder))?.isDirectory() !== true) continue
    counts.set(match[1], Math.max(counts.get(match[1]) ?? 0, Number(match[2]) + 1))
  }
  const topicsByName = new Map<string, TopicImage>()
  const topicsById = new Map<string, TopicImage>()
  for (const [name, count] of counts) {
    const partitions = Array.from({ length: count }, (_, partition) => atRest(partition, nodeId))
    const topic = { name, id: topicId(os, dir, name, count), partitions }
    topicsByName.set(name, topic)
    topicsById.set(topic.id, topic)
  }
  const identity = { clusterId: meta?.clusterId ?? '', nodeId, directoryId: undefined }
  return new MetadataImage(identity, { ...EMPTY_PARTS, topicsByName, topicsById })
}

function topicId(os: Os, dir: string, name: string, partitions: number): string {
  for (let p = 0; p < partitions; p++) {
    const id = readPartitionMetadata(os.fs, join(dir, `${name}-${p}`))
    if (id !== undefined) return id
  }
  return process
    .getBuiltinModule('node:crypto')
    .createHash('sha256')
    .update(name)
    .digest()
    .subarray(0, 16)
    .toString('base64url')
}

function atRest(partition: number, nodeId: number): PartitionImage {
  return {
    partition,
    leader: -1,
    leaderEpoch: 0,
    partitionEpoch: 0,
    leaderRecoveryState: 0,
    replicas: [nodeId],
    isr: [],
    removingReplicas: [],
    addingReplicas: [],
    elr: [nodeId],
    lastKnownElr: [nodeId],
    directories: [],
  }
}
