/** Manages plugins of Kafka Connect. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'connect-plugin-path',
  'Manages plugins of Kafka Connect.',
  'plugins of Kafka Connect are Java classes; use the script of a Kafka installation',
)
