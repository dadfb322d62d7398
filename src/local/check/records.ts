/** Records that mean something by themselves: committed offsets, groups, transactions. */
import { CorruptRecordError } from '../../errors.ts'
import { offsetsPartitionFor } from '../../group/offsets/offsets-topic.ts'
import {
  decodeGroupMetadataValue,
  decodeOffsetCommitValue,
  decodeOffsetsKey,
} from '../../message/offset-messages.ts'
import { decodeTransactionLogKey, decodeTransactionLogValue } from '../../message/transaction-log-messages.ts'
import { OFFSETS_TOPIC, TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { PartitionToCheck } from './partition-facts.ts'
import type { CheckReport, Place } from './report.ts'

/** A check of each record of an internal topic's partition; undefined for other topics. */
export function recordCheck(
  report: CheckReport,
  place: Place,
  partitionCount: number,
): PartitionToCheck['record'] {
  const { topic, partition } = place
  if (topic !== OFFSETS_TOPIC && topic !== TRANSACTION_TOPIC) return undefined
  return (file, position, offset, buffer, key, value) => {
    const wrong = (problem: string): void =>
      report.add(
        'error',
        place,
        'bad-record',
        file,
        position,
        `record ${offset}: ${problem}`,
        'a broker that loads it fails or skips it; what it said does not count',
        'commit the offsets again (consumer-groups --reset-offsets); the next compaction removes it',
      )
    try {
      if (key[1] < 0) return wrong('no key')
      if (topic === TRANSACTION_TOPIC) {
        const id = decodeTransactionLogKey(buffer, key[0], key[1])
        if (id !== undefined && value[1] >= 0) decodeTransactionLogValue(buffer, value[0], value[1])
        return
      }
      const name = decodeOffsetsKey(buffer, key[0], key[1])
      if (name.type === 'Unknown') return
      const right = offsetsPartitionFor(name.group, partitionCount)
      if (right !== partition) {
        return wrong(`group ${name.group} belongs into partition ${right}`)
      }
      if (value[1] < 0) return
      if (name.type === 'OffsetCommit') decodeOffsetCommitValue(buffer, value[0], value[1])
      else if (name.type === 'GroupMetadata') decodeGroupMetadataValue(buffer, value[0], value[1])
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      wrong(error.detail)
    }
  }
}
