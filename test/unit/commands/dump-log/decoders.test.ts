import { describe, expect, test } from 'vitest'
import { classDecoder, STRING_DECODER } from '../../../../src/commands/dump-log/decoders/class-decoder.ts'
import {
  offsetsDecoder,
  shareGroupStateDecoder,
  transactionLogDecoder,
} from '../../../../src/commands/dump-log/decoders/coordinator-decoder.ts'
import {
  clusterMetadataDecoder,
  remoteLogMetadataDecoder,
} from '../../../../src/commands/dump-log/decoders/framed-decoders.ts'
import { stringJson } from '../../../../src/commands/dump-log/decoders/message-json.ts'
import { javaUtf8 } from '../../../../src/java/java-utf8.ts'
import { encodeAssignment, encodeSubscription } from '../../../../src/message/consumer-protocol.ts'
import { SHARE_STATE_RECORDS } from '../../../../src/message/coordinator-record.ts'
import {
  encodeGroupMetadataKey,
  encodeGroupMetadataValue,
  encodeOffsetCommitKey,
  encodeOffsetCommitValue,
} from '../../../../src/message/offset-messages.ts'
import { encodeTransactionLogKey } from '../../../../src/message/transaction-log-messages.ts'
import { sampleRecords } from '../../../support/sample-messages.ts'

describe('the records of a coordinator', () => {
  test('an offset commit is shown with type, version and every field of that version', () => {
    const key = encodeOffsetCommitKey('g', 'a', 0)
    const value = encodeOffsetCommitValue({ offset: 2, commitTimestamp: 5 }, 3)
    expect(offsetsDecoder().decode(7, key, value)).toEqual({
      key: { text: '{"type":"1","data":{"group":"g","topic":"a","partition":0}}', json: true },
      value: {
        text: '{"version":"3","data":{"offset":2,"leaderEpoch":-1,"metadata":"","commitTimestamp":5}}',
        json: true,
      },
    })
  })

  test('a member of a classic group is shown with its subscription and assignment, not their bytes', () => {
    const members = [
      {
        memberId: 'm',
        clientId: 'c',
        clientHost: '/h',
        sessionTimeout: 1,
        subscription: encodeSubscription({ topics: ['a'], userData: null }, 1),
        assignment: encodeAssignment(
          { assignedPartitions: [{ topic: 'a', partitions: [0, 1] }], userData: null },
          0,
        ),
      },
    ]
    const group = { protocolType: 'consumer', generation: 1, protocol: 'range', leader: 'm', members }
    const { value } = offsetsDecoder().decode(0, encodeGroupMetadataKey('g'), encodeGroupMetadataValue(group))
    expect(value?.text).toContain('"subscription":{"topics":["a"],"userData":null,"ownedPartitions":[]}')
    expect(value?.text).toContain(
      '"assignment":{"assignedPartitions":[{"topic":"a","partitions":[0,1]}],"userData":null}',
    )
  })

  test('a tombstone, an unknown type and damaged bytes each have their words', () => {
    const decoder = transactionLogDecoder()
    expect(decoder.decode(0, encodeTransactionLogKey('t'), null).value).toEqual({ text: '<DELETE>' })
    expect(decoder.decode(3, Buffer.from([0, 9]), null)).toEqual({
      key: { text: 'Unknown record type 9 at offset 3, skipping.' },
    })
    const damaged = decoder.decode(4, encodeTransactionLogKey('t'), Buffer.from([0, 1, 0]))
    expect(damaged.key?.text).toMatch(
      /^Error at offset 4, skipping\. Could not read record with version 1 from value/,
    )
    expect(damaged.value).toBeUndefined()
  })

  test('a record without a key ends the dump', () => {
    expect(() => shareGroupStateDecoder().decode(5, null, null)).toThrow(
      'Failed to decode message at offset 5 using the specified decoder (message had a missing key)',
    )
  })

  test('numbers beyond 2^53 keep every digit', () => {
    const full = sampleRecords(SHARE_STATE_RECORDS)[1]
    expect(shareGroupStateDecoder().decode(0, full.key, full.value).value?.text).toContain(
      '"startOffset":9223372036854775806',
    )
  })
})

describe('framed records', () => {
  test('a metadata record is shown under the name of its type', () => {
    const value = Buffer.from([1, 12, 0, 2, 0x66, 0, 3, 0])
    expect(clusterMetadataDecoder().decode(0, null, value)).toEqual({
      value: {
        text: '{"type":"FEATURE_LEVEL_RECORD","version":0,"data":{"name":"f","featureLevel":3}}',
        json: true,
      },
    })
  })

  test.each([
    ['', 'Error while reading frame version'],
    ['00', 'Could not deserialize metadata record with frame version 0. '],
    ['02', 'unknown frame version 2(only frame version 1 is supported)'],
    ['ffff03', 'Value for frame version was too large.'],
    ['016300', 'Unknown metadata id 99'],
    ['010c00', 'Failed to deserialize record with type 12'],
    ['010c000266000300ff', 'Found 1 byte(s) of garbage after 12'],
  ])('bytes %s that are none: %s', (hex, words) => {
    const { value } = clusterMetadataDecoder().decode(6, null, Buffer.from(hex, 'hex'))
    expect(value?.text).toContain('Error at 6, skipping. ')
    expect(value?.text).toContain(words)
  })

  test('a remote segment whose end lies before its start is refused as by Kafka', () => {
    const { value } = remoteLogMetadataDecoder().decode(6, null, Buffer.from([1, 9, 0]))
    expect(value?.text).toBe('Error at offset 6, skipping. Unknown metadata id 9')
  })
})

describe('text', () => {
  test('JSON strings are escaped as Jackson does', () => {
    expect(stringJson('a\u001f\n"\\u001f\u007f')).toBe('"a\\u001F\\n\\"\\\\u001f\u007f"')
  })

  test.each([
    ['eda080', 1],
    ['e280', 1],
    ['e08080', 3],
    ['f09f98', 1],
    ['f4908080', 4],
    ['ff', 1],
  ])('bytes %s become %i replacement characters', (hex, count) => {
    expect(javaUtf8(Buffer.from(hex, 'hex'))).toBe('\ufffd'.repeat(count))
  })

  test.each([
    ['IntegerDecoder', 3],
    ['LongDecoder', 2],
    ['DoubleDecoder', 7],
  ])(
    '%s on %i bytes ends the dump, as 4.4.0 does (BufferUnderflowException), in one line (E3)',
    (name, size) => {
      const decoder = classDecoder(STRING_DECODER, `org.apache.kafka.tools.api.${name}`)
      expect(() => decoder.decode(7, null, Buffer.alloc(size))).toThrow(
        new RegExp(`^The value at offset 7 has ${size} bytes; ${name} needs [48]$`),
      )
      expect(decoder.decode(7, null, Buffer.alloc(8)).value?.text).toMatch(/^0/)
    },
  )

  test('a class that is none of Kafka is named', () => {
    expect(() => classDecoder(STRING_DECODER, 'com.example.Mine')).toThrow(
      /com\.example\.Mine is none of Kafka's/,
    )
  })
})
