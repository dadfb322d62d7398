/** Stops ZooKeeper; here there is nothing to stop. */
import { nothingToDo } from './absent-tools.ts'

export const command = nothingToDo(
  'zookeeper-server-stop',
  'Stops ZooKeeper; here there is nothing to stop.',
  'there is nothing to stop; neither tkafka nor Kafka 4 has a ZooKeeper',
)
