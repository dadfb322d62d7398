/**
 * Topics of a data directory. A topic is made as a broker's controller makes it (TopicRecord, ConfigRecords,
 * PartitionRecords in one atomic append) and already at rest; then come its folders. Crash before the append is
 * whole: nothing happened; behind it: the first writer makes what is missing. Deletion is local-directory.ts's, but for
 * the offsets that groups committed: those go last, and a crash before leaves them to their expiry.
 */
import type { NewTopic, TopicAdmin, TopicDescription } from '../../client/admin/topic-admin.ts'
import { validateTopicConfigs } from '../../config/topic-configs.ts'
import { KafkaError } from '../../errors.ts'
import { unlessDiskFull } from '../../log/full-disk.ts'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import { randomUuid } from '../../message/uuid.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { addPartitionRecords, createTopicRecords } from '../../metadata/topic-records.ts'
import {
  collide,
  collidingNames,
  hasCollisionChars,
  METADATA_TOPIC,
  OFFSETS_TOPIC,
  validateTopicName,
} from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import { refuseForeignFolders } from '../directory/folder-owner.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { makePartitionFolders } from '../directory/new-partitions.ts'
import { BrokerConfigLayers } from '../settings/broker-config-layers.ts'
import { withoutRepeats } from '../settings/list-config.ts'
import { inheritedTopicConfigs } from '../settings/topic-config-resolver.ts'
import { describeTopic, existing, TopicReader } from './topic-reader.ts'

/** Kafka's limit for one request. */
const MAX_PARTITIONS_PER_REQUEST = 10_000

export class LocalTopics implements TopicAdmin {
  readonly #os: Os
  readonly #directory: LocalDirectory
  readonly #reader: TopicReader

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
    this.#reader = new TopicReader(directory)
  }

  async createTopic(topic: NewTopic): Promise<TopicDescription> {
    await this.#directory.checkServerProperties()
    // Looked at before anything is made: a wrong name leaves no directory behind.
    this.#creation(this.#directory.image(), topic)
    const image = await this.#alter((newest) => this.#creation(newest, topic), topic.name)
    return describeTopic(image, existing(image, topic.name))
  }

  listTopics(): Promise<{ name: string; topicId: string; internal: boolean }[]> {
    return this.#reader.listTopics()
  }

  topicNames(only?: string): Promise<string[]> {
    return this.#reader.topicNames(only)
  }

  describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    return this.#reader.describeTopics(names)
  }

  describeTopicIds(ids: readonly string[]): Promise<TopicDescription[]> {
    return this.#reader.describeTopicIds(ids)
  }

  async createPartitions(
    name: string,
    totalCount: number,
    assignments?: readonly (readonly number[])[],
  ): Promise<void> {
    this.#addition(this.#directory.image(), name, totalCount, assignments)
    await this.#alter((image) => this.#addition(image, name, totalCount, assignments), name)
  }

  async deleteTopic(name: string): Promise<void> {
    existing(this.#directory.image(), name)
    await this.#directory.deleteTopics([name])
    // As a broker does: what groups committed for the topic goes with it.
    if (this.#directory.image().topic(OFFSETS_TOPIC) === undefined) return
    const { OffsetStore } = await import('../../group/offsets/offset-store.ts')
    await new OffsetStore(this.#os, this.#directory).forgetTopics([name])
  }

  /** The change and the folders that it asks for, in one session. */
  #alter(build: (image: MetadataImage) => MetadataRecord[], name: string): Promise<MetadataImage> {
    const directory = this.#directory
    return directory.session(async () => {
      let present = 0
      const image = await directory.alter((newest) => {
        present = newest.topic(name)?.partitions.length ?? 0
        return build(newest)
      })
      this.#makeFolders(image, name, present)
      return image
    })
  }

  /** The topic is there by now: a disk too full for its folders is the first writer's matter, who makes what is missing. */
  #makeFolders(image: MetadataImage, name: string, first: number): void {
    const topic = existing(image, name)
    unlessDiskFull(() => makePartitionFolders(this.#os, this.#directory, topic, image, first))
  }

  #creation(image: MetadataImage, topic: NewTopic): MetadataRecord[] {
    const { name } = topic
    if (name === '') {
      throw new KafkaError(
        'INVALID_TOPIC_EXCEPTION',
        `The given topic name '${name}' cannot be represented in a request.`,
      )
    }
    validateTopicName(name)
    if (name === METADATA_TOPIC) {
      throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Creation of internal topic ${name} is prohibited.`)
    }
    if (image.topic(name) !== undefined) {
      throw new KafkaError('TOPIC_ALREADY_EXISTS', `Topic '${name}' already exists.`)
    }
    if (hasCollisionChars(name)) {
      const near = collidingNames(name)?.filter((one) => image.topic(one) !== undefined) ?? image.topics()
      const other = near.find((one) => collide(one, name))
      if (other !== undefined) {
        throw new KafkaError(
          'INVALID_TOPIC_EXCEPTION',
          `Topic '${name}' collides with existing topic: ${other}`,
        )
      }
    }
    const layers = new BrokerConfigLayers(image, this.#directory.serverProperties())
    const configs = withoutRepeats(new Map(Object.entries(topic.configs ?? {})))
    if (configs.size > 0) {
      validateTopicConfigs(configs, new Map(), inheritedTopicConfigs(layers), remoteStorage(layers))
    }
    const replicas = this.#assignments(image, topic, layers)
    this.#refuseForeign(image, name, 0, replicas.length)
    const topicId = randomUuid(this.#os.randomBytes)
    return createTopicRecords(image, { name, topicId, replicas, configs })
  }

  #assignments(image: MetadataImage, topic: NewTopic, layers: BrokerConfigLayers): (readonly number[])[] {
    const manual = topic.replicaAssignment
    if (manual !== undefined && manual.size > 0) {
      const replicas: (readonly number[])[] = []
      for (const [partition, brokers] of [...manual].sort((a, b) => a[0] - b[0])) {
        if (partition !== replicas.length) {
          throw new KafkaError(
            'INVALID_REPLICA_ASSIGNMENT',
            'partitions should be a consecutive 0-based integer sequence',
          )
        }
        validateAssignment(image, brokers, replicas[0]?.length)
        replicas.push(brokers)
      }
      return replicas
    }
    const factor = topic.replicationFactor ?? wholeNumber(layers.value('default.replication.factor'), 1)
    const count = topic.partitions ?? wholeNumber(layers.value('num.partitions'), 1)
    if (factor < 1) {
      throw new KafkaError(
        'INVALID_REPLICATION_FACTOR',
        'Replication factor must be larger than 0, or -1 to use the default value.',
      )
    }
    if (count < 1) {
      throw new KafkaError(
        'INVALID_PARTITIONS',
        'Number of partitions was set to an invalid non-positive value.',
      )
    }
    if (count > MAX_PARTITIONS_PER_REQUEST) tooMany()
    return place(image, count, factor, (why) => `Unable to replicate the partition ${factor} time(s): ${why}`)
  }

  #addition(
    image: MetadataImage,
    name: string,
    totalCount: number,
    assignments: readonly (readonly number[])[] | undefined,
  ): MetadataRecord[] {
    const topic = existing(image, name)
    const present = topic.partitions.length
    if (totalCount === present) {
      throw new KafkaError('INVALID_PARTITIONS', `Topic already has ${present} partition(s).`)
    }
    if (totalCount < present) {
      throw new KafkaError(
        'INVALID_PARTITIONS',
        `The topic ${name} currently has ${present} partition(s); ${totalCount} would not be an increase.`,
      )
    }
    const additional = totalCount - present
    if (assignments !== undefined && assignments.length !== additional) {
      throw new KafkaError(
        'INVALID_REPLICA_ASSIGNMENT',
        `Attempted to add ${additional} additional partition(s), but only ${assignments.length} assignment(s) were specified.`,
      )
    }
    if (additional > MAX_PARTITIONS_PER_REQUEST) tooMany()
    const factor = topic.partitions[0].replicas.length
    for (const brokers of assignments ?? []) validateAssignment(image, brokers, factor)
    const replicas = assignments ?? place(image, additional, factor, (why) => why)
    this.#refuseForeign(image, name, present, replicas.length)
    return addPartitionRecords(image, topic, replicas)
  }

  #refuseForeign(image: MetadataImage, topic: string, first: number, count: number): void {
    const { path } = this.#directory
    const folder = (name: string) => this.#directory.folder(name)
    refuseForeignFolders(this.#os, { path, folder, image: () => image }, topic, first, count)
  }
}

function tooMany(): never {
  throw new KafkaError('POLICY_VIOLATION', 'Excessively large number of partitions per request.')
}

function wholeNumber(text: string | null, otherwise: number): number {
  const number = Number(text)
  return text !== null && Number.isInteger(number) ? number : otherwise
}

export function remoteStorage(layers: BrokerConfigLayers): boolean {
  return /^true$/i.test(layers.value('remote.log.storage.system.enable') ?? '')
}

/** Brokers of the directory's cluster, this node first. */
export function registeredBrokers(image: MetadataImage): number[] {
  const others = [...image.brokers.keys()].filter((id) => id !== image.nodeId).sort((a, b) => a - b)
  return [image.nodeId, ...others]
}

/** Replicas by turns over the brokers; the first one of each is this node, which holds the data. */
function place(
  image: MetadataImage,
  count: number,
  factor: number,
  inWords: (why: string) => string,
): (readonly number[])[] {
  const brokers = registeredBrokers(image)
  if (factor > brokers.length) {
    throw new KafkaError(
      'INVALID_REPLICATION_FACTOR',
      inWords(
        `The target replication factor of ${factor} cannot be reached because only ${brokers.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
      ),
    )
  }
  const replicas = brokers.slice(0, factor)
  return Array.from({ length: count }, () => replicas)
}

function validateAssignment(
  image: MetadataImage,
  brokers: readonly number[],
  factor: number | undefined,
): void {
  const refuse = (why: string) => {
    throw new KafkaError('INVALID_REPLICA_ASSIGNMENT', `The manual partition assignment includes ${why}`)
  }
  if (brokers.length === 0) refuse('an empty replica list.')
  const known = new Set(registeredBrokers(image))
  const sorted = [...brokers].sort((a, b) => a - b)
  for (let i = 0; i < sorted.length; i++) {
    if (!known.has(sorted[i])) refuse(`broker ${sorted[i]}, but no such broker is registered.`)
    if (sorted[i] === sorted[i - 1]) refuse(`the broker ${sorted[i]} more than once.`)
  }
  if (factor !== undefined && sorted.length !== factor) {
    refuse(
      `a partition with ${sorted.length} replica(s), but this is not consistent with previous partitions, which have ${factor} replica(s).`,
    )
  }
}
