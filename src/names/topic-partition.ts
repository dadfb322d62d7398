/** The nouns that Admin, Producer and Consumer share, under Kafka's names. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** `topic-partition`, the key of maps and the name of the partition's folder. */
export function topicPartitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`
}
