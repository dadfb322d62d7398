/**
 * Compiles a schema at a version into a decoder and an encoder made of closures.
 *
 * Decoding is bounded by the bytes that are there: counts are checked against what is left before anything is
 * allocated, arrays hold at most a million elements, a struct at most ten thousand tagged fields, and what is wrong
 * is a CorruptRecordError with the position. Tags that are not known are stepped over.
 */
import type { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { type Int64, readExactInt64 } from '../bytes/int64.ts'
import { count as counted } from '../count.ts'
import { CorruptRecordError } from '../errors.ts'
import type { Field, FieldOptions, Fields, FieldType, MessageSchema, PrimitiveType } from './schema.ts'
import { uuidFromBytes, uuidToBytes, ZERO_UUID } from './uuid.ts'

const MAX_ELEMENTS = 1_000_000
const MAX_TAGGED_FIELDS = 10_000

/** Shared by all empty arrays; messages are read only. */
const EMPTY: readonly never[] = []

type Decode = (reader: ByteReader) => unknown
type Encode = (writer: ByteWriter, value: never) => void
export type MessageObject = Record<string, unknown>

/** A value for a field that the version lacks, which may not be left out in silence. */
export class FieldNotInVersion extends RangeError {
  readonly field: string

  constructor(field: string, version: number) {
    super(`version ${version} has no field ${field}`)
    this.field = field
  }
}

export interface MessageCodec {
  /** Fills `into` with every field of the message. */
  decode(reader: ByteReader, into: MessageObject): void
  /** Fields that the version does not have must be left out or equal to their default. */
  encode(writer: ByteWriter, message: Readonly<MessageObject>): void
}

const compiled = new WeakMap<MessageSchema, Map<number, MessageCodec>>()

/** The codec of one version, compiled at first use. The version must be one that the schema knows. */
export function codecOf(schema: MessageSchema, version: number): MessageCodec {
  let versions = compiled.get(schema)
  if (versions === undefined) {
    versions = new Map()
    compiled.set(schema, versions)
  }
  let codec = versions.get(version)
  if (codec === undefined) {
    if (version < schema.lowestVersion || version > schema.highestVersion) {
      throw new RangeError(`${schema.name} has no version ${version}`)
    }
    codec = compileStruct(schema.fields, version, version >= schema.flexibleSince)
    versions.set(version, codec)
  }
  return codec
}

interface FieldCodec {
  readonly name: string
  readonly present: boolean
  readonly ignorable: boolean
  readonly tag: number
  readonly decode: Decode
  readonly encode: Encode
  /** Value where the bytes have none; arrays are shared, they are never changed. */
  readonly default: unknown
}

function compileStruct(fields: Fields, version: number, flexible: boolean): MessageCodec {
  const all = Object.keys(fields).map((name) => compileField(name, fields[name], version, flexible))
  const plain = all.filter((field) => field.present && field.tag < 0)
  const absent = all.filter((field) => !field.present)
  const tagged = all.filter((field) => field.present && field.tag >= 0).sort((a, b) => a.tag - b.tag)
  const unset = [...absent, ...tagged]
  return {
    decode(reader, into) {
      for (let i = 0; i < plain.length; i++) into[plain[i].name] = plain[i].decode(reader)
      for (let i = 0; i < unset.length; i++) into[unset[i].name] = unset[i].default
      if (flexible) decodeTagged(reader, tagged, into)
    },
    encode(writer, message) {
      for (const field of plain) {
        const value = message[field.name] === undefined ? field.default : message[field.name]
        field.encode(writer, value as never)
      }
      for (const field of absent) {
        if (field.ignorable) continue
        const value = message[field.name]
        if (value !== undefined && !isDefault(value, field.default)) {
          throw new FieldNotInVersion(field.name, version)
        }
      }
      if (flexible) encodeTagged(writer, tagged, message)
    },
  }
}

function decodeTagged(reader: ByteReader, tagged: readonly FieldCodec[], into: MessageObject): void {
  const at = reader.position
  const count = reader.uvarint()
  if (count === 0) return
  if (count > MAX_TAGGED_FIELDS) throw new CorruptRecordError(`${count} tagged fields`, at)
  let previous = -1
  for (let i = 0; i < count; i++) {
    const tagAt = reader.position
    const tag = reader.uvarint()
    if (tag <= previous) throw new CorruptRecordError(`tagged field ${tag} behind ${previous}`, tagAt)
    previous = tag
    const size = reader.uvarint()
    const end = reader.skip(size) + size
    const field = tagged.find((candidate) => candidate.tag === tag)
    if (field === undefined) continue
    reader.position = end - size
    into[field.name] = field.decode(reader)
    if (reader.position !== end) {
      throw new CorruptRecordError(`tagged field ${tag} is not ${counted(size, 'byte')} long`, tagAt)
    }
  }
}

function encodeTagged(
  writer: ByteWriter,
  tagged: readonly FieldCodec[],
  message: Readonly<MessageObject>,
): void {
  const set = tagged.filter((field) => {
    const value = message[field.name]
    return value !== undefined && !isDefault(value, field.default)
  })
  writer.uvarint(set.length)
  for (const field of set) {
    const value = new ByteWriter(32)
    field.encode(value, message[field.name] as never)
    writer.uvarint(field.tag).uvarint(value.position).bytes(value.view())
  }
}

function compileField(name: string, field: Field, version: number, flexibleMessage: boolean): FieldCodec {
  const options: FieldOptions = isOptions(field) ? field : { type: field }
  const { type } = options
  const flexible = flexibleMessage && options.inflexible !== true
  const nullable = options.nullable === true && version >= (options.nullableSince ?? 0)
  const isTagged = options.tag !== undefined && version >= (options.tagSince ?? 0)
  const isTaggedStruct = isTagged && nullable && typeof type === 'object' && !isArray(type)
  const ownDefault = nullable ? null : zeroOf(type)
  const decode = decoderOf(type, version, flexible, nullable && !isTaggedStruct, name)
  const encode = encoderOf(type, version, flexible, nullable && !isTaggedStruct, name)
  return {
    name,
    present: version >= (options.since ?? 0) && version <= (options.until ?? Number.POSITIVE_INFINITY),
    ignorable: options.ignorable === true,
    tag: isTagged ? (options.tag ?? -1) : -1,
    decode: isTaggedStruct ? taggedStructDecoder(decode) : decode,
    encode: isTaggedStruct ? taggedStructEncoder(encode) : encode,
    default: options.default === undefined ? ownDefault : options.default,
  }
}

/** Whether a nullable struct is there is said by an int8 elsewhere (-1 or 1), in a tagged field by a uvarint (0 or 1). */
function taggedStructDecoder(decode: Decode): Decode {
  return (reader) => (reader.uvarint() === 0 ? null : decode(reader))
}

function taggedStructEncoder(encode: Encode): Encode {
  return (writer, value) => {
    writer.uvarint(value === null ? 0 : 1)
    if (value !== null) encode(writer, value)
  }
}

function isOptions(field: Field): field is FieldOptions {
  return typeof field === 'object' && 'type' in field
}

function isArray(type: FieldType): type is readonly [FieldType] {
  return Array.isArray(type)
}

function zeroOf(type: FieldType): unknown {
  if (isArray(type)) return EMPTY
  if (typeof type === 'object') return undefined
  switch (type) {
    case 'bool':
      return false
    case 'string':
      return ''
    case 'uuid':
      return ZERO_UUID
    case 'bytes':
      return Buffer.alloc(0)
    case 'bigint64':
      return 0n
    default:
      return 0
  }
}

function isDefault(value: unknown, standard: unknown): boolean {
  if (Array.isArray(value) && Array.isArray(standard)) return value.length === 0 && standard.length === 0
  if (value instanceof Uint8Array && standard instanceof Uint8Array) return value.length === 0
  return value === standard
}

function decoderOf(
  type: FieldType,
  version: number,
  flexible: boolean,
  nullable: boolean,
  name: string,
): Decode {
  if (isArray(type)) {
    const element = decoderOf(type[0], version, flexible, false, name)
    const minimumSize = minimumSizeOf(type[0])
    return (reader) => {
      const at = reader.position
      const count = flexible ? reader.uvarint() - 1 : reader.int32()
      if (count < 0) return nothing(nullable, name, at)
      if (count === 0) return EMPTY
      if (count > MAX_ELEMENTS) throw new CorruptRecordError(`${name} has ${count} elements`, at)
      reader.checkCount(count, minimumSize)
      const values = new Array<unknown>(count)
      for (let i = 0; i < count; i++) values[i] = element(reader)
      return values
    }
  }
  if (typeof type === 'object') {
    const codec = compileStruct(type.struct, version, flexible)
    return (reader) => {
      if (nullable && reader.int8() < 0) return null
      const into: MessageObject = {}
      codec.decode(reader, into)
      return into
    }
  }
  switch (type) {
    case 'string':
      return (reader) => {
        const at = reader.position
        const size = flexible ? reader.uvarint() - 1 : reader.int16()
        return size < 0 ? nothing(nullable, name, at) : reader.utf8(size)
      }
    case 'bytes':
      return (reader) => {
        const at = reader.position
        const size = flexible ? reader.uvarint() - 1 : reader.int32()
        return size < 0 ? nothing(nullable, name, at) : reader.bytes(size)
      }
    case 'uuid':
      return (reader) => uuidFromBytes(reader.buffer, reader.skip(16))
    case 'bool':
      return (reader) => reader.int8() !== 0
    case 'wide64':
      return (reader) => readExactInt64(reader.buffer, reader.skip(8))
    default:
      return (reader) => reader[type]()
  }
}

function nothing(nullable: boolean, name: string, position: number): null {
  if (!nullable) throw new CorruptRecordError(`${name} is null`, position)
  return null
}

/** Least bytes of one element, to check counts before allocating. */
function minimumSizeOf(type: FieldType): number {
  if (typeof type !== 'string') return 1
  const sizes: Partial<Record<PrimitiveType, number>> = {
    int16: 2,
    uint16: 2,
    int32: 4,
    int64: 8,
    bigint64: 8,
    wide64: 8,
    float64: 8,
    uuid: 16,
  }
  return sizes[type] ?? 1
}

function encoderOf(
  type: FieldType,
  version: number,
  flexible: boolean,
  nullable: boolean,
  name: string,
): Encode {
  const writeCount = (writer: ByteWriter, count: number) => {
    if (flexible) writer.uvarint(count + 1)
    else writer.int32(count)
  }
  const checkNull = (value: unknown) => {
    if (value === undefined || (value === null && !nullable)) throw new RangeError(`${name} is missing`)
  }
  if (isArray(type)) {
    const element = encoderOf(type[0], version, flexible, false, name)
    return (writer, values: readonly never[] | null) => {
      checkNull(values)
      writeCount(writer, values === null ? -1 : values.length)
      for (const value of values ?? []) element(writer, value)
    }
  }
  if (typeof type === 'object') {
    const codec = compileStruct(type.struct, version, flexible)
    return (writer, value: Readonly<MessageObject> | null) => {
      checkNull(value)
      if (nullable) writer.int8(value === null ? -1 : 1)
      if (value !== null) codec.encode(writer, value)
    }
  }
  switch (type) {
    case 'string':
      return (writer, value: string | null) => {
        checkNull(value)
        const size = value === null ? -1 : Buffer.byteLength(value)
        if (flexible) writer.uvarint(size + 1)
        else if (size > 0x7fff) throw new RangeError(`${name} is longer than 32767 bytes`)
        else writer.int16(size)
        if (value !== null) writer.utf8(value)
      }
    case 'bytes':
      return (writer, value: Uint8Array | null) => {
        checkNull(value)
        writeCount(writer, value === null ? -1 : value.length)
        if (value !== null) writer.bytes(value)
      }
    case 'uuid':
      return (writer, value: string) => {
        checkNull(value)
        writer.bytes(uuidToBytes(value))
      }
    case 'bool':
      return (writer, value: boolean) => writer.int8(value ? 1 : 0)
    case 'bigint64':
    case 'wide64':
      return (writer, value: Int64) => {
        checkNull(value)
        writer.int64(value)
      }
    default:
      return (writer, value: number) => {
        checkNull(value)
        writer[type](value)
      }
  }
}
