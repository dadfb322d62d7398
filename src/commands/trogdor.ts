/** Kafka's test framework; it needs a running cluster. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'trogdor',
  "Kafka's test framework; it needs a running cluster.",
  'the test framework needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
)
