/** Resets a streams application. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'streams-application-reset',
  'Resets a streams application.',
  'is not built yet; tkafka consumer-groups --reset-offsets --group APPLICATION-ID resets what it has read',
)
