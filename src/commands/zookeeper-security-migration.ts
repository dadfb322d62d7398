/** Migrates ZooKeeper ACLs; ZooKeeper is gone since Kafka 4. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'zookeeper-security-migration',
  'Migrates ZooKeeper ACLs; ZooKeeper is gone since Kafka 4.',
  'there is no ZooKeeper to migrate: Kafka 4 has none',
)
