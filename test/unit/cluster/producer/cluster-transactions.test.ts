import { afterEach, describe, expect, test } from 'vitest'
import { ClusterClient } from '../../../../src/cluster/cluster-client.ts'
import { clusterSettings } from '../../../../src/cluster/cluster-settings.ts'
import { ClusterProducer } from '../../../../src/cluster/producer/cluster-producer.ts'
import * as requests from '../../../../src/message/generated/requests.ts'
import { systemClock } from '../../../../src/os/clock.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'
import { FakeLogCluster, type ProduceCall } from '../../../support/fake-log-cluster.ts'
import { FakeTransactions, type Trouble } from '../../../support/fake-transactions.ts'

const open: ClusterProducer[] = []

afterEach(async () => {
  for (const producer of open.splice(0)) await producer.close().catch(() => {})
})

function transactional(version: number) {
  const cluster = new FakeLogCluster(2)
  const coordinator = new FakeTransactions(cluster, version)
  const logs = cluster.topic('t', 1, 2)
  const config = {
    ...{ 'transactional.id': 'id', 'retry.backoff.ms': '1', 'retry.backoff.max.ms': '5' },
    'max.block.ms': '1000',
  }
  const [{ host, port }] = cluster.brokers
  const settings = clusterSettings([{ host, port }], config, { clientId: 'test', apiTimeoutMs: 2000 })
  const client = new ClusterClient({ sockets: cluster.sockets, clock: systemClock }, settings)
  const producer = new ClusterProducer(client, config)
  open.push(producer)
  const send = (value: string, partition = 0) => producer.send({ topic: 't', partition, value })
  return { cluster, coordinator, logs, producer, send, values: () => logs.map((log) => log.values) }
}

const INVALID_EPOCH = 47
const CONCURRENT = 51
const INVALID_RECORD = 87
const NOT_COORDINATOR = 16

describe.each([2, 0])('a transactional producer, with transaction.version %i', (version) => {
  test('sends batches of the transaction, and what takes a partition and a group into it (15)', async () => {
    const { cluster, coordinator, producer, send, values } = transactional(version)
    const seen: ProduceCall[] = []
    cluster.fate = (call) => {
      seen.push(call)
      return 'store'
    }
    await producer.initTransactions()
    for (const value of ['a', 'b']) {
      await producer.beginTransaction()
      await Promise.all([send(value), send(value, 1)])
      await producer.sendOffsetsToTransaction([{ topic: 'in', partition: 3, offset: 9 }], { groupId: 'g' })
      await producer.commitTransaction()
    }
    expect(values()).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    expect(coordinator.ends).toEqual(version === 2 ? ['commit 0', 'commit 1'] : ['commit 0', 'commit 0'])
    const once = ['t-0', 't-1', 'g']
    expect(coordinator.added.sort()).toEqual(version === 2 ? [] : [...once, ...once].sort())
    const offset = `in-3:9 v${version === 2 ? 5 : 4}`
    expect(coordinator.offsets).toEqual([offset, offset])
    for (const { parts } of seen)
      for (const { records } of parts) {
        const batch = new RecordBatch(records)
        expect(batch.isTransactional).toBe(true)
        expect(batch.producerId).toBe(7)
      }
    const produced = cluster.brokers.flatMap((broker) =>
      broker.seen.filter(({ name }) => name === 'ProduceRequest'),
    )
    expect(new Set(produced.map(({ body }) => body.transactionalId))).toEqual(new Set(['id']))
    expect(produced.every((one) => (version === 2 ? one.version > 11 : one.version <= 11))).toBe(true)
  })

  test('an abort drops what was not sent, and a lost batch leaves an abort alone (15)', async () => {
    const { cluster, coordinator, producer, send, values } = transactional(version)
    await producer.initTransactions()
    await producer.beginTransaction()
    await send('aborted')
    const dropped = expect(send('dropped')).rejects.toThrow('Failing batch since transaction was aborted')
    await new Promise((resolve) => queueMicrotask(() => queueMicrotask(() => resolve(undefined))))
    await producer.abortTransaction()
    await dropped

    cluster.fate = () => INVALID_RECORD
    await producer.beginTransaction()
    await expect(send('refused')).rejects.toMatchObject({ code: 'INVALID_RECORD' })
    await expect(send('behind it')).rejects.toMatchObject({ code: 'INVALID_RECORD' })
    await expect(producer.commitTransaction()).rejects.toMatchObject({ code: 'INVALID_RECORD' })
    await producer.abortTransaction()

    cluster.fate = () => 'store'
    await producer.beginTransaction()
    await send('committed')
    await producer.commitTransaction()
    expect(values()[0]).toEqual(['aborted', 'committed'])
    expect(coordinator.ends).toEqual(['abort 0', 'abort 1', 'commit 2'])
  })

  test('a newer producer fences it: it can only be closed (15)', async () => {
    const { cluster, producer, send } = transactional(version)
    await producer.initTransactions()
    await producer.beginTransaction()
    cluster.fate = () => INVALID_EPOCH
    const fenced = {
      code: 'PRODUCER_FENCED',
      message: 'There is a newer producer with the same transactionalId which fences the current one.',
    }
    await send('a').catch(() => {})
    await expect(producer.commitTransaction()).rejects.toMatchObject(fenced)
    await expect(producer.abortTransaction()).rejects.toMatchObject(fenced)
    await expect(producer.beginTransaction()).rejects.toMatchObject(fenced)
    await expect(send('b')).rejects.toMatchObject(fenced)
    await producer.close()
  })

  test.each<[string, Trouble[]]>([
    ['CONCURRENT_TRANSACTIONS', [CONCURRENT, CONCURRENT]],
    ['a coordinator that moved', [NOT_COORDINATOR]],
    ['a connection that breaks', ['drop']],
  ])('each request to a coordinator is made again over %s (15)', async (_, troubles) => {
    const { cluster, coordinator, producer, send, values } = transactional(version)
    for (const request of [
      requests.INIT_PRODUCER_ID_REQUEST,
      requests.ADD_PARTITIONS_TO_TXN_REQUEST,
      requests.ADD_OFFSETS_TO_TXN_REQUEST,
      requests.TXN_OFFSET_COMMIT_REQUEST,
      requests.END_TXN_REQUEST,
    ])
      coordinator.next(request, ...troubles)
    cluster.fate = ({ number }) => (number === 0 ? CONCURRENT : 'store')
    await producer.initTransactions()
    await producer.beginTransaction()
    await send('a')
    await producer.sendOffsetsToTransaction([{ topic: 'in', partition: 3, offset: 9 }], { groupId: 'g' })
    await producer.commitTransaction()
    expect(values()[0]).toEqual(['a'])
    expect(coordinator.ends).toEqual(['commit 0'])
    expect(coordinator.offsets.length).toBe(1)
  })

  test('an end whose answer was lost is asked for again, and happens once (15)', async () => {
    const { coordinator, producer, send, values } = transactional(2)
    await producer.initTransactions()
    for (const value of ['a', 'b']) {
      coordinator.next(requests.END_TXN_REQUEST, 'forget')
      await producer.beginTransaction()
      await send(value)
      await producer.commitTransaction()
    }
    expect(values()[0]).toEqual(['a', 'b'])
    expect(coordinator.ends).toEqual(['commit 0', 'commit 1'])
  })

  test('calls that are not in turn are refused, and an empty transaction asks nobody (15)', async () => {
    const { coordinator, producer, send } = transactional(version)
    await expect(send('a')).rejects.toThrow('before completing a call to initTransactions')
    await producer.initTransactions()
    await expect(producer.commitTransaction()).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    await producer.beginTransaction()
    await producer.commitTransaction()
    await producer.beginTransaction()
    await producer.abortTransaction()
    await expect(send('a')).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    expect(coordinator.ends).toEqual([])
  })
})
