/**
 * The record types of the coordinators' internal topics, for showing them whole: fields in the order in which Kafka prints
 * them as JSON, int64s with all their bits. (What tkafka itself works with is in offset-messages.ts and
 * transaction-log-messages.ts.) The key begins with the record type and is never flexible, the value with its version.
 */
import { exact } from './exact.ts'
import * as group from './generated/group-coordinator.ts'
import * as share from './generated/share-coordinator.ts'
import * as transaction from './generated/transaction-coordinator.ts'
import type { MessageSchema } from './schema.ts'

export interface CoordinatorRecord {
  readonly key: MessageSchema
  readonly value: MessageSchema
}

/** By record type. */
export type CoordinatorRecords = Readonly<Record<number, CoordinatorRecord>>

export const GROUP_METADATA_TYPE = group.GROUP_METADATA_KEY.apiKey

/** All of `__consumer_offsets`: classic, consumer, share and streams groups. */
export const GROUP_RECORDS = recordsOf(group)
export const SHARE_GROUP_RECORDS = only(GROUP_RECORDS, /^ShareGroup/)
export const STREAMS_GROUP_RECORDS = only(GROUP_RECORDS, /^StreamsGroup/)
/** All of `__share_group_state`. */
export const SHARE_STATE_RECORDS = recordsOf(share)
/** All of `__transaction_state`. */
export const TRANSACTION_LOG_RECORDS = recordsOf(transaction)

function recordsOf(schemas: Readonly<Record<string, MessageSchema>>): CoordinatorRecords {
  const byName = new Map(Object.values(schemas).map((schema) => [schema.name, schema]))
  const records: Record<number, CoordinatorRecord> = {}
  for (const [name, key] of byName) {
    const value = byName.get(name.replace(/Key$/, 'Value'))
    if (name.endsWith('Key') && value !== undefined)
      records[key.apiKey] = { key: exact(key), value: exact(value) }
  }
  return records
}

function only(records: CoordinatorRecords, name: RegExp): CoordinatorRecords {
  return Object.fromEntries(Object.entries(records).filter(([, { key }]) => name.test(key.name)))
}
