/** Keys and values of `__transaction_state`. */
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { CorruptRecordError } from '../errors.ts'
import { codecOf, type MessageObject } from './codec.ts'
import { TRANSACTION_LOG_KEY, TRANSACTION_LOG_VALUE } from './generated/transaction-coordinator.ts'
import type { MessageInputOf, MessageOf } from './schema.ts'

export const TRANSACTION_STATUS = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
] as const

export type TransactionLogValue = { readonly version: number } & MessageOf<typeof TRANSACTION_LOG_VALUE>

/** The transactional id; undefined for a key of a type that is not known. */
export function decodeTransactionLogKey(buffer: Buffer, start = 0, end = buffer.length): string | undefined {
  const reader = new ByteReader(buffer, start, end)
  if (reader.int16() !== 0) return undefined
  const into: MessageObject = {}
  codecOf(TRANSACTION_LOG_KEY, 0).decode(reader, into)
  return into.transactionalId as string
}

/** Throws CorruptRecordError, also for versions newer than 1. */
export function decodeTransactionLogValue(
  buffer: Buffer,
  start = 0,
  end = buffer.length,
): TransactionLogValue {
  const reader = new ByteReader(buffer, start, end)
  const version = reader.int16()
  if (version < 0 || version > TRANSACTION_LOG_VALUE.highestVersion) {
    throw new CorruptRecordError(`transaction log value of version ${version}`, start)
  }
  const into: MessageObject = { version }
  codecOf(TRANSACTION_LOG_VALUE, version).decode(reader, into)
  return into as TransactionLogValue
}

export function encodeTransactionLogKey(transactionalId: string): Buffer {
  const writer = new ByteWriter(64).int16(0)
  codecOf(TRANSACTION_LOG_KEY, 0).encode(writer, { transactionalId })
  return writer.toBuffer()
}

export function encodeTransactionLogValue(
  value: MessageInputOf<typeof TRANSACTION_LOG_VALUE>,
  version = 1,
): Buffer {
  const writer = new ByteWriter(128).int16(version)
  codecOf(TRANSACTION_LOG_VALUE, version).encode(writer, value)
  return writer.toBuffer()
}
