import { describe, expect, test } from 'vitest'
import { deserializerFor, SerializationError } from '../../../../src/commands/formatters/deserializers.ts'
import { javaDouble, javaFloat } from '../../../../src/java/java-number.ts'

const PACKAGE = 'org.apache.kafka.common.serialization.'

function text(name: string, bytes: Buffer | readonly number[], configs: Record<string, string> = {}): string {
  const deserializer = deserializerFor(PACKAGE + name, new Map(Object.entries(configs)), false)
  if (deserializer === undefined) throw new Error(`no deserializer ${name}`)
  return deserializer(Buffer.from(bytes as number[]))
}

describe('deserializers', () => {
  test('show what the toString of the genuine objects gives', () => {
    const seven = [65, 0, 200, 92, 10, 126, 127]
    expect(text('IntegerDeserializer', [0, 0, 0, 42])).toBe('42')
    expect(text('LongDeserializer', [0x80, 0, 0, 0, 0, 0, 0, 0])).toBe('-9223372036854775808')
    expect(text('ShortDeserializer', [1, 2])).toBe('258')
    expect(text('FloatDeserializer', Buffer.from('null'))).toBe('1.8988725E28')
    expect(text('FloatDeserializer', [0, 0, 0, 42])).toBe('5.9E-44')
    expect(text('DoubleDeserializer', [0, 0, 0, 0, 0, 0, 1, 0])).toBe('1.265E-321')
    expect(text('BooleanDeserializer', [1])).toBe('true')
    expect(text('BytesDeserializer', seven)).toBe('A\\x00\\xC8\\x5C\\x0A~\\x7F')
    expect(text('ByteArrayDeserializer', seven)).toMatch(/^\[B@[0-9a-f]+$/)
    expect(text('ByteBufferDeserializer', seven)).toBe('java.nio.HeapByteBuffer[pos=0 lim=7 cap=7]')
    expect(text('StringDeserializer', Buffer.from('é'))).toBe('é')
    expect(text('StringDeserializer', [0xe9], { 'value.deserializer.encoding': 'ISO-8859-1' })).toBe('é')
    expect(text('StringDeserializer', [0, 0xe9], { 'deserializer.encoding': 'UTF-16' })).toBe('é')
    expect(text('UUIDDeserializer', Buffer.from('1-2-3-4-5'))).toBe('00000001-0002-0003-0004-000000000005')
  })

  test('refuse other lengths in the genuine words', () => {
    const wrong: [string, readonly number[], string][] = [
      ['IntegerDeserializer', [1], 'Size of data received by IntegerDeserializer is not 4'],
      ['LongDeserializer', [], 'Size of data received by LongDeserializer is not 8'],
      ['ShortDeserializer', [1], 'Size of data received by ShortDeserializer is not 2'],
      ['FloatDeserializer', [1], 'Size of data received by Deserializer is not 4'],
      ['DoubleDeserializer', [1], 'Size of data received by Deserializer is not 8'],
      ['BooleanDeserializer', [1, 1], 'Size of data received by BooleanDeserializer is not 1'],
      ['UUIDDeserializer', [1], 'Error parsing data into UUID'],
      ['VoidDeserializer', [], 'Data should be null for a VoidDeserializer.'],
    ]
    for (const [name, bytes, message] of wrong) {
      expect(() => text(name, bytes)).toThrow(new SerializationError(message))
    }
  })

  test('of unknown names there are none, and an encoding must exist', () => {
    expect(deserializerFor('no.such.Deserializer', new Map(), true)).toBeUndefined()
    expect(deserializerFor(`${PACKAGE}toString`, new Map(), true)).toBeUndefined()
    expect(() => text('StringDeserializer', [], { 'deserializer.encoding': 'nonsense' })).toThrow(
      'Unsupported encoding nonsense',
    )
  })
})

describe('numbers as Java prints them', () => {
  test('doubles', () => {
    const expected: [number, string][] = [
      [1, '1.0'],
      [100, '100.0'],
      [1e7, '1.0E7'],
      [9999999.999, '9999999.999'],
      [1e-3, '0.001'],
      [9.999e-4, '9.999E-4'],
      [123456789.125, '1.23456789125E8'],
      [5e-324, '4.9E-324'],
      [1e23, '1.0E23'],
      [-0, '-0.0'],
      [Number.NaN, 'NaN'],
      [Number.NEGATIVE_INFINITY, '-Infinity'],
      [-4.35, '-4.35'],
      [2.2250738585072014e-308, '2.2250738585072014E-308'],
      [1 / 3, '0.3333333333333333'],
    ]
    for (const [value, printed] of expected) expect(javaDouble(value)).toBe(printed)
  })

  test('floats', () => {
    const expected: [number, string][] = [
      [0.1, '0.1'],
      [16777216, '1.6777216E7'],
      [3.4028235e38, '3.4028235E38'],
      [1.4e-45, '1.4E-45'],
      [123456789.125, '1.2345679E8'],
    ]
    for (const [value, printed] of expected) expect(javaFloat(Math.fround(value))).toBe(printed)
  })
})
