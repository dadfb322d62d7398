import fs from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { controlRecordTypeOf } from '../../src/record/control-record.ts'
import type { Codec } from '../../src/record/record.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { scanBatches } from '../support/batch-scan.ts'
import type { Fixture, FixtureRecord } from '../support/fixtures.ts'
import { manifestBytes, unpackFixture } from '../support/fixtures.ts'

/** Every batch that genuine Kafka wrote, against what its own consumer returned for it. */

const fixtures: Fixture[] = []
afterAll(() => {
  for (const fixture of fixtures) fixture.remove()
})

function logsOf(dir: string, topicPartition: string): Buffer[] {
  const folder = path.join(dir, topicPartition)
  const logs = fs.readdirSync(folder).filter((file) => file.endsWith('.log'))
  return logs.sort().map((file) => fs.readFileSync(path.join(folder, file)))
}

function batchesOf(log: Buffer): RecordBatch[] {
  const batches: RecordBatch[] = []
  const scan = scanBatches(
    log,
    0,
    log.length,
    (position) => void batches.push(new RecordBatch(log, position)),
    {
      crc: true,
    },
  )
  expect(scan.problem).toBeUndefined()
  expect(scan.validEnd).toBe(log.length)
  return batches
}

function decoded(batch: RecordBatch): FixtureRecord[] {
  return [...batch.records()].map((record) => ({
    offset: record.offset,
    timestamp: record.timestamp,
    timestamp_type: batch.timestampType,
    ...manifestBytes('key', record.key),
    ...manifestBytes('value', record.value),
    ...(record.headers.length === 0
      ? {}
      : {
          headers: record.headers.map(({ key, value }) => [key, value?.toString('base64') ?? null] as const),
        }),
    leader_epoch: batch.partitionLeaderEpoch,
  }))
}

describe.each(['codecs', 'records', 'transactions', 'compacted', 'segments', 'upgraded-3.9'])(
  'fixture %s',
  (name) => {
    const fixture = unpackFixture(name)
    fixtures.push(fixture)
    const folders = fs.readdirSync(fixture.dir).filter((entry) => /-\d+$/.test(entry))
    const batches = folders.flatMap((folder) => logsOf(fixture.dir, folder).flatMap(batchesOf))

    test('every record of every topic is decoded as Kafka’s consumer returned it', () => {
      let compared = 0
      for (const [topic, { internal, partitions }] of Object.entries(fixture.manifest.topics)) {
        if (internal) continue
        for (const { partition, records = [], log_start_offset } of partitions) {
          const found = logsOf(fixture.dir, `${topic}-${partition}`)
            .flatMap(batchesOf)
            .filter((batch) => !batch.isControl)
            .flatMap(decoded)
            .filter((record) => record.offset >= log_start_offset)
          expect(found, `${topic}-${partition}`).toEqual(records)
          compared += found.length
        }
      }
      expect(compared).toBeGreaterThan(50)
    })

    test('the visitor sees the same records as the objects', () => {
      for (const batch of batches) {
        const visited: unknown[] = []
        batch.visit(({ offset, timestamp, key, value, headersCount }) => {
          visited.push([
            offset,
            timestamp,
            key?.toString('latin1') ?? null,
            value?.toString('latin1') ?? null,
            headersCount,
          ])
        })
        const objects = [...batch.records()].map((r) => [
          r.offset,
          r.timestamp,
          r.key?.toString('latin1') ?? null,
          r.value?.toString('latin1') ?? null,
          r.headers.length,
        ])
        expect(visited).toEqual(objects)
      }
    })

    test('a batch built anew from its records and header has the same header and records', () => {
      for (const batch of batches) {
        const again = new RecordBatch(rebuilt(batch))
        expect(again.isValid()).toBe(true)
        expect(headerOf(again)).toEqual(headerOf(batch))
        if (batch.compression !== 'none' || batch.timestampType === 'LogAppendTime') {
          expect(decoded(again)).toEqual(decoded(batch))
        } else expect(again.bytes().equals(batch.bytes()), 'byte for byte').toBe(true)
      }
    })

    test('control records have a type that is known', () => {
      const types = batches
        .filter((batch) => batch.isControl && batch.count > 0)
        .flatMap((batch) => [...batch.records()])
        .map((record) => controlRecordTypeOf(record.key))
      expect(types).not.toContain('UNKNOWN')
    })
  },
)

test('the codecs fixture holds every codec', () => {
  const fixture = unpackFixture('codecs')
  fixtures.push(fixture)
  const codecs = new Set<Codec>()
  for (const folder of fs.readdirSync(fixture.dir).filter((entry) => /-\d+$/.test(entry))) {
    for (const log of logsOf(fixture.dir, folder))
      for (const batch of batchesOf(log)) codecs.add(batch.compression)
  }
  expect([...codecs].sort()).toEqual(['gzip', 'lz4', 'none', 'snappy', 'zstd'])
})

function rebuilt(batch: RecordBatch): Buffer {
  const builder = new RecordBatchBuilder({
    codec: batch.compression,
    timestampType: batch.timestampType,
    logAppendTime: batch.maxTimestamp,
    baseOffset: batch.baseOffset,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    transactional: batch.isTransactional,
    control: batch.isControl,
    leaderEpoch: batch.partitionLeaderEpoch,
    deleteHorizonMs: batch.deleteHorizonMs,
    baseTimestamp: batch.baseTimestamp,
    maxTimestamp: batch.count === 0 ? batch.maxTimestamp : undefined,
  })
  batch.visit((record) => builder.appendStored(record))
  builder.lastOffset = batch.lastOffset
  return builder.build()
}

function headerOf(batch: RecordBatch): unknown {
  const { baseOffset, lastOffset, partitionLeaderEpoch, attributes, baseTimestamp, maxTimestamp } = batch
  const { producerId, producerEpoch, baseSequence, lastSequence, count, deleteHorizonMs } = batch
  return {
    ...{ baseOffset, lastOffset, partitionLeaderEpoch, attributes, baseTimestamp, maxTimestamp },
    ...{ producerId, producerEpoch, baseSequence, lastSequence, count, deleteHorizonMs },
  }
}
