/** Random messages of any schema, for fast-check. */
import fc from 'fast-check'
import { toInt64 } from '../../src/bytes/int64.ts'
import type { Field, FieldOptions, FieldType, MessageSchema } from '../../src/message/schema.ts'

export const int = (bits: number) => fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
export const uuid = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((b) => Buffer.from(b).toString('base64url'))
export const bytes = fc.uint8Array({ maxLength: 20 }).map((b) => Buffer.from(b))
export const text = fc.string({ unit: 'grapheme', maxLength: 20 })

const ZEROS: Readonly<Record<string, unknown>> = {
  uuid: 'AAAAAAAAAAAAAAAAAAAAAA',
  bigint64: 0n,
  bool: false,
  string: '',
}

function arbitraryOf(type: FieldType, version: number): fc.Arbitrary<unknown> {
  if (Array.isArray(type)) return fc.array(arbitraryOf(type[0] as FieldType, version), { maxLength: 4 })
  if (typeof type === 'object') return messageOf((type as { struct: Record<string, Field> }).struct, version)
  switch (type) {
    case 'bool':
      return fc.boolean()
    case 'int8':
      return int(8)
    case 'int16':
      return int(16)
    case 'uint16':
      return fc.nat(0xffff)
    case 'int32':
      return int(32)
    case 'int64':
      return fc.maxSafeInteger()
    case 'wide64':
      return fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(toInt64))
    case 'bigint64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'float64':
      return fc.double({ noNaN: true })
    case 'uuid':
      return uuid
    case 'bytes':
      return bytes
    default:
      return text
  }
}

/** Every field; those that the version lacks have their default. */
export function messageOf(fields: Readonly<Record<string, Field>>, version: number): fc.Arbitrary<object> {
  const entries = Object.entries(fields).map(([name, field]) => {
    const options: FieldOptions =
      typeof field === 'object' && 'type' in field ? (field as FieldOptions) : { type: field as FieldType }
    const there = version >= (options.since ?? 0) && version <= (options.until ?? Number.POSITIVE_INFINITY)
    const value = arbitraryOf(options.type, version)
    const zero = Array.isArray(options.type) ? [] : (ZEROS[String(options.type)] ?? 0)
    if (!there) return [name, fc.constant(options.default ?? (options.nullable ? null : zero))] as const
    return [name, options.nullable ? fc.option(value, { nil: null }) : value] as const
  })
  return fc.record(Object.fromEntries(entries))
}

export const versionsOf = ({ lowestVersion, highestVersion }: MessageSchema): number[] =>
  Array.from({ length: highestVersion - lowestVersion + 1 }, (_, n) => lowestVersion + n)
