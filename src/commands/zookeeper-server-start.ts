/** Starts ZooKeeper; here there is nothing to start. */
import { nothingToDo } from './absent-tools.ts'

export const command = nothingToDo(
  'zookeeper-server-start',
  'Starts ZooKeeper; here there is nothing to start.',
  'there is nothing to start; neither tkafka nor Kafka 4 has a ZooKeeper',
)
