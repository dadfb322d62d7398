/**
 * Records of `__consumer_offsets`, `__transaction_state` and `__share_group_state` as the genuine decoders show them:
 * key `{"type":"1","data":{...}}`, value `{"version":"3","data":{...}}`, `<DELETE>` for a tombstone.
 */
import { ByteReader } from '../../../bytes/byte-reader.ts'
import { CorruptRecordError, TerseError } from '../../../errors.ts'
import { codecOf, type MessageObject } from '../../../message/codec.ts'
import {
  type CoordinatorRecords,
  GROUP_METADATA_TYPE,
  GROUP_RECORDS,
  SHARE_STATE_RECORDS,
  TRANSACTION_LOG_RECORDS,
} from '../../../message/coordinator-record.ts'
import {
  CONSUMER_PROTOCOL_ASSIGNMENT as ASSIGNMENT,
  CONSUMER_PROTOCOL_SUBSCRIPTION as SUBSCRIPTION,
} from '../../../message/generated/control.ts'
import type { MessageSchema } from '../../../message/schema.ts'
import { TRANSACTION_STATUS } from '../../../message/transaction-log-messages.ts'
import { messageJson, RawJson } from './message-json.ts'
import type { DecodedRecord, RecordDecoder } from './record-decoder.ts'

export function offsetsDecoder(): RecordDecoder {
  return new CoordinatorDecoder(GROUP_RECORDS, (type, message) => {
    if (type === GROUP_METADATA_TYPE) showMembers(message)
  })
}

export function transactionLogDecoder(): RecordDecoder {
  return new CoordinatorDecoder(TRANSACTION_LOG_RECORDS, (_, message) => {
    // By name since Kafka 4.4.
    const name = TRANSACTION_STATUS[message.transactionStatus as number]
    if (name !== undefined) message.transactionStatus = new RawJson(`"${name}"`)
  })
}

export function shareGroupStateDecoder(): RecordDecoder {
  return new CoordinatorDecoder(SHARE_STATE_RECORDS)
}

class CoordinatorDecoder implements RecordDecoder {
  readonly #records: CoordinatorRecords
  readonly #prepare: (type: number, message: MessageObject) => void

  constructor(
    records: CoordinatorRecords,
    prepare: (type: number, message: MessageObject) => void = () => {},
  ) {
    this.#records = records
    this.#prepare = prepare
  }

  decode(offset: number, key: Buffer | null, value: Buffer | null): DecodedRecord {
    if (key === null) {
      throw new TerseError(
        `Failed to decode message at offset ${offset} using the specified decoder (message had a missing key)`,
      )
    }
    try {
      const type = readVersion(key, 'key')
      const record = this.#records[type]
      if (record === undefined) {
        return { key: { text: `Unknown record type ${type} at offset ${offset}, skipping.` } }
      }
      const keyData = readMessage(record.key, type, key, 'key')
      const keyText = `{"type":"${type}","data":${messageJson(record.key.fields, 0, keyData)}}`
      if (value === null) return { key: { text: keyText, json: true }, value: { text: '<DELETE>' } }
      const version = readVersion(value, 'value')
      const data = readMessage(record.value, version, value, 'value')
      this.#prepare(type, data)
      const valueText = `{"version":"${version}","data":${messageJson(record.value.fields, version, data)}}`
      return { key: { text: keyText, json: true }, value: { text: valueText, json: true } }
    } catch (error) {
      if (!(error instanceof TerseError)) throw error
      return { key: { text: `Error at offset ${offset}, skipping. ${error.message}` } }
    }
  }
}

function readVersion(bytes: Buffer, name: string): number {
  if (bytes.length < 2) throw new TerseError(`Could not read version from ${name}'s buffer.`)
  return bytes.readInt16BE(0)
}

/** A newer version is read as the newest known one, as Kafka's generated code does. */
function readMessage(layout: MessageSchema, version: number, bytes: Buffer, name: string): MessageObject {
  const message: MessageObject = {}
  try {
    codecOf(layout, knownVersion(layout, version)).decode(new ByteReader(bytes, 2), message)
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
    throw new TerseError(
      `Could not read record with version ${version} from ${name}'s buffer due to: ${error.message}.`,
    )
  }
  return message
}

function knownVersion(layout: MessageSchema, version: number): number {
  return Math.max(layout.lowestVersion, Math.min(version, layout.highestVersion))
}

/** Members of a classic consumer group: what they subscribe to and got, in place of its bytes. */
function showMembers(group: MessageObject): void {
  if (group.protocolType !== 'consumer') return
  for (const member of group.members as MessageObject[]) {
    member.subscription = embedded(SUBSCRIPTION, member.subscription as Buffer, 'ownedPartitions')
    member.assignment = embedded(ASSIGNMENT, member.assignment as Buffer, 'assignedPartitions')
  }
}

/** The bytes themselves where they are no such message. */
function embedded(layout: MessageSchema, bytes: Buffer, structs: string): RawJson | Buffer {
  const message: MessageObject = {}
  let version: number
  try {
    version = new ByteReader(bytes).int16()
    codecOf(layout, knownVersion(layout, version)).decode(new ByteReader(bytes, 2), message)
  } catch (error) {
    if (error instanceof CorruptRecordError) return bytes
    throw error
  }
  const isTooNew = version > layout.highestVersion && (message[structs] as unknown[]).length > 0
  return isTooNew ? bytes : new RawJson(messageJson(layout.fields, version, message))
}
