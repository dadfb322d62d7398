import { afterEach, describe, expect, test } from 'vitest'
import type { ConsumerOptions, ConsumerVisitor } from '../../../../src/client/consumer.ts'
import { ClusterClient } from '../../../../src/cluster/cluster-client.ts'
import { clusterSettings } from '../../../../src/cluster/cluster-settings.ts'
import { ClusterConsumer } from '../../../../src/cluster/consumer/cluster-consumer.ts'
import { FETCH_REQUEST } from '../../../../src/message/generated/requests.ts'
import { systemClock } from '../../../../src/os/clock.ts'
import { endTransactionBatch } from '../../../../src/record/control-record.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'
import { FakeFetchCluster, FakeLog } from '../../../support/fake-fetch-cluster.ts'

const open: ClusterConsumer[] = []
const told: string[] = []

afterEach(async () => {
  for (const consumer of open.splice(0)) await consumer.close().catch(() => {})
  told.length = 0
})

function consumerOn(cluster: FakeFetchCluster, options: ConsumerOptions = {}): ClusterConsumer {
  const config = {
    'retry.backoff.ms': '1',
    'retry.backoff.max.ms': '5',
    'auto.offset.reset': 'earliest',
    ...options.config,
  }
  const [{ host, port }] = cluster.brokers
  const settings = clusterSettings([{ host, port }], config, { clientId: 'test', apiTimeoutMs: 2000 })
  const client = new ClusterClient({ sockets: cluster.sockets, clock: systemClock }, settings)
  const consumer = new ClusterConsumer(client, { ...options, config }, (line) => told.push(line))
  open.push(consumer)
  return consumer
}

/** `p:value` of so many records, or of all up to the end. */
async function read(consumer: ClusterConsumer, count = Number.POSITIVE_INFINITY): Promise<string[]> {
  const values: string[] = []
  while (values.length < count && !consumer.finished) {
    const records = await consumer.poll(2000)
    if (records.length === 0) break
    for (const { partition, value } of records) values.push(`${partition}:${value}`)
  }
  return values
}

/** Of each partition its own, whole and in order. */
function fill(logs: readonly FakeLog[], batches: number): string[][] {
  return logs.map((log, partition) => {
    const values: string[] = []
    for (let i = 0; i < batches; i++) {
      const batch = Array.from({ length: 3 }, (_, j) => `v${i * 3 + j}`)
      log.append(batch)
      values.push(...batch.map((value) => `${partition}:${value}`))
    }
    return values
  })
}

const ofPartition = (values: readonly string[], partition: number) =>
  values.filter((value) => value.startsWith(`${partition}:`))

/** So small that it takes many fetches. */
const small = { 'max.partition.fetch.bytes': '200' }

describe('a consumer on a cluster', () => {
  test('reads each record once and in order from the leaders of its partitions, and then ends', async () => {
    const cluster = new FakeFetchCluster(3)
    const logs = cluster.topic('t', 1, 2, 3, 1, 2, 3)
    const all = fill(logs.slice(0, 5), 20)
    const consumer = consumerOn(cluster, { untilEnd: true, config: small })
    await consumer.subscribe(['t'])
    const values = await read(consumer)
    for (const [partition, expected] of all.entries())
      expect(ofPartition(values, partition)).toEqual(expected)
    expect(values).toHaveLength(300)
    expect(consumer.finished).toBe(true)
  })

  test('says in a fetch only what changed since the one before', async () => {
    const cluster = new FakeFetchCluster(1)
    const [busy] = cluster.topic('t', 1, 1, 1)
    fill([busy], 10)
    const consumer = consumerOn(cluster, { config: small })
    await consumer.subscribe(['t'])
    expect(await read(consumer, 30)).toHaveLength(30)
    const asked = cluster.brokers[0].seen
      .filter(({ name }) => name === FETCH_REQUEST.name)
      .map(({ body }) => body as { sessionEpoch: number; topics: { partitions: unknown[] }[] })
    expect(asked[0].topics[0].partitions).toHaveLength(3)
    expect(asked[1].sessionEpoch).toBe(1)
    expect(asked[1].topics[0].partitions).toHaveLength(1)
  })

  test('reads from brokers that know neither topic ids nor sessions', async () => {
    const cluster = new FakeFetchCluster(1)
    const all = fill(cluster.topic('t', 1), 5)
    cluster.brokers[0].versions.set(FETCH_REQUEST.apiKey, 6)
    cluster.brokers[0].versions.set(3, 9)
    const consumer = consumerOn(cluster, { untilEnd: true, config: small })
    await consumer.subscribe(['t'])
    expect(await read(consumer)).toEqual(all[0])
  })

  test('loses nothing and reads nothing twice when leaders move, connections break and sessions are forgotten', async () => {
    const cluster = new FakeFetchCluster(3)
    const logs = cluster.topic('t', 1, 2, 3)
    const all = fill(logs, 40)
    cluster.fate = ({ number }) => {
      if (number === 7) {
        logs[0].leader = 2
        logs[0].epoch++
      }
      if (number % 11 === 5) return 'drop'
      if (number % 13 === 6) return 70
      return number % 17 === 8 ? 71 : 'serve'
    }
    const consumer = consumerOn(cluster, { config: small })
    await consumer.subscribe(['t'])
    const values = await read(consumer, 360)
    for (const [partition, expected] of all.entries())
      expect(ofPartition(values, partition)).toEqual(expected)
    expect(values).toHaveLength(360)
    expect(told).toEqual([])
  })

  test('what was asked for before a seek does not count', async () => {
    const cluster = new FakeFetchCluster(1)
    const [values] = fill(cluster.topic('t', 1), 30)
    const consumer = consumerOn(cluster, { config: { ...small, 'max.poll.records': '1' } })
    await consumer.assign([{ topic: 't', partition: 0 }])
    for (const offset of [0, 50, 10, 80, 3]) {
      consumer.seek({ topic: 't', partition: 0 }, offset)
      expect(await read(consumer, 2)).toEqual(values.slice(offset, offset + 2))
    }
  })

  test('tells of a corrupt batch where it is reached, and goes on behind it when told to', async () => {
    const cluster = new FakeFetchCluster(1)
    const [log] = cluster.topic('t', 1)
    fill([log], 4)
    log.batches[2][70] ^= 1
    const corrupt: string[] = []
    const consumer = consumerOn(cluster, {
      untilEnd: true,
      skipCorrupt: true,
      onCorrupt: ({ offset, error }) => void corrupt.push(`${offset} ${error.message}`),
    })
    await consumer.subscribe(['t'])
    expect(await read(consumer)).toEqual(
      ['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'v9', 'v10', 'v11'].map((v) => `0:${v}`),
    )
    expect(corrupt).toHaveLength(1)
    expect(corrupt[0]).toMatch(/^6 broker 1 \(broker1:9092\): corrupt record batch at offset 6/)
  })

  test('shows no record of an aborted transaction, also when it comes back to the middle of a chunk', async () => {
    const cluster = new FakeFetchCluster(1)
    const [log] = cluster.topic('t', 1)
    const mine = { producerId: 7, producerEpoch: 0, transactional: true }
    log.append(['no'], { ...mine, baseSequence: 0 })
    log.batches.push(marker('ABORT', log.end))
    log.append(['a'], { ...mine, baseSequence: 1 }).append(['b'], { ...mine, baseSequence: 2 })
    log.batches.push(marker('COMMIT', log.end))
    log.append(['c'])
    log.aborted = [{ producerId: 7, firstOffset: 0 }]
    const consumer = consumerOn(cluster, { untilEnd: true, isolationLevel: 'read_committed' })
    await consumer.subscribe(['t'])
    const seen: string[] = []
    // Stops behind each record.
    const visitor: ConsumerVisitor = {
      batch: () => {},
      record: ({ value }) => {
        seen.push(String(value))
        return false
      },
    }
    while (!consumer.finished && (await consumer.visit(visitor, 2000)) > 0)
      expect(seen.length).toBeLessThan(9)
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('a truncated log is told, and reading goes on where the logs part', async () => {
    const cluster = new FakeFetchCluster(1)
    const [log] = cluster.topic('t', 1)
    fill([log], 4)
    const consumer = consumerOn(cluster)
    await consumer.subscribe(['t'])
    expect(await read(consumer, 12)).toHaveLength(12)
    log.batches.splice(2)
    log.epoch = 2
    log.append(['new'])
    log.diverging = { epoch: 1, endOffset: 6 }
    expect(await read(consumer, 1)).toEqual(['0:new'])
    expect(told).toEqual([
      "t-0: the leader's log has other records from offset 6 on than the ones up to 12 that were read before: it was truncated; reading goes on at 6",
    ])
  })

  test('where records are gone that were to be read next, auto.offset.reset says where to go on', async () => {
    const cluster = new FakeFetchCluster(1)
    const [log] = cluster.topic('t', 1)
    fill([log], 4)
    log.batches.splice(0, 2)
    log.start = 6
    const consumer = consumerOn(cluster)
    await consumer.assign([{ topic: 't', partition: 0 }])
    consumer.seek({ topic: 't', partition: 0 }, 1)
    expect((await read(consumer, 6))[0]).toBe('0:v6')
    expect(told).toEqual([])
    const strict = consumerOn(cluster, { config: { 'auto.offset.reset': 'none' } })
    await strict.assign([{ topic: 't', partition: 0 }])
    strict.seek({ topic: 't', partition: 0 }, 1)
    await expect(strict.poll(2000)).rejects.toThrow(/no reset policy is configured for partitions: \{t-0=1\}/)
  })

  test('a topic that is not there is waited for; who reads to the end is told its near name', async () => {
    const cluster = new FakeFetchCluster(1)
    cluster.topic('orders', 1)
    const hasty = consumerOn(cluster, { untilEnd: true })
    await expect(hasty.subscribe(['ordrs'])).rejects.toThrow('There is no topic ordrs. Did you mean orders?')
    const patient = consumerOn(cluster, { config: { 'auto.offset.reset': 'latest' } })
    await patient.subscribe(['late'])
    expect(await patient.poll(20)).toEqual([])
    fill(cluster.topic('late', 1), 1)
    expect(await read(patient, 3)).toEqual(['0:v0', '0:v1', '0:v2'])
  })

  test('a topic that is deleted while it is read to its end is told, not waited for', async () => {
    const cluster = new FakeFetchCluster(1)
    const [log] = cluster.topic('t', 1)
    for (const value of ['a', 'b', 'c']) log.append([value])
    const consumer = consumerOn(cluster, { untilEnd: true, config: { 'max.partition.fetch.bytes': '10' } })
    await consumer.subscribe(['t'])
    expect(await read(consumer, 1)).toEqual(['0:a'])
    cluster.topics.delete('t')
    await expect(read(consumer)).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
      message: expect.stringMatching(
        /^Topic t was deleted while it was read: its partition 0 from offset \d on is missing$/,
      ),
    })
  })

  test('a topic that is deleted while it is followed is waited for, and read whole when it is made anew', async () => {
    const cluster = new FakeFetchCluster(1)
    const [log] = cluster.topic('t', 1)
    log.append(['a'])
    const consumer = consumerOn(cluster)
    await consumer.subscribe(['t'])
    expect(await read(consumer, 1)).toEqual(['0:a'])
    cluster.topics.delete('t')
    expect(await consumer.poll(200)).toEqual([])
    const logs = [new FakeLog(1).append(['new'])]
    cluster.topics.set('t', { id: Buffer.from('again'.padEnd(16, '-')).toString('base64url'), logs })
    expect(await read(consumer, 1)).toEqual(['0:new'])
    expect(told).toEqual([])
  })

  test('waiting ends at once when the consumer is closed', async () => {
    const cluster = new FakeFetchCluster(1)
    cluster.topic('t', 1)
    const consumer = consumerOn(cluster)
    await consumer.subscribe(['t'])
    const waiting = consumer.poll(60_000)
    await consumer.poll(1).catch(() => {})
    await consumer.close()
    expect(await waiting).toEqual([])
  })
})

function marker(type: 'ABORT' | 'COMMIT', offset: number): Buffer {
  const bytes = endTransactionBatch({ type, coordinatorEpoch: 0 }, 1_700_000_000_000, 7, 0, 1)
  new RecordBatch(bytes).setBaseOffset(offset)
  return bytes
}
