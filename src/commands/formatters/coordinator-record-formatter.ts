import { ByteReader } from '../../bytes/byte-reader.ts'
import { CorruptRecordError } from '../../errors.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import type { Field, FieldOptions, Fields, FieldType, MessageSchema } from '../../message/schema.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import type { MessageFormatter } from '../message-formatter.ts'
import { type CoordinatorRecord, FORMATTER_RECORDS } from './coordinator-records.ts'
import type { OutputBuffer } from './output-buffer.ts'

/**
 * Records of a coordinator's internal topic as JSON, one object a record and no line end between them, as the genuine
 * formatters print them. Records of types that the formatter does not show are passed over.
 */
export class CoordinatorRecordFormatter implements MessageFormatter {
  readonly problems: readonly string[] = []
  readonly #records: Readonly<Record<number, CoordinatorRecord>>
  readonly #types: readonly number[] | undefined

  /** `name` is a key of FORMATTER_RECORDS. */
  constructor(name: string) {
    const { records, types } = FORMATTER_RECORDS[name]
    this.#records = records
    this.#types = types
  }

  batch(): void {}

  record(
    offset: number,
    _timestamp: number,
    buffer: Buffer,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    _headersStart: number,
    _headersCount: number,
    output: OutputBuffer,
  ): void {
    if (keyEnd < 0) return
    try {
      const key = new ByteReader(buffer, keyStart, keyEnd)
      const type = key.int16()
      const record = this.#records[type]
      if (record === undefined || this.#types?.includes(type) === false) return
      const value =
        valueEnd < 0 ? 'null' : valueJson(record.value, new ByteReader(buffer, valueStart, valueEnd))
      output.text(`{"key":{"type":${type},"data":${jsonOf(record.key, 0, key)}},"value":${value}}`)
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
  return structJson(schema.fields, version, message)
}

/** Fields that the version has, in the table's order; tagged ones only when they are not at their default. */
function structJson(fields: Fields, version: number, message: MessageObject): string {
  if ('$high' in fields) return wholeInt64(message)
  const json: string[] = []
  for (const name of Object.keys(fields)) {
    const field = optionsOf(fields[name])
    const value = message[name]
    const isPresent = version >= (field.since ?? 0) && version <= (field.until ?? Number.POSITIVE_INFINITY)
    if (!isPresent || (field.tag !== undefined && isDefault(value, field))) continue
    json.push(`"${name}":${fieldJson(field.type, version, value)}`)
  }
  return `{${json.join(',')}}`
}

function fieldJson(type: FieldType, version: number, value: unknown): string {
  if (value === null) return 'null'
  if (isArray(type)) {
    return `[${(value as unknown[]).map((element) => fieldJson(type[0], version, element)).join(',')}]`
  }
  if (typeof type === 'object') return structJson(type.struct, version, value as MessageObject)
  // As Jackson writes binary nodes.
  return JSON.stringify(type === 'bytes' ? (value as Buffer).toString('base64') : value)
}

/** See WHOLE_INT64. */
function wholeInt64({ $high, $low }: MessageObject): string {
  return String((BigInt($high as number) << 32n) | BigInt(($low as number) >>> 0))
}

function optionsOf(field: Field): FieldOptions {
  return typeof field === 'object' && 'type' in field ? field : { type: field }
}

function isArray(type: FieldType): type is readonly [FieldType] {
  return Array.isArray(type)
}

function isDefault(value: unknown, { type, default: standard }: FieldOptions): boolean {
  return value === (standard ?? (type === 'uuid' ? ZERO_UUID : 0))
}
