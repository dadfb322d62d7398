/** A share consumer that reports as JSON. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'verifiable-share-consumer',
  'A share consumer that reports as JSON.',
  'share consumers are not built yet; tkafka verifiable-consumer is the one for consumer groups',
)
