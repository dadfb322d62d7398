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
  return (file, position, record) => {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = record
    const wrong = (problem: string): void =>
      report.add(place, {
        severity: 'error',
        kind: 'bad-record',
        file,
        position,
        problem: `record ${record.offset}: ${problem}`,
        meaning: 'a broker that loads it fails or skips it; what it said does not count',
        mend: 'commit the offsets again (consumer-groups --reset-offsets); the next compaction removes it',
      })
    try {
      if (keyEnd < 0) return wrong('no key')
      if (topic === TRANSACTION_TOPIC) {
        const id = decodeTransactionLogKey(buffer, keyStart, keyEnd)
        if (id !== undefined && valueEnd >= 0) decodeTransactionLogValue(buffer, valueStart, valueEnd)
        return
      }
      const name = decodeOffsetsKey(buffer, keyStart, keyEnd)
      if (name.type === 'Unknown') return
      const right = offsetsPartitionFor(name.group, partitionCount)
      if (right !== partition) {
        return wrong(`group ${name.group} belongs into partition ${right}`)
      }
      if (valueEnd < 0) return
      if (name.type === 'OffsetCommit') decodeOffsetCommitValue(buffer, valueStart, valueEnd)
      else if (name.type === 'GroupMetadata') decodeGroupMetadataValue(buffer, valueStart, valueEnd)
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      wrong(error.detail)
    }
  }
}
