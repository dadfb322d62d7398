/** Mirrors clusters; that needs running clusters. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'connect-mirror-maker',
  'Mirrors clusters; that needs running clusters.',
  'mirroring needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
)
