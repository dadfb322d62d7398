/** Reads as a member of a share group. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'console-share-consumer',
  'Reads as a member of a share group.',
  'share consumers are not built yet; tkafka console-consumer --group shares partitions among members, not records',
)
