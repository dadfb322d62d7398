/** Measures share consumers. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'share-consumer-perf-test',
  'Measures share consumers.',
  'share consumers are not built yet; tkafka consumer-perf-test measures consumers',
)
