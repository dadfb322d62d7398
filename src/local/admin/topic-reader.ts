/** Listing and describing topics: what needs the metadata alone, apart from changing them, so that it loads quickly. */

import type { PartitionDescription, TopicDescription } from '../../client/admin/topic-admin.ts'
import { KafkaError } from '../../errors.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../../metadata/metadata-image.ts'
import { isOnlyBroker, whyElsewhere } from '../../metadata/replica-place.ts'
import { compareText } from '../../names/compare-text.ts'
import { isInternalTopic } from '../../names/topic-names.ts'

export class TopicReader {
  readonly #source: { image(): MetadataImage }

  constructor(source: { image(): MetadataImage }) {
    this.#source = source
  }

  async listTopics(): Promise<{ name: string; topicId: string; internal: boolean }[]> {
    const topics = [...this.#source.image().topicImages()]
    topics.sort((a, b) => compareText(a.name, b.name))
    return topics.map(({ name, id }) => ({ name, topicId: id, internal: isInternalTopic(name) }))
  }

  async topicNames(only?: string): Promise<string[]> {
    const image = this.#source.image()
    if (only !== undefined) return image.topic(only) === undefined ? [] : [only]
    return image.topics().sort()
  }

  async describeTopics(names: readonly string[]): Promise<TopicDescription[]> {
    const image = this.#source.image()
    return names.map((name) => describeTopic(image, existing(image, name)))
  }

  async describeTopicIds(ids: readonly string[]): Promise<TopicDescription[]> {
    const image = this.#source.image()
    return ids.map((id) => {
      const topic = image.topicById(id)
      if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_ID')
      return describeTopic(image, topic)
    })
  }
}

/** @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION */
export function existing(image: MetadataImage, name: string): TopicImage {
  const topic = image.topic(name)
  if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
  return topic
}

/**
 * At rest a partition that is wholly here shows what a running broker would: its own replica leads and is in sync. Of one
 * of several nodes, or of one in another of the log.dirs, what is stored is shown: who will lead it is not known here.
 */
export function describeTopic(image: MetadataImage, topic: TopicImage): TopicDescription {
  return {
    name: topic.name,
    topicId: topic.id,
    internal: isInternalTopic(topic.name),
    partitions: topic.partitions.map((partition) => describePartition(image, partition)),
  }
}

function describePartition(image: MetadataImage, stored: PartitionImage): PartitionDescription {
  const { partition, replicas } = stored
  const ours = replicas.length === 1 && isOnlyBroker(image) && whyElsewhere(image, stored) === undefined
  const atRest = stored.leader < 0 && ours
  const isr = atRest && stored.isr.length === 0 ? [image.nodeId] : stored.isr
  const inSync = (id: number) => isr.includes(id)
  const storedLeader = stored.leader < 0 ? undefined : stored.leader
  return {
    partition,
    leader: atRest ? image.nodeId : storedLeader,
    replicas,
    isr,
    eligibleLeaderReplicas: stored.elr.filter((id) => !inSync(id)),
    lastKnownElr: stored.lastKnownElr.filter((id) => !inSync(id)),
  }
}
