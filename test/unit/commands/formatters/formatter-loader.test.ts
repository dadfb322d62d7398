import { describe, expect, test } from 'vitest'
import { messageFormatter } from '../../../../src/commands/formatters/formatter-loader.ts'
import { OutputBuffer } from '../../../../src/commands/formatters/output-buffer.ts'
import { UsageError } from '../../../../src/errors.ts'
import type { Codec, RecordHeader } from '../../../../src/record/record.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../../../src/record/record-batch-builder.ts'
import { takingSink } from '../../../support/fake-streams.ts'
import { encodeOffsetCommit, encodeTransactionLog } from './formatter-records.ts'

const PACKAGE = 'org.apache.kafka.tools.consumer.'

interface TestRecord {
  readonly key?: Buffer | string | null
  readonly value?: Buffer | string | null
  readonly headers?: readonly RecordHeader[]
  readonly timestamp?: number
}

const bytesOf = (x: Buffer | string | null | undefined) =>
  typeof x === 'string' ? Buffer.from(x) : (x ?? null)

/** What the formatter prints of records that went through a stored batch. */
async function printed(
  records: readonly TestRecord[],
  properties: Record<string, string> = {},
  options: { formatter?: string; codec?: Codec; capacity?: number } = {},
): Promise<string> {
  const builder = new RecordBatchBuilder({ codec: options.codec ?? 'none', baseOffset: 7 })
  for (const { key, value, headers, timestamp } of records) {
    builder.append(timestamp ?? 1700000000000, bytesOf(key), bytesOf(value), headers ?? [])
  }
  const buffer = builder.build()
  const batch = new RecordBatch(buffer)
  const pieces: Buffer[] = []
  const capacity = options.capacity ?? 1 << 20
  const output = new OutputBuffer(
    takingSink((bytes) => pieces.push(Buffer.from(bytes))),
    capacity,
    capacity,
  )
  const name = PACKAGE + (options.formatter ?? 'DefaultMessageFormatter')
  const formatter = await messageFormatter(name, new Map(Object.entries(properties)))
  let first = true
  batch.visit((record) => {
    const bytes = record.buffer
    if (first) {
      const stored = bytes === buffer
      formatter.batch(
        {
          topic: 'a',
          partition: 3,
          timestampType: 'CreateTime',
          leaderEpoch: 0,
          buffer: bytes,
          start: stored ? 0 : 0,
          end: bytes.length,
        },
        output,
      )
    }
    first = false
    formatter.record(record, output)
  })
  output.flush(true)
  return Buffer.concat(pieces).toString('latin1')
}

describe('DefaultMessageFormatter', () => {
  test('prints values, one a line, with null for a tombstone', async () => {
    expect(await printed([{ value: 'one' }, { value: '' }, { value: null }])).toBe('one\n\nnull\n')
  })

  test('passes bytes that are not UTF-8 unchanged', async () => {
    const value = Buffer.from([0xff, 0x00, 0xfe, 0x80])
    expect(await printed([{ value }])).toBe(`${value.toString('latin1')}\n`)
  })

  test('prints every column in the genuine order', async () => {
    const headers = [
      { key: 'h1', value: Buffer.from('v1') },
      { key: 'h2', value: null },
    ]
    const all = {
      'print.timestamp': 'true',
      'print.partition': 'true',
      'print.offset': 'true',
      'print.delivery': 'true',
      'print.epoch': 'true',
      'print.headers': 'true',
      'print.key': 'true',
    }
    expect(
      await printed(
        [
          { key: 'k', value: 'v', headers },
          { value: 'w', timestamp: 5 },
        ],
        all,
      ),
    ).toBe(
      'CreateTime:1700000000000\tPartition:3\tOffset:7\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\th1:v1,h2:null\tk\tv\n' +
        'CreateTime:5\tPartition:3\tOffset:8\tDelivery:NOT_PRESENT\tEpoch:NOT_PRESENT\tNO_HEADERS\tnull\tw\n',
    )
  })

  test('ends the line behind the last column, whichever that is', async () => {
    const record = { key: 'k', value: 'v', timestamp: 1 }
    const off = { 'print.value': 'false' }
    expect(await printed([record], off)).toBe('')
    expect(await printed([record], { ...off, 'print.key': 'true' })).toBe('k\n')
    expect(await printed([record], { ...off, 'print.headers': 'true' })).toBe('NO_HEADERS\n')
    expect(await printed([record], { ...off, 'print.epoch': 'true' })).toBe('Epoch:NOT_PRESENT\n')
    expect(await printed([record], { ...off, 'print.offset': 'true' })).toBe('Offset:7\n')
    expect(await printed([record], { ...off, 'print.partition': 'true' })).toBe('Partition:3\n')
    expect(await printed([record], { ...off, 'print.timestamp': 'true' })).toBe('CreateTime:1\n')
  })

  test('takes separators and the null literal as they stand', async () => {
    const properties = {
      'print.key': ' TRUE ',
      'key.separator': ' => ',
      'line.separator': '\\n;',
      'null.literal': 'NIL',
      'print.offset': 'yes',
    }
    expect(await printed([{ value: 'v' }, { key: 'k', value: null }], properties)).toBe(
      'NIL => v\\n;k => NIL\\n;',
    )
  })

  test('prints the same from compressed batches', async () => {
    const records = Array.from({ length: 500 }, (_, i) => ({ key: `k${i}`, value: `value ${i}` }))
    const properties = { 'print.key': 'true' }
    const expected = records.map(({ key, value }) => `${key}\t${value}\n`).join('')
    for (const codec of ['none', 'gzip', 'snappy', 'lz4'] as const) {
      expect(await printed(records, properties, { codec })).toBe(expected)
    }
  })

  test('prints the same through a block that is much too small', async () => {
    const values = [10, 1000, 0, 70, 64, 63, 65, 5000].map((n) => 'x'.repeat(n))
    const records = values.map((value) => ({ value }))
    expect(await printed(records, { 'print.offset': 'true' }, { capacity: 64 })).toBe(
      values.map((value, i) => `Offset:${7 + i}\t${value}\n`).join(''),
    )
  })

  test('hands the null literal to a deserializer, as the genuine one does', async () => {
    const properties = { 'value.deserializer': 'org.apache.kafka.common.serialization.IntegerDeserializer' }
    expect(await printed([{ value: null }], properties)).toBe('1853189228\n')
  })

  test('goes on without a deserializer that does not exist, and says so', async () => {
    const properties = new Map([['value.deserializer', 'no.such.Deserializer']])
    const formatter = await messageFormatter(`${PACKAGE}DefaultMessageFormatter`, properties)
    expect(formatter.problems).toEqual(['Unable to instantiate a deserializer from no.such.Deserializer'])
    expect(await printed([{ value: 'v' }], Object.fromEntries(properties))).toBe('v\n')
  })

  test('prints large offsets and timestamps digit by digit', async () => {
    for (const timestamp of [0, 9, 10, 99999, 999999999, 1000000000, 1000000007, 9007199254740991]) {
      expect(await printed([{ value: '', timestamp }], { 'print.timestamp': 'true' })).toBe(
        `CreateTime:${timestamp}\t\n`,
      )
    }
    expect(await printed([{ value: '', timestamp: -1 }], { 'print.timestamp': 'true' })).toBe(
      'CreateTime:-1\t\n',
    )
  })
})

describe('other formatters', () => {
  test('NoOp prints nothing, Logging what the default prints', async () => {
    expect(await printed([{ value: 'v' }], {}, { formatter: 'NoOpMessageFormatter' })).toBe('')
    expect(await printed([{ value: 'v' }], {}, { formatter: 'LoggingMessageFormatter' })).toBe('v\n')
  })

  test('a class that does not exist is refused by its name', async () => {
    await expect(messageFormatter('kafka.tools.DefaultMessageFormatter', new Map())).rejects.toThrow(
      new UsageError('kafka.tools.DefaultMessageFormatter'),
    )
  })

  test('OffsetsMessageFormatter prints commits as JSON and passes other records over', async () => {
    const topicId = 'AAAAAAAAAAEAAAAAAAAAAg'
    const { key, value } = encodeOffsetCommit('g', 't', 2, 5, topicId)
    const group = { key: Buffer.from([0, 2, 0, 1, 0x67]), value: null }
    const options = { formatter: 'OffsetsMessageFormatter' }
    expect(await printed([{ key, value }, group, { key, value: null }], {}, options)).toBe(
      '{"key":{"type":1,"data":{"group":"g","topic":"t","partition":2}},"value":{"version":4,"data":{"offset":5,' +
        `"leaderEpoch":0,"metadata":"","commitTimestamp":1700000000000,"topicId":"${topicId}"}}}` +
        '{"key":{"type":1,"data":{"group":"g","topic":"t","partition":2}},"value":null}',
    )
    expect(await printed([group], {}, { formatter: 'GroupMetadataMessageFormatter' })).toBe(
      '{"key":{"type":2,"data":{"group":"g"}},"value":null}',
    )
  })

  test('TransactionLogMessageFormatter leaves tagged fields out at their defaults', async () => {
    const options = { formatter: 'TransactionLogMessageFormatter' }
    expect(await printed([encodeTransactionLog('tx')], {}, options)).toBe(
      '{"key":{"type":0,"data":{"transactionalId":"tx"}},"value":{"version":1,"data":{"producerId":9,"producerEpoch":3,' +
        '"transactionTimeoutMs":60000,"transactionStatus":4,"transactionPartitions":[],' +
        '"transactionLastUpdateTimestampMs":11,"transactionStartTimestampMs":10,"clientTransactionVersion":2}}}',
    )
  })

  test('a record that is damaged is named by its offset', async () => {
    const key = Buffer.from([0, 1, 0, 9])
    await expect(
      printed([{ key, value: 'x' }], {}, { formatter: 'OffsetsMessageFormatter' }),
    ).rejects.toThrow(/Could not read record at offset 7 due to: /)
  })
})
