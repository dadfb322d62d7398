/**
 * Kafka's built-in deserializers under their full class names, as far as the console consumer shows them: from stored
 * bytes to the text that the deserialized object's toString gives.
 */
import { UsageError } from '../../errors.ts'
import { javaDouble, javaFloat } from '../../java/java-number.ts'

/** Bytes that the chosen deserializer refuses. */
export class SerializationError extends Error {
  override name = 'SerializationError'
}

export type Deserializer = (bytes: Buffer) => string

const PACKAGE = 'org.apache.kafka.common.serialization.'

/**
 * The deserializer of a Java class name; undefined when Kafka has none of that name.
 * @param configs settings with the deserializer's own prefix taken off
 * @throws UsageError for an encoding that does not exist
 */
export function deserializerFor(
  className: string,
  configs: ReadonlyMap<string, string>,
  isKey: boolean,
): Deserializer | undefined {
  if (!className.startsWith(PACKAGE)) return undefined
  switch (className.slice(PACKAGE.length)) {
    case 'StringDeserializer':
      return stringDeserializer(configs, isKey)
    case 'IntegerDeserializer':
      return sized('IntegerDeserializer', 4, (bytes) => String(bytes.readInt32BE(0)))
    case 'LongDeserializer':
      return sized('LongDeserializer', 8, (bytes) => String(bytes.readBigInt64BE(0)))
    case 'ShortDeserializer':
      return sized('ShortDeserializer', 2, (bytes) => String(bytes.readInt16BE(0)))
    case 'FloatDeserializer':
      return sized('Deserializer', 4, (bytes) => javaFloat(bytes.readFloatBE(0)))
    case 'DoubleDeserializer':
      return sized('Deserializer', 8, (bytes) => javaDouble(bytes.readDoubleBE(0)))
    case 'BooleanDeserializer':
      return sized('BooleanDeserializer', 1, booleanText)
    case 'UUIDDeserializer':
      return uuidText
    case 'BytesDeserializer':
      return bytesText
    case 'ByteArrayDeserializer':
      return (bytes) => `[B@${identityHash(bytes)}`
    case 'ByteBufferDeserializer':
      return (bytes) => `java.nio.HeapByteBuffer[pos=0 lim=${bytes.length} cap=${bytes.length}]`
    case 'VoidDeserializer':
      return () => {
        throw new SerializationError('Data should be null for a VoidDeserializer.')
      }
    default:
      return undefined
  }
}

function sized(name: string, size: number, text: Deserializer): Deserializer {
  return (bytes) => {
    if (bytes.length !== size) throw new SerializationError(`Size of data received by ${name} is not ${size}`)
    return text(bytes)
  }
}

function booleanText(bytes: Buffer): string {
  if (bytes[0] > 1)
    throw new SerializationError(`Unexpected byte received by BooleanDeserializer: ${bytes.readInt8(0)}`)
  return bytes[0] === 1 ? 'true' : 'false'
}

function stringDeserializer(configs: ReadonlyMap<string, string>, isKey: boolean): Deserializer {
  const encoding =
    configs.get(isKey ? 'key.deserializer.encoding' : 'value.deserializer.encoding') ??
    configs.get('deserializer.encoding')
  if (encoding === undefined || /^utf-?8$/i.test(encoding)) return (bytes) => bytes.toString('utf8')
  if (/^(iso-?8859-1|latin1|iso_8859_1)$/i.test(encoding)) return (bytes) => bytes.toString('latin1')
  if (/^(us-)?ascii$/i.test(encoding))
    return (bytes) => bytes.toString('latin1').replace(/[\x80-\xff]/g, '\ufffd')
  if (/^utf-?16$/i.test(encoding)) return utf16
  try {
    const decoder = new TextDecoder(encoding)
    return (bytes) => decoder.decode(bytes)
  } catch {
    throw new UsageError(`Unsupported encoding ${encoding}`)
  }
}

/** Java's UTF-16: the byte order mark decides, big endian without one. */
function utf16(bytes: Buffer): string {
  const little = bytes.length >= 2 && bytes[0] === 0xff && bytes[1] === 0xfe
  return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(bytes)
}

/** java.util.UUID.fromString and back: fields may be short, and are cut when too long. */
function uuidText(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  const fields = text.length <= 36 ? text.split('-') : []
  if (fields.length !== 5 || !fields.every((field) => /^[0-9a-f]{1,15}$/i.test(field))) {
    throw new SerializationError('Error parsing data into UUID')
  }
  return fields
    .map((field, i) => field.toLowerCase().padStart(UUID_FIELDS[i], '0').slice(-UUID_FIELDS[i]))
    .join('-')
}

const UUID_FIELDS = [8, 4, 4, 4, 12]

/** Printable ASCII as it is (a backslash is not), the rest as \xHH. */
function bytesText(bytes: Buffer): string {
  let text = ''
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c
    text += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return text
}

/** Stands for Java's identity hash, which is different at every run; ours follows the content. */
function identityHash(bytes: Buffer): string {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16)
}
