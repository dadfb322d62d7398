/** Stops a Kafka broker; here there is nothing to stop. */
import { nothingToDo } from './absent-tools.ts'

export const command = nothingToDo(
  'server-stop',
  'Stops a Kafka broker; here there is nothing to stop.',
  'there is nothing to stop; no process runs between two commands',
)
