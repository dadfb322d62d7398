/** Starts a Kafka broker; here there is nothing to start. */
import { nothingToDo } from './absent-tool.ts'

export const command = nothingToDo(
  'server-start',
  'Starts a Kafka broker; here there is nothing to start.',
  'there is nothing to start; the tools work straight on the data directory (tkafka status shows which one)',
)
