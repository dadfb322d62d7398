/** Topics as the folders of a directory tell them, where there is no metadata log. */
import { join } from 'node:path'
import { readPartitionMetadata } from '../../log/partition-metadata.ts'
import { readMetaProperties } from '../../metadata/meta-properties.ts'
import { MetadataImage, type PartitionImage, type TopicImage } from '../../metadata/metadata-image.ts'
import { EMPTY_PARTS } from '../../metadata/metadata-replay.ts'
import { UNKNOWN_DIRECTORY } from '../../metadata/replica-place.ts'
import { isTopicName } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'

/** A topic's name, and a number of partitions that can be counted out. */
const FOLDER = /^(.+)-(\d{1,6})$/

/**
 * A directory without a metadata log (of the ZooKeeper era, or one of several log.dirs) tells its topics by its folders
 * alone; their settings stand elsewhere. Partitions between those that are here are elsewhere, too. A topic without a
 * stored id (before Kafka 2.8) gets one made of its name.
 */
export function imageOfFolders(os: Os, dir: string): MetadataImage {
  const meta = readMetaProperties(os.fs, dir)
  const nodeId = meta?.nodeId ?? 0
  const found = new Map<string, Set<number>>()
  for (const folder of os.fs.readdir(dir)) {
    const match = FOLDER.exec(folder)
    if (match === null || !isTopicName(match[1])) continue
    if (os.fs.stat(join(dir, folder))?.isDirectory() !== true) continue
    const partitions = found.get(match[1]) ?? new Set()
    found.set(match[1], partitions.add(Number(match[2])))
  }
  const topicsByName = new Map<string, TopicImage>()
  const topicsById = new Map<string, TopicImage>()
  for (const [name, here] of found) {
    const count = Math.max(...here) + 1
    const partitions = Array.from({ length: count }, (_, partition) =>
      atRest(partition, nodeId, here.has(partition)),
    )
    const topic = { name, id: topicId(os, dir, name, here), partitions }
    topicsByName.set(name, topic)
    topicsById.set(topic.id, topic)
  }
  const identity = { clusterId: meta?.clusterId ?? '', nodeId, directoryId: meta?.directoryId }
  return new MetadataImage(identity, { ...EMPTY_PARTS, topicsByName, topicsById })
}

function topicId(os: Os, dir: string, name: string, partitions: Iterable<number>): string {
  for (const p of partitions) {
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

function atRest(partition: number, nodeId: number, isHere: boolean): PartitionImage {
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
    directories: isHere ? [] : [UNKNOWN_DIRECTORY],
  }
}
