/**
 * Stored messages as the JSON that Kafka's own converters and Jackson make of them: fields that the version has, in the
 * table's order, tagged ones only when they are not at their default; bytes as base64, doubles as Java prints them.
 */

import { javaDouble } from '../../../java/java-number.ts'
import type { MessageObject } from '../../../message/codec.ts'
import type { Field, FieldOptions, Fields, FieldType } from '../../../message/schema.ts'
import { ZERO_UUID } from '../../../message/uuid.ts'

/** JSON that stands for a field's value. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export function messageJson(fields: Fields, version: number, message: MessageObject): string {
  const json: string[] = []
  for (const name of Object.keys(fields)) {
    const field = optionsOf(fields[name])
    const value = message[name]
    const isPresent = version >= (field.since ?? 0) && version <= (field.until ?? Number.POSITIVE_INFINITY)
    if (!isPresent || (field.tag !== undefined && isDefault(value, field))) continue
    json.push(`"${name}":${valueJson(field.type, version, value)}`)
  }
  return `{${json.join(',')}}`
}

/** A string as Jackson writes it: as JSON.stringify, but \u001F in upper case. */
export function stringJson(text: string): string {
  return JSON.stringify(text).replace(/\\\\|\\u00[01][0-9a-f]/g, (escaped) =>
    escaped.length === 2 ? escaped : `\\u${escaped.slice(2).toUpperCase()}`,
  )
}

function valueJson(type: FieldType, version: number, value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof RawJson) return value.text
  if (isArray(type)) {
    return `[${(value as readonly unknown[]).map((element) => valueJson(type[0], version, element)).join(',')}]`
  }
  if (typeof type === 'object') return messageJson(type.struct, version, value as MessageObject)
  switch (type) {
    case 'string':
      return stringJson(value as string)
    case 'bytes':
      return `"${(value as Buffer).toString('base64')}"`
    case 'uuid':
      return `"${String(value)}"`
    case 'float64':
      return Number.isFinite(value) ? javaDouble(value as number) : `"${javaDouble(value as number)}"`
    default:
      return String(value)
  }
}

function optionsOf(field: Field): FieldOptions {
  return typeof field === 'object' && 'type' in field ? field : { type: field }
}

function isArray(type: FieldType): type is readonly [FieldType] {
  return Array.isArray(type)
}

function isDefault(value: unknown, field: FieldOptions): boolean {
  if (Array.isArray(value)) return value.length === 0 && field.default !== null
  if (field.default !== undefined) return value === field.default
  if (field.nullable) return value === null
  switch (field.type) {
    case 'string':
      return value === ''
    case 'uuid':
      return value === ZERO_UUID
    case 'bool':
      return value === false
    case 'bytes':
      return (value as Buffer).length === 0
    case 'bigint64':
      return value === 0n
    default:
      return value === 0
  }
}
