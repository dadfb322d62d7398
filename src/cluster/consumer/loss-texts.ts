/** What is said of records that were read, or were to be read, and are not in the leader's log. */
import { TerseError } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'

export interface Divergence {
  /** Up to here the leader's log is the one that was read. */
  readonly offset: number
  readonly epoch: number
}

/** Where auto.offset.reset=none leaves it to the caller to go on. In Kafka's words. */
export function truncatedError(
  fetched: TopicPartition & { readonly fetchOffset: number; readonly fetchEpoch: number },
  { offset, epoch }: Divergence,
): TerseError {
  const { topic, partition, fetchOffset, fetchEpoch } = fetched
  const position = `fetchOffset=${fetchOffset}, fetchEpoch=Optional[${fetchEpoch}]`
  return new TerseError(
    `Detected truncated partitions: [(partition=${topic}-${partition}, ${position}, divergentOffset=${offset}, divergentEpoch=${epoch})]`,
  )
}

/** @param read behind the last record that was read */
export function truncatedText({ topic, partition }: TopicPartition, offset: number, read: number): string {
  return `${topic}-${partition}: the leader's log has other records from offset ${offset} on than the ones up to ${read} that were read before: it was truncated; reading goes on at ${offset}`
}

/** @param lost where reading was to go on */
export function behindEndText({ topic, partition }: TopicPartition, lost: number, position: number): string {
  return `${topic}-${partition}: offset ${lost} is behind the end of the log; reading goes on at ${position}`
}
