/** The order in which Kafka's consumer asks for its partitions, and so gets them: that of a HashMap. */
import { javaHashOrder, javaPartitionHash } from '../../java/java-hash.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'

/** `sorted` by topic and partition. */
export function fetchOrder<P extends TopicPartition>(sorted: readonly P[]): P[] {
  return javaHashOrder(
    sorted,
    ({ topic, partition }) => javaPartitionHash(topic, partition),
    undefined,
    sorted.length,
  )
}
