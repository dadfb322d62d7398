/** Prints JMX metrics of a running broker. */
import { notHere } from './absent-tool.ts'

export const command = notHere(
  'jmx',
  'Prints JMX metrics of a running broker.',
  'needs a running Kafka broker: a data directory has no JMX metrics',
)
