import { type Fields, type MessageSchema, schema } from './schema.ts'

/**
 * A record type of a coordinator's internal topic, for showing it whole: fields in the order in which Kafka prints them
 * as JSON, int64s with all their bits. (What tkafka itself works with is in offset-messages.ts and
 * transaction-log-messages.ts.) The key begins with the record type and is never flexible, the value with its version.
 */
export interface CoordinatorRecord {
  readonly key: MessageSchema
  readonly value: MessageSchema
}

/** By record type. */
export type CoordinatorRecords = Readonly<Record<number, CoordinatorRecord>>

export const NEVER_FLEXIBLE = Number.POSITIVE_INFINITY

const KEY = { flexibleSince: NEVER_FLEXIBLE }

export function coordinatorRecord(key: Fields, value: MessageSchema): CoordinatorRecord {
  return { key: schema('Key', KEY, key), value }
}

export const GROUP_KEY: Fields = { groupId: 'string' }
export const MEMBER_KEY: Fields = { groupId: 'string', memberId: 'string' }

/** Since Kafka 4.3 (KIP-1263). */
export const TARGET_ASSIGNMENT_METADATA: Fields = {
  assignmentEpoch: 'int32',
  assignmentTimestamp: { type: 'bigint64', tag: 0, default: 0n },
}
