/** The part of Admin that creates, lists, describes, changes and deletes topics. */
export interface NewTopic {
  readonly name: string
  /** undefined: the broker's num.partitions. */
  readonly partitions?: number
  readonly replicationFactor?: number
  /** Broker ids per partition. */
  readonly replicaAssignment?: ReadonlyMap<number, readonly number[]>
  readonly configs?: Readonly<Record<string, string>>
}

export interface TopicDescription {
  readonly name: string
  readonly topicId: string
  readonly internal: boolean
  readonly partitions: readonly PartitionDescription[]
}

export interface PartitionDescription {
  readonly partition: number
  /** undefined: none. A partition at rest shows its replica as leader and in sync, as a running broker would. */
  readonly leader: number | undefined
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly eligibleLeaderReplicas: readonly number[]
  readonly lastKnownElr: readonly number[]
}

export interface TopicAdmin {
  createTopic(topic: NewTopic): Promise<TopicDescription>
  /** Sorted by name. */
  listTopics(): Promise<{ name: string; topicId: string; internal: boolean }[]>
  /** Names of all topics, sorted; with `only`, that one if it is there. Quicker than `listTopics` where there are many. */
  topicNames(only?: string): Promise<string[]>
  describeTopics(names: readonly string[]): Promise<TopicDescription[]>
  describeTopicIds(ids: readonly string[]): Promise<TopicDescription[]>
  createPartitions(
    topic: string,
    totalCount: number,
    assignments?: readonly (readonly number[])[],
  ): Promise<void>
  deleteTopic(name: string): Promise<void>
}
