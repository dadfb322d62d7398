/**
 * The topic `__consumer_offsets`: which partition a group is in, and its making on the first commit, whole and at rest, as a broker would
 * have left it. Crash between metadata and folders: folders of untouched partitions need not exist, and a writer makes the one it needs.
 */

import { javaStringHash } from '../../java/java-hash.ts'
import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { CONFIG_RESOURCE, type MetadataRecord } from '../../message/metadata-records.ts'
import { randomUuid } from '../../message/uuid.ts'
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts'
import { newPartition } from '../../metadata/topic-records.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'

const DEFAULT_PARTITIONS = 50

/** What the group layer needs of a data directory. LocalDirectory is one. */
export interface GroupDirectory {
  readonly path: string
  exists(): boolean
  image(): MetadataImage
  serverProperties(): ReadonlyMap<string, string>
  /** Does `work` as a writer. */
  session<T>(work: () => Promise<T>): Promise<T>
  alter(build: (image: MetadataImage) => readonly MetadataRecord[]): Promise<MetadataImage>
  logForReading(topic: string, partition: number): UnifiedLog
  openForWriting(topic: string, partition: number): Promise<UnifiedLog>
  /** The folders of a topic that was just made, as a broker makes them at once. Needs a session. */
  makePartitionFolders(topic: TopicImage): void
  /** By whom a partition is kept that is not in this directory. */
  elsewhere?(topic: string, partition: number): string | undefined
  /** Why nothing may be written to a partition here. */
  whyNotWritable?(topic: string, partition: number): string | undefined
  /** @throws where a change of the metadata would be lost */
  refuseForeignMetadata?(): void
  readonly checkpoints: LogDirCheckpoints
}

/** The partition that holds a group's records: Kafka's Utils.abs of the hash (which is 0 for the one int that has no positive twin). */
export function offsetsPartitionFor(groupId: string, partitionCount: number): number {
  const hash = javaStringHash(groupId)
  return (hash === -0x80000000 ? 0 : Math.abs(hash)) % partitionCount
}

/** Makes the topic when there is none. Needs a session. Two processes at once: the second finds it made. */
export async function ensureOffsetsTopic(os: Os, directory: GroupDirectory): Promise<void> {
  if (directory.image().topic(OFFSETS_TOPIC) !== undefined) return
  const properties = directory.serverProperties()
  let made = false
  const image = await directory.alter((current) => {
    made = current.topic(OFFSETS_TOPIC) === undefined
    return made ? offsetsTopicRecords(current, properties, randomUuid(os.randomBytes)) : []
  })
  const topic = image.topic(OFFSETS_TOPIC)
  if (made && topic !== undefined) directory.makePartitionFolders(topic)
}

function offsetsTopicRecords(
  image: MetadataImage,
  properties: ReadonlyMap<string, string>,
  topicId: string,
): MetadataRecord[] {
  const count = Number(properties.get('offsets.topic.num.partitions') ?? DEFAULT_PARTITIONS)
  const configs = [
    ['compression.type', 'producer'],
    ['cleanup.policy', 'compact'],
    ['segment.bytes', properties.get('offsets.topic.segment.bytes') ?? '104857600'],
  ] as const
  return [
    { type: 'TopicRecord', name: OFFSETS_TOPIC, topicId },
    ...configs.map(
      ([name, value]): MetadataRecord => ({
        type: 'ConfigRecord',
        resourceType: CONFIG_RESOURCE.TOPIC,
        resourceName: OFFSETS_TOPIC,
        name,
        value,
      }),
    ),
    ...Array.from({ length: count }, (_, partition) => newPartition(image, topicId, partition)),
  ]
}
