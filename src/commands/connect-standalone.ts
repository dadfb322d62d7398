/** Runs Kafka Connect; that needs a running cluster. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'connect-standalone',
  'Runs Kafka Connect; that needs a running cluster.',
  'Kafka Connect needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
)
