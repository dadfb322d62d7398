/** What a stored image holds, as the parts of an image: maps that read a topic or its settings when asked for it. */
import { TerseError } from '../errors.ts'
import { CONFIG_RESOURCE } from '../message/metadata-records.ts'
import type { ClientQuotaImage, MetadataImageParts, PartitionImage, TopicImage } from './metadata-image.ts'
import type { StoredImage } from './stored-image.ts'
import { isLegalTopicName } from './topic-drafts.ts'

const ID_LENGTH = 22

export function storedParts(image: StoredImage): MetadataImageParts {
  const { head, topicCount, configCount } = image
  const { endOffset, epoch } = head.place
  const topics = new StoredTopicList(image)
  const configsByType = new Map<number, ReadonlyMap<string, readonly string[]>>()
  for (const [type, pairs] of head.otherConfigs) configsByType.set(type, mapOf(pairs))
  if (configCount > 0) configsByType.set(CONFIG_RESOURCE.TOPIC, new StoredConfigs(image))
  return {
    endOffset,
    epoch,
    lastTimestamp: head.lastTimestamp,
    newerThanKnown: undefined,
    topicsByName: topicCount > 0 ? new StoredTopics(image, topics, 'name') : new Map(),
    topicsById: topicCount > 0 ? new StoredTopics(image, topics, 'id') : new Map(),
    configsByType,
    illegalTopics: new Map(),
    brokers: mapOf(head.brokers),
    controllers: mapOf(head.controllers),
    features: mapOf(head.features),
    quotasByEntity: new Map(
      head.quotas.map(([key, entity, values]) => [
        key,
        { entity: entity as ClientQuotaImage['entity'], values: mapOf(values) },
      ]),
    ),
    scramByKey: new Map(
      head.scram.map(([key, { salt, storedKey, serverKey, ...rest }]) => [
        key,
        {
          ...rest,
          salt: Buffer.from(salt, 'base64'),
          storedKey: Buffer.from(storedKey, 'base64'),
          serverKey: Buffer.from(serverKey, 'base64'),
        },
      ]),
    ),
    aclsById: mapOf(head.acls),
    tokensById: mapOf(head.tokens),
    nextProducerId: head.nextProducerId,
    kraftVersion: head.kraftVersion,
    voters: head.voters as MetadataImageParts['voters'],
    zkMigrationState: head.zkMigrationState,
  }
}

const mapOf = <K, V>(entries: unknown): Map<K, V> => new Map(entries as [K, V][])

/** A topic whose id and partitions are read when they are asked for. */
class StoredTopic implements TopicImage {
  readonly name: string
  readonly #image: StoredImage
  readonly #index: number
  #id: string | undefined
  #partitions: readonly PartitionImage[] | undefined

  constructor(image: StoredImage, index: number, name: string) {
    this.#image = image
    this.#index = index
    this.name = name
  }

  get id(): string {
    this.#id ??= this.#image.either(
      () => this.#image.text('ids', this.#index * ID_LENGTH, (this.#index + 1) * ID_LENGTH),
      ({ topicsByName }) => topicsByName.get(this.name)?.id ?? '',
    )
    return this.#id
  }

  get partitions(): readonly PartitionImage[] {
    // Nobody stores such a topic. Whoever comes to its folders has asked for this before.
    if (!isLegalTopicName(this.name)) throw new BadTopicName(this.name)
    this.#partitions ??= this.#image.either(
      () => this.#image.partitionsOf(this.#index),
      ({ topicsByName }) => topicsByName.get(this.name)?.partitions ?? [],
    )
    return this.#partitions
  }
}

class BadTopicName extends TerseError {
  constructor(name: string) {
    super(`.tkafka-image: it names a topic ${JSON.stringify(name)}; remove the file, it is made anew`)
  }
}

/** The same topic is the same object, whether it is found by name or by id. */
class StoredTopicList {
  readonly #image: StoredImage
  readonly #topics: (TopicImage | undefined)[] = []

  constructor(image: StoredImage) {
    this.#image = image
  }

  at(index: number): TopicImage {
    let topic = this.#topics[index]
    if (topic === undefined) {
      const [start, end] = this.#image.range('nameStarts', index)
      topic = new StoredTopic(this.#image, index, this.#image.text('names', start, end - 1))
      this.#topics[index] = topic
    }
    return topic
  }

  all(): TopicImage[] {
    return this.#image.lines('names').map((name, index) => {
      const topic = this.#topics[index] ?? new StoredTopic(this.#image, index, name)
      this.#topics[index] = topic
      return topic
    })
  }
}

abstract class StoredMap<V> implements ReadonlyMap<string, V> {
  abstract readonly size: number
  abstract get(key: string): V | undefined
  abstract list(): [string, V][]

  has(key: string): boolean {
    return this.get(key) !== undefined
  }

  entries(): MapIterator<[string, V]> {
    return this.list().values()
  }

  keys(): MapIterator<string> {
    return this.list()
      .map(([key]) => key)
      .values()
  }

  values(): MapIterator<V> {
    return this.list()
      .map(([, value]) => value)
      .values()
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries()
  }

  forEach(visit: (value: V, key: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [key, value] of this.list()) visit(value, key, this)
  }
}

class StoredTopics extends StoredMap<TopicImage> {
  readonly size: number
  readonly #image: StoredImage
  readonly #topics: StoredTopicList
  readonly #key: 'name' | 'id'

  constructor(image: StoredImage, topics: StoredTopicList, key: 'name' | 'id') {
    super()
    this.#image = image
    this.#topics = topics
    this.#key = key
    this.size = image.topicCount
  }

  get(key: string): TopicImage | undefined {
    const image = this.#image
    return image.either(
      () => {
        const index = this.#key === 'name' ? image.find('names', key) : image.findId(key)
        return index < 0 ? undefined : this.#topics.at(index)
      },
      ({ topicsByName, topicsById }) => (this.#key === 'name' ? topicsByName : topicsById).get(key),
    )
  }

  list(): [string, TopicImage][] {
    return this.#all().map((topic) => [topic[this.#key], topic])
  }

  override keys(): MapIterator<string> {
    if (this.#key === 'id') return super.keys()
    const names = this.#image.either(
      () => this.#image.lines('names'),
      ({ topicsByName }) => [...topicsByName.keys()],
    )
    return names.values()
  }

  override values(): MapIterator<TopicImage> {
    return this.#all().values()
  }

  #all(): TopicImage[] {
    return this.#image.either(
      () => this.#topics.all(),
      ({ topicsByName }) => [...topicsByName.values()],
    )
  }
}

/** By the topic's name: names and values in turn. */
class StoredConfigs extends StoredMap<readonly string[]> {
  readonly size: number
  readonly #image: StoredImage

  constructor(image: StoredImage) {
    super()
    this.#image = image
    this.size = image.configCount
  }

  get(name: string): readonly string[] | undefined {
    const image = this.#image
    return image.either(
      () => {
        const index = image.find('configNames', name)
        return index < 0 ? undefined : (image.json('configs', index) as string[])
      },
      ({ configsByType }) => configsByType.get(CONFIG_RESOURCE.TOPIC)?.get(name),
    )
  }

  list(): [string, readonly string[]][] {
    const image = this.#image
    return image.either(
      () =>
        image
          .lines('configNames')
          .map((name, index): [string, string[]] => [name, image.json('configs', index) as string[]]),
      ({ configsByType }) => [...(configsByType.get(CONFIG_RESOURCE.TOPIC) ?? [])],
    )
  }
}
