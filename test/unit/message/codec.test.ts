import { describe, expect, it } from 'vitest'
import { ByteReader } from '../../../src/bytes/byte-reader.ts'
import { ByteWriter } from '../../../src/bytes/byte-writer.ts'
import { CorruptRecordError } from '../../../src/errors.ts'
import { codecOf, type MessageObject } from '../../../src/message/codec.ts'
import { decodeSubscription, encodeSubscription } from '../../../src/message/consumer-protocol.ts'
import { decodeMetadataRecord, encodeMetadataRecord } from '../../../src/message/metadata-records.ts'
import { decodeOffsetCommitValue, decodeOffsetsKey } from '../../../src/message/offset-messages.ts'
import { schema } from '../../../src/message/schema.ts'
import { isUuid, randomUuid, uuidFromBytes, uuidToBytes } from '../../../src/message/uuid.ts'

const SAMPLE = schema(
  'Sample',
  { highestVersion: 2, flexibleSince: 1 },
  {
    name: 'string',
    tags: { type: ['int32'], since: 1, tag: 3, default: [] },
    late: { type: 'int32', since: 2, default: 7 },
  },
)

const encode = (message: MessageObject, version: number): Buffer => {
  const writer = new ByteWriter()
  codecOf(SAMPLE, version).encode(writer, message)
  return writer.toBuffer()
}
const decode = (bytes: Buffer, version: number): MessageObject => {
  const into: MessageObject = {}
  codecOf(SAMPLE, version).decode(new ByteReader(bytes), into)
  return into
}

describe('the codec', () => {
  it('writes what the version has and fills in the rest when reading', () => {
    expect(encode({ name: 'ab' }, 0).toString('hex')).toBe('00026162')
    expect(encode({ name: 'ab' }, 1).toString('hex')).toBe('03616200')
    expect(encode({ name: 'ab' }, 2).toString('hex')).toBe('0361620000000700')
    expect(decode(Buffer.from('00026162', 'hex'), 0)).toEqual({ name: 'ab', tags: [], late: 7 })
  })

  it('leaves out a tagged field that equals its default, and writes tag, size and value of others', () => {
    expect(encode({ name: '', tags: [5] }, 1).toString('hex')).toBe('01' + '01' + '03' + '05' + '0200000005')
  })

  it('steps over tags that it does not know', () => {
    const bytes = Buffer.from('01' + '02' + '01' + '02ffff' + '03' + '05' + '0200000005', 'hex')
    expect(decode(bytes, 1)).toMatchObject({ tags: [5] })
  })

  it('refuses tags out of order, a size that does not fit its value, and too many tags', () => {
    expect(() => decode(Buffer.from('01020300010300', 'hex'), 1)).toThrow(CorruptRecordError)
    expect(() => decode(Buffer.from('01' + '01' + '03' + '06' + '0200000005' + '00', 'hex'), 1)).toThrow(
      '6 bytes',
    )
    expect(() => decode(Buffer.from('01' + '919001', 'hex'), 1)).toThrow('tagged fields')
  })

  it('refuses to write a field that the version does not have', () => {
    expect(() => encode({ name: '', late: 8 }, 1)).toThrow('no field late')
    expect(encode({ name: '', late: 7 }, 1)).toEqual(encode({ name: '' }, 1))
  })

  it('refuses null where none may be, and text that does not fit its length', () => {
    expect(() => decode(Buffer.from('ffff', 'hex'), 0)).toThrow('name is null')
    expect(() => encode({ name: 'x'.repeat(40_000) }, 0)).toThrow('32767')
    expect(() => encode({}, 1)).not.toThrow()
  })
})

describe('newer than known', () => {
  it('metadata records of an unknown type or frame are named, not guessed', () => {
    const bytes = Buffer.from('01630000', 'hex')
    expect(decodeMetadataRecord(bytes, 0, 4)).toEqual({ record: undefined, newer: 'metadata record type 99' })
    expect(decodeMetadataRecord(Buffer.from('02020000', 'hex'), 0, 4).newer).toBe('metadata frame version 2')
  })

  it('a newer version of a known record is read where only tagged fields were added', () => {
    const writer = new ByteWriter()
    encodeMetadataRecord(writer, { type: 'FeatureLevelRecord', name: 'f', featureLevel: 3 }, 0)
    const bytes = writer.toBuffer()
    bytes[2] = 9
    const withTag = Buffer.concat([bytes.subarray(0, -1), Buffer.from('01050101', 'hex')])
    expect(decodeMetadataRecord(withTag, 0, withTag.length)).toEqual({
      record: { type: 'FeatureLevelRecord', name: 'f', featureLevel: 3 },
      newer: 'FeatureLevelRecord version 9',
    })
    const withField = Buffer.concat([bytes, Buffer.from([1, 2, 3])])
    expect(decodeMetadataRecord(withField, 0, withField.length)).toEqual({
      record: undefined,
      newer: 'FeatureLevelRecord version 9',
    })
  })

  it('group record types that are not known are told by number, values of newer versions refused', () => {
    expect(decodeOffsetsKey(Buffer.from('00630001', 'hex'))).toEqual({ type: 'Unknown', recordType: 99 })
    expect(() => decodeOffsetCommitValue(Buffer.from('0005000000', 'hex'))).toThrow('version 5')
  })

  it('a newer subscription is read as far as it is known', () => {
    const bytes = Buffer.concat([
      encodeSubscription({ topics: ['a'], userData: null, rackId: 'r' }),
      Buffer.from([1, 2]),
    ])
    bytes.writeInt16BE(9, 0)
    expect(decodeSubscription(bytes)).toMatchObject({ version: 9, topics: ['a'], rackId: 'r' })
  })
})

describe('uuids', () => {
  it('are 16 bytes and 22 characters', () => {
    const bytes = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
    expect(uuidFromBytes(bytes, 0)).toBe('AAECAwQFBgcICQoLDA0ODw')
    expect(uuidToBytes('AAECAwQFBgcICQoLDA0ODw')).toEqual(bytes)
    expect(() => uuidToBytes('short')).toThrow(RangeError)
    expect([isUuid('AAECAwQFBgcICQoLDA0ODw'), isUuid('AAECAwQFBgcICQoLDA0OD/'), isUuid('x')]).toEqual([
      true,
      false,
      false,
    ])
  })

  it('made anew never begin with a dash', () => {
    const dashes = [Buffer.alloc(16, 0xfb), Buffer.alloc(16, 1)]
    expect(randomUuid(() => dashes.shift()!)).toBe('AQEBAQEBQQGBAQEBAQEBAQ')
  })
})
