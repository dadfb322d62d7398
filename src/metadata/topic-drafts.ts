/**
 * Topics, partitions and configs while they are being replayed: the bulk of a metadata log, so what no image holds
 * yet is changed in place, and configs are flat lists of names and values rather than a map a topic.
 */
import { CorruptRecordError } from '../errors.ts'
import { CONFIG_RESOURCE, type StoredMetadataRecordOf } from '../message/metadata-records.ts'
import { isTopicName, METADATA_TOPIC } from '../names/topic-names.ts'
import { LayeredMap } from './layered-map.ts'
import type { MetadataImageParts, PartitionImage } from './metadata-image.ts'

const MAX_PARTITIONS = 1_000_000
/**
 * A name becomes a folder, so nothing but Kafka's rule may reach whoever makes, reads or removes folders; and folders of
 * the metadata topic would be the metadata log itself.
 */
export function isLegalTopicName(name: string): boolean {
  return isTopicName(name) && name !== METADATA_TOPIC
}

const NO_LEADER_CHANGE = -2
const NONE: readonly never[] = []

interface TopicDraft {
  readonly name: string
  readonly id: string
  readonly partitions: PartitionImage[]
}

type Topics = Pick<MetadataImageParts, 'topicsByName' | 'topicsById' | 'configsByType' | 'illegalTopics'>

export class TopicDrafts {
  private byName: LayeredMap<string, TopicDraft>
  private byId: LayeredMap<string, TopicDraft>
  private configs = new Map<number, LayeredMap<string, string[]>>()
  /** Names of topics that are passed over, by id. */
  private illegal: ReadonlyMap<string, string>
  private shared = false
  /** What was made since the last freeze; meaningless before the first, when everything was. */
  private readonly fresh = new Set<object>()
  private frozenOnce: boolean
  /** Topics that got a partition out of turn: looked over for gaps before they are shown. */
  private readonly unordered = new Set<TopicDraft>()

  /** On top of an image's topics, which stay as they are: nothing of them is changed in place. */
  constructor(base: Topics) {
    this.byName = LayeredMap.on(base.topicsByName as ReadonlyMap<string, TopicDraft>)
    this.byId = LayeredMap.on(base.topicsById as ReadonlyMap<string, TopicDraft>)
    this.illegal = base.illegalTopics
    for (const [type, resources] of base.configsByType) {
      this.configs.set(type, LayeredMap.on(resources as ReadonlyMap<string, string[]>))
    }
    this.frozenOnce = this.byId.size > 0 || this.configs.size > 0
  }

  /** What there is, from now on never changed. */
  freeze(): Topics {
    for (const topic of this.unordered) {
      for (let i = 0; i < topic.partitions.length; i++) {
        if (topic.partitions[i] === undefined && this.byId.get(topic.id) === topic) {
          throw new CorruptRecordError(`partition ${i} of topic ${topic.name} is missing in the metadata`, 0)
        }
      }
    }
    this.unordered.clear()
    this.fresh.clear()
    this.frozenOnce = true
    this.shared = true
    return {
      topicsByName: this.byName,
      topicsById: this.byId,
      configsByType: this.configs,
      illegalTopics: this.illegal,
    }
  }

  topic(record: StoredMetadataRecordOf<'TopicRecord'>): void {
    if (!isLegalTopicName(record.name)) {
      this.illegal = new Map([...this.illegal, [record.topicId, record.name]])
      return
    }
    this.unshare()
    const topic: TopicDraft = { name: record.name, id: record.topicId, partitions: [] }
    this.put(topic)
  }

  partition(record: StoredMetadataRecordOf<'PartitionRecord'>, position: number): boolean {
    const partition: PartitionImage = {
      partition: record.partitionId,
      leader: record.leader,
      leaderEpoch: record.leaderEpoch,
      partitionEpoch: record.partitionEpoch,
      leaderRecoveryState: record.leaderRecoveryState,
      replicas: record.replicas,
      isr: record.isr,
      removingReplicas: record.removingReplicas,
      addingReplicas: record.addingReplicas,
      elr: record.eligibleLeaderReplicas ?? NONE,
      lastKnownElr: record.lastKnownElr ?? NONE,
      directories: record.directories,
    }
    return this.putPartition(record.topicId, partition, position)
  }

  /** False when there is no such topic. */
  putPartition(topicId: string, partition: PartitionImage, position: number): boolean {
    const topic = this.writable(topicId)
    if (topic === undefined) return this.illegal.has(topicId)
    const index = partition.partition
    if (index < 0 || index >= MAX_PARTITIONS) {
      throw new CorruptRecordError(`partition ${index} of topic ${topic.name}`, position)
    }
    if (index > topic.partitions.length) this.unordered.add(topic)
    topic.partitions[index] = partition
    return true
  }

  /**
   * False when there is no such partition. A leader that is named, the same one or none, adds one to the leader
   * epoch; every change adds one to the partition epoch.
   */
  partitionChange(record: StoredMetadataRecordOf<'PartitionChangeRecord'>): boolean {
    const topic = this.writable(record.topicId)
    const old = topic?.partitions[record.partitionId]
    if (topic === undefined || old === undefined) return this.illegal.has(record.topicId)
    const newLeader = record.leader !== NO_LEADER_CHANGE
    topic.partitions[record.partitionId] = {
      partition: old.partition,
      leader: newLeader ? record.leader : old.leader,
      leaderEpoch: newLeader ? old.leaderEpoch + 1 : old.leaderEpoch,
      partitionEpoch: old.partitionEpoch + 1,
      leaderRecoveryState:
        record.leaderRecoveryState < 0 ? old.leaderRecoveryState : record.leaderRecoveryState,
      replicas: record.replicas ?? old.replicas,
      isr: record.isr ?? old.isr,
      removingReplicas: record.removingReplicas ?? old.removingReplicas,
      addingReplicas: record.addingReplicas ?? old.addingReplicas,
      elr: record.eligibleLeaderReplicas ?? old.elr,
      lastKnownElr: record.lastKnownElr ?? old.lastKnownElr,
      directories: record.directories ?? old.directories,
    }
    return true
  }

  /** Takes the partitions and the topic's configs with it. */
  remove(topicId: string): void {
    const topic = this.byId.get(topicId)
    if (topic === undefined) {
      if (this.illegal.has(topicId))
        this.illegal = new Map([...this.illegal].filter(([id]) => id !== topicId))
      return
    }
    this.unshare()
    this.byId.delete(topicId)
    if (this.byName.get(topic.name)?.id === topicId) this.byName.delete(topic.name)
    this.resources(CONFIG_RESOURCE.TOPIC).delete(topic.name)
  }

  /** Of one topic, or of all for ''. */
  clearElr(topicName: string): void {
    const names = topicName === '' ? [...this.byName.keys()] : [topicName]
    for (const name of names) {
      const id = this.byName.get(name)?.id
      const topic = id === undefined ? undefined : this.writable(id)
      topic?.partitions.forEach((old, i) => {
        if (old.elr.length === 0 && old.lastKnownElr.length === 0) return
        topic.partitions[i] = {
          ...old,
          elr: NONE,
          lastKnownElr: NONE,
          partitionEpoch: old.partitionEpoch + 1,
        }
      })
    }
  }

  config(record: StoredMetadataRecordOf<'ConfigRecord'>): void {
    this.unshare()
    const resources = this.resources(record.resourceType)
    let pairs = resources.get(record.resourceName)
    if (pairs === undefined || (this.frozenOnce && !this.fresh.has(pairs))) {
      pairs = pairs === undefined ? [] : pairs.slice()
      resources.set(record.resourceName, pairs)
      if (this.frozenOnce) this.fresh.add(pairs)
    }
    let at = 0
    while (at < pairs.length && pairs[at] !== record.name) at += 2
    if (record.value !== null) {
      pairs[at] = record.name
      pairs[at + 1] = record.value
    } else if (at < pairs.length) {
      pairs.splice(at, 2)
      if (pairs.length === 0) resources.delete(record.resourceName)
    } else if (pairs.length === 0) resources.delete(record.resourceName)
  }

  /** The topic, in a form that may be changed. */
  private writable(topicId: string): TopicDraft | undefined {
    const topic = this.byId.get(topicId)
    if (topic === undefined || !this.frozenOnce || this.fresh.has(topic)) return topic
    this.unshare()
    const copy: TopicDraft = { name: topic.name, id: topic.id, partitions: topic.partitions.slice() }
    this.put(copy)
    return copy
  }

  private put(topic: TopicDraft): void {
    this.byId.set(topic.id, topic)
    this.byName.set(topic.name, topic)
    if (this.frozenOnce) this.fresh.add(topic)
  }

  private resources(type: number): LayeredMap<string, string[]> {
    let resources = this.configs.get(type)
    if (resources === undefined) {
      resources = LayeredMap.on(new Map())
      this.configs.set(type, resources)
    }
    return resources
  }

  /** Copies the maps before the first change after a freeze. */
  private unshare(): void {
    if (!this.shared) return
    this.shared = false
    this.byName = this.byName.copy()
    this.byId = this.byId.copy()
    const configs = new Map<number, LayeredMap<string, string[]>>()
    for (const [type, resources] of this.configs) configs.set(type, resources.copy())
    this.configs = configs
  }
}
