/** A shell for ZooKeeper, which is gone since Kafka 4. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'zookeeper-shell',
  'A shell for ZooKeeper, which is gone since Kafka 4.',
  'there is no ZooKeeper to talk to: Kafka 4 has none; tkafka topics, configs and cluster tell what stood there',
)
