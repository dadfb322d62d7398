/**
 * Key and value formats: stored bytes to text and back, for `--key-format`, `--value-format` and the lossless JSON of
 * records. Numbers are big endian, as Kafka's serializers write them.
 */
import { isUtf8 } from 'node:buffer'
import { count } from '../../count.ts'
import { TerseError, UsageError } from '../../errors.ts'

export const FORMATS = [
  'utf8',
  'hex',
  'base64',
  'json',
  'int16',
  'int32',
  'int64',
  'float',
  'double',
  'uuid',
] as const

export type Format = (typeof FORMATS)[number]

/** @throws UsageError naming the flag and what there is */
export function formatOf(flag: string, text: string | undefined): Format | undefined {
  if (text === undefined) return undefined
  const format = FORMATS.find((one) => one === text)
  if (format === undefined)
    throw new UsageError(`--${flag} ${text} is unknown: choose one of ${FORMATS.join(', ')}`, false)
  return format
}

const SIZES: Partial<Record<Format, number>> = { int16: 2, int32: 4, int64: 8, float: 4, double: 8, uuid: 16 }

/** What a JSON field holds: text or a number, or anything for `json`. @throws TerseError when the bytes are not of this format */
export function decoded(bytes: Buffer, format: Format): unknown {
  const size = SIZES[format]
  if (size !== undefined && bytes.length !== size) {
    throw new TerseError(`${count(bytes.length, 'byte is', 'bytes are')} no ${format}, which has ${size}`)
  }
  switch (format) {
    case 'utf8':
      if (!isUtf8(bytes)) throw new TerseError('the bytes are not UTF-8')
      return bytes.toString('utf8')
    case 'hex':
    case 'base64':
      return bytes.toString(format)
    case 'json':
      return parseJson(bytes)
    case 'int16':
      return bytes.readInt16BE(0)
    case 'int32':
      return bytes.readInt32BE(0)
    case 'int64': {
      const value = bytes.readBigInt64BE(0)
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : value.toString()
    }
    case 'float':
      return finite(bytes.readFloatBE(0))
    case 'double':
      return finite(bytes.readDoubleBE(0))
    case 'uuid':
      return uuidText(bytes)
  }
}

/** The same as text for people; what is not of the format is an error. */
export function shown(bytes: Buffer, format: Format): string {
  if (format === 'utf8') return bytes.toString('utf8')
  const value = decoded(bytes, format)
  return typeof value === 'string' && format !== 'json' ? value : JSON.stringify(value)
}

/**
 * Bytes of a field's value.
 * @throws TerseError that says what is wrong with it, without the field's name
 */
export function encoded(value: unknown, format: Format): Buffer {
  switch (format) {
    case 'utf8':
      return Buffer.from(text(value, format), 'utf8')
    case 'hex':
      if (!/^([0-9a-f]{2})*$/i.test(text(value, format))) throw new TerseError('is no hex')
      return Buffer.from(value as string, 'hex')
    case 'base64':
      if (!/^([A-Za-z0-9+/_-]{4})*([A-Za-z0-9+/_-]{2,3}={0,2})?$/.test(text(value, format)))
        throw new TerseError('is no base64')
      return Buffer.from(value as string, 'base64')
    case 'json':
      return Buffer.from(JSON.stringify(value), 'utf8')
    case 'int16':
    case 'int32':
    case 'int64':
      return encodedInteger(value, format)
    case 'float':
    case 'double':
      return encodedFloat(value, format)
    case 'uuid': {
      const hex = text(value, format).replaceAll('-', '')
      if (!/^[0-9a-f]{32}$/i.test(hex)) throw new TerseError('is no UUID')
      return Buffer.from(hex, 'hex')
    }
  }
}

function text(value: unknown, format: Format): string {
  if (typeof value !== 'string') throw new TerseError(`must be text for ${format}, not ${kindOf(value)}`)
  return value
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function encodedInteger(value: unknown, format: 'int16' | 'int32' | 'int64'): Buffer {
  const whole = typeof value === 'number' ? Number.isSafeInteger(value) : /^-?\d{1,20}$/.test(String(value))
  if (!whole) throw new TerseError(`is no ${format}`)
  const big = BigInt(value as number | string)
  const bits = Number(format.slice(3))
  if (BigInt.asIntN(bits, big) !== big) throw new TerseError(`is too large for ${format}`)
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(big, 0)
  return bytes.subarray(8 - bits / 8)
}

function encodedFloat(value: unknown, format: 'float' | 'double'): Buffer {
  const number = typeof value === 'number' ? value : SPECIAL[String(value)]
  if (number === undefined) throw new TerseError(`is no ${format}`)
  const bytes = Buffer.alloc(format === 'float' ? 4 : 8)
  if (format === 'float') bytes.writeFloatBE(number, 0)
  else bytes.writeDoubleBE(number, 0)
  return bytes
}

const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  '-0': -0,
}

/** JSON has no word for some numbers: they are text. */
function finite(value: number): number | string {
  if (Object.is(value, -0)) return '-0'
  return Number.isFinite(value) ? value : String(value)
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new TerseError('the bytes are no JSON')
  }
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
