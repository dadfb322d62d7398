/** A shell on the metadata log. */
import { notHere } from './absent-tools.ts'

export const command = notHere(
  'metadata-shell',
  'A shell on the metadata log.',
  'is not built yet; tkafka dump-log --cluster-metadata-decoder --files SEGMENT prints what is in the metadata log',
)
