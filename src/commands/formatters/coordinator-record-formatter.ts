/** Formatters of the records in __consumer_offsets and its siblings, as JSON like the genuine ones. */
import { ByteReader } from '../../bytes/byte-reader.ts'
import { CorruptRecordError } from '../../errors.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import {
  type CoordinatorRecords,
  GROUP_RECORDS,
  SHARE_GROUP_RECORDS,
  SHARE_STATE_RECORDS,
  TRANSACTION_LOG_RECORDS,
} from '../../message/coordinator-record.ts'
import type { MessageSchema } from '../../message/schema.ts'
import type { RecordView } from '../../record/record-view.ts'
import { messageJson } from '../dump-log/decoders/message-json.ts'
import type { MessageFormatter } from './message-formatter.ts'
import type { OutputBuffer } from './output-buffer.ts'

/** What each formatter shows: its coordinator's records, of these types only (undefined: all). */
const FORMATTER_RECORDS: Readonly<
  Record<string, { readonly records: CoordinatorRecords; readonly types?: readonly number[] }>
> = {
  OffsetsMessageFormatter: { records: GROUP_RECORDS, types: [0, 1] },
  GroupMetadataMessageFormatter: { records: GROUP_RECORDS, types: [2] },
  ShareGroupMessageFormatter: { records: SHARE_GROUP_RECORDS },
  TransactionLogMessageFormatter: { records: TRANSACTION_LOG_RECORDS },
  'group.share.ShareGroupStateMessageFormatter': { records: SHARE_STATE_RECORDS },
}

/**
 * Records of a coordinator's internal topic as JSON, one object a record and no line end between them, as the genuine
 * formatters print them. Records of types that the formatter does not show are passed over.
 */
export class CoordinatorRecordFormatter implements MessageFormatter {
  readonly problems: readonly string[] = []
  readonly #records: CoordinatorRecords
  readonly #types: readonly number[] | undefined

  /** `name` is a key of FORMATTER_RECORDS. */
  constructor(name: string) {
    const { records, types } = FORMATTER_RECORDS[name]
    this.#records = records
    this.#types = types
  }

  batch(): void {}

  record(record: RecordView, output: OutputBuffer): void {
    const { offset, buffer, keyStart, keyEnd, valueStart, valueEnd } = record
    if (keyEnd < 0) return
    try {
      const key = new ByteReader(buffer, keyStart, keyEnd)
      const type = key.int16()
      const schemas = this.#records[type]
      if (schemas === undefined || this.#types?.includes(type) === false) return
      const value =
        valueEnd < 0 ? 'null' : valueJson(schemas.value, new ByteReader(buffer, valueStart, valueEnd))
      output.text(`{"key":{"type":${type},"data":${jsonOf(schemas.key, 0, key)}},"value":${value}}`)
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      throw new CorruptRecordError(
        `Could not read record at offset ${offset} due to: ${error.detail}`,
        error.position,
      )
    }
  }
}

function valueJson(schema: MessageSchema, reader: ByteReader): string {
  const at = reader.position
  const version = reader.int16()
  if (version < schema.lowestVersion || version > schema.highestVersion) {
    throw new CorruptRecordError(`${schema.name} has no version ${version}`, at)
  }
  return `{"version":${version},"data":${jsonOf(schema, version, reader)}}`
}

function jsonOf(schema: MessageSchema, version: number, reader: ByteReader): string {
  const message: MessageObject = {}
  codecOf(schema, version).decode(reader, message)
  return messageJson(schema.fields, version, message)
}
