/** Prints JMX metrics of a running broker. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'jmx',
  'Prints JMX metrics of a running broker.',
  'needs a running Kafka broker: a data directory has no JMX metrics',
)
