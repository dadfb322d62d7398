import { ByteWriter } from '../../src/bytes/byte-writer.ts'
import { codecOf, type MessageObject } from '../../src/message/codec.ts'
import type { CoordinatorRecords } from '../../src/message/coordinator-record.ts'
import type { Field, FieldOptions, Fields, FieldType, MessageSchema } from '../../src/message/schema.ts'

/** Which values a sample has: as large as they get, nulls and empty lists, or defaults. */
export type SampleKind = 'full' | 'sparse' | 'default'

export const SAMPLE_KINDS: readonly SampleKind[] = ['full', 'sparse', 'default']

const STRING = 'a "quoted" \\ word,\ttab \u0001 \u001f \u007f é \u2028 😀'

/** Key and value of every record type at every version that the tables have, tombstones too. */
export function sampleRecords(records: CoordinatorRecords): { key: Buffer; value: Buffer | null }[] {
  return Object.entries(records).flatMap(([type, { key, value }]) => {
    const keyBytes = encode(key, 0, 'full', new ByteWriter(64).int16(Number(type)))
    const values: (Buffer | null)[] = [null]
    for (let version = value.lowestVersion; version <= value.highestVersion; version++) {
      for (const kind of SAMPLE_KINDS)
        values.push(encode(value, version, kind, new ByteWriter(64).int16(version)))
    }
    return values.map((bytes) => ({ key: keyBytes, value: bytes }))
  })
}

/** Values framed as those of the metadata log are. */
export function sampleFramedValues(layouts: readonly MessageSchema[]): Buffer[] {
  return layouts.flatMap((layout) => {
    const values: Buffer[] = []
    for (let version = layout.lowestVersion; version <= layout.highestVersion; version++) {
      for (const kind of SAMPLE_KINDS) {
        const writer = new ByteWriter(64).uvarint(1).uvarint(layout.apiKey).uvarint(version)
        values.push(encode(layout, version, kind, writer))
      }
    }
    return values
  })
}

function encode(layout: MessageSchema, version: number, kind: SampleKind, writer: ByteWriter): Buffer {
  codecOf(layout, version).encode(writer, sample(layout.fields, version, kind))
  return Buffer.from(writer.toBuffer())
}

function sample(fields: Fields, version: number, kind: SampleKind): MessageObject {
  const message: MessageObject = {}
  for (const [name, field] of Object.entries(fields)) {
    const options = optionsOf(field)
    const isPresent =
      version >= (options.since ?? 0) && version <= (options.until ?? Number.POSITIVE_INFINITY)
    if (!isPresent) continue
    if (kind === 'default' && options.default !== undefined) continue
    message[name] = kind === 'sparse' && options.nullable ? null : value(options.type, version, kind)
  }
  return message
}

function value(type: FieldType, version: number, kind: SampleKind): unknown {
  const isFull = kind === 'full'
  if (Array.isArray(type)) return isFull ? [value(type[0], version, kind), value(type[0], version, kind)] : []
  if (typeof type === 'object') return sample((type as { struct: Fields }).struct, version, kind)
  switch (type) {
    case 'string':
      return isFull ? STRING : ''
    case 'bytes':
      return isFull ? Buffer.from([0, 1, 0xfe, 0xff]) : Buffer.alloc(0)
    case 'uuid':
      return isFull ? '-_8gZyNaQ3WHhxpc0vEJbA' : 'AAAAAAAAAAAAAAAAAAAAAA'
    case 'bool':
      return isFull
    case 'bigint64':
      return isFull ? 0x7ffffffffffffffen : 1n
    case 'int64':
    case 'wide64':
      return isFull ? Number.MAX_SAFE_INTEGER : 1
    case 'float64':
      return isFull ? 1.05e7 : 0.1
    default:
      return isFull ? { int8: 2, int16: 300, uint16: 65535, int32: 2147483647 }[type as 'int8'] : 1
  }
}

function optionsOf(field: Field): FieldOptions {
  return typeof field === 'object' && 'type' in field ? field : { type: field as FieldType }
}
