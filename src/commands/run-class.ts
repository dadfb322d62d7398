/** Runs a Java class of Kafka; for the classes of tools, the tool of that name runs. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'run-class',
  'Runs a Java class of Kafka; for the classes of tools, the tool of that name runs.',
  'there is no JVM here to run a Java class; tkafka --help lists the tools',
)
