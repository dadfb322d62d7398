/** Kafka's own decoder classes (`--key-decoder-class`, `--value-decoder-class`), under their Java names. */
import { crc32c } from '../../../bytes/crc32c.ts'
import { count } from '../../../count.ts'
import { TerseError } from '../../../errors.ts'
import { javaDouble } from '../../../java/java-number.ts'
import { javaUtf8 } from '../../../java/java-utf8.ts'
import type { Decoded, RecordDecoder } from './record-decoder.ts'

const PACKAGE = 'org.apache.kafka.tools.api.'

export const STRING_DECODER = `${PACKAGE}StringDecoder`

type BytesDecoder = (bytes: Buffer) => Decoded

const DECODERS: Readonly<Record<string, BytesDecoder>> = {
  // Java shows an array by its identity, which is another one at every run; ours follows the content.
  DefaultDecoder: (bytes) => ({ text: `[B@${crc32c(bytes, 0, bytes.length).toString(16)}`, bytes }),
  StringDecoder: (bytes) => ({ text: javaUtf8(bytes), bytes }),
  IntegerDecoder: sized('IntegerDecoder', 4, (bytes) => String(bytes.readInt32BE(0))),
  LongDecoder: sized('LongDecoder', 8, (bytes) => String(bytes.readBigInt64BE(0))),
  DoubleDecoder: sized('DoubleDecoder', 8, (bytes) => javaDouble(bytes.readDoubleBE(0))),
}

/** Throws a TerseError for a class that is none of Kafka's. */
export function classDecoder(keyClass: string, valueClass: string): RecordDecoder {
  const valueDecoder = decoderNamed(valueClass)
  const keyDecoder = decoderNamed(keyClass)
  return {
    decode: (offset, key, value) => ({
      key: key === null ? undefined : part(keyDecoder, key, 'key', offset),
      value: value === null ? undefined : part(valueDecoder, value, 'value', offset),
    }),
  }
}

function decoderNamed(className: string): BytesDecoder {
  const name = className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : ''
  if (Object.hasOwn(DECODERS, name)) return DECODERS[name]
  throw new TerseError(
    `Failed to load decoder class\n${className} is none of Kafka's: ${PACKAGE}{${Object.keys(DECODERS).join(',')}}. Classes of one's own need Java.`,
  )
}

function part(decoder: BytesDecoder, bytes: Buffer, name: string, offset: number): Decoded {
  try {
    return decoder(bytes)
  } catch (error) {
    if (!(error instanceof SizeError)) throw error
    throw new TerseError(
      `The ${name} at offset ${offset} has ${count(bytes.length, 'byte')}; ${error.message}`,
    )
  }
}

class SizeError extends Error {}

/** As in Java, bytes beyond the number are not looked at. */
function sized(name: string, size: number, text: (bytes: Buffer) => string): BytesDecoder {
  return (bytes) => {
    if (bytes.length < size) throw new SizeError(`${name} needs ${size}`)
    return { text: text(bytes) }
  }
}
