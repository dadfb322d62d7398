/**
 * A schema whose int64s are bigints, for showing every bit of them: the tables of generated/ read them as numbers, which is
 * what tkafka computes with and what throws above 2^53.
 */
import type { Field, FieldOptions, Fields, FieldType, MessageSchema } from './schema.ts'

export function exact(schema: MessageSchema): MessageSchema {
  return { ...schema, fields: exactFields(schema.fields) }
}

function exactFields(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, exactField(field)]))
}

function exactField(field: Field): Field {
  if (!isOptions(field)) return exactType(field)
  const type = exactType(field.type)
  return type === 'bigint64' && typeof field.default === 'number'
    ? { ...field, type, default: BigInt(field.default) }
    : { ...field, type }
}

function exactType(type: FieldType): FieldType {
  if (typeof type === 'string') return type === 'int64' ? 'bigint64' : type
  return isArray(type) ? [exactType(type[0])] : { struct: exactFields(type.struct) }
}

function isOptions(field: Field): field is FieldOptions {
  return typeof field === 'object' && 'type' in field
}

function isArray(type: FieldType): type is readonly [FieldType] {
  return Array.isArray(type)
}
