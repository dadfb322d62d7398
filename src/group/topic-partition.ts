/** The group layer's view of a partition; the same shape as the client's. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** `topic-partition`, the key of maps. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`
}

export function comparePartitions(a: TopicPartition, b: TopicPartition): number {
  return a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition
}
