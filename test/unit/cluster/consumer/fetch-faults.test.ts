import { afterEach, describe, expect, test } from 'vitest'
import type { ConsumerOptions } from '../../../../src/client/consumer.ts'
import { ClusterClient } from '../../../../src/cluster/cluster-client.ts'
import { clusterSettings } from '../../../../src/cluster/cluster-settings.ts'
import { ClusterConsumer } from '../../../../src/cluster/consumer/cluster-consumer.ts'
import { FETCH_REQUEST, OFFSET_FOR_LEADER_EPOCH_REQUEST } from '../../../../src/message/generated/requests.ts'
import { systemClock } from '../../../../src/os/clock.ts'
import { FakeFetchCluster, type FakeLog } from '../../../support/fake-fetch-cluster.ts'
import { seeded } from '../../../support/old-messages.ts'

const open: ClusterConsumer[] = []
const told: string[] = []

afterEach(async () => {
  for (const consumer of open.splice(0)) await consumer.close().catch(() => {})
  told.length = 0
})

async function reading(cluster: FakeFetchCluster, config: ConsumerOptions['config'] = {}) {
  const all = {
    'retry.backoff.ms': '1',
    'retry.backoff.max.ms': '5',
    'auto.offset.reset': 'earliest',
    ...config,
  }
  const [{ host, port }] = cluster.brokers
  const settings = clusterSettings([{ host, port }], all, { clientId: 'test', apiTimeoutMs: 2000 })
  const client = new ClusterClient({ sockets: cluster.sockets, clock: systemClock }, settings)
  const consumer = new ClusterConsumer(client, { config: all }, (line) => told.push(line))
  open.push(consumer)
  await consumer.subscribe(['t'])
  return consumer
}

async function take(consumer: ClusterConsumer, count: number): Promise<string[]> {
  const values: string[] = []
  while (values.length < count) {
    const records = await consumer.poll(2000)
    if (records.length === 0) break
    for (const { value } of records) values.push(String(value))
  }
  return values
}

function log(cluster: FakeFetchCluster, batches = 4): FakeLog {
  const [made] = cluster.topic('t', 1)
  for (let i = 0; i < batches; i++) made.append([`v${i * 3}`, `v${i * 3 + 1}`, `v${i * 3 + 2}`])
  return made
}

/** The leader is another one, whose log parts from the one that was read at offset 6. */
function truncate(made: FakeLog): void {
  made.batches.splice(2)
  made.epoch = 2
  made.append(['new'])
  made.diverging = { epoch: 1, endOffset: 6 }
}

const fetches = (cluster: FakeFetchCluster) =>
  cluster.brokers.flatMap(({ seen }) => seen).filter(({ name }) => name === FETCH_REQUEST.name)

const strict = { 'auto.offset.reset': 'none' }
const where = { topic: 't', partition: 0 }

describe('fetch sessions', () => {
  test('are ended when the consumer is closed', async () => {
    const cluster = new FakeFetchCluster(2)
    log(cluster)
    const consumer = await reading(cluster)
    await take(consumer, 12)
    await consumer.close()
    await new Promise(setImmediate)
    const seen = fetches(cluster)
    expect(seen.at(-1)?.body).toMatchObject({ sessionId: 100, sessionEpoch: -1, topics: [] })
  })

  test('of which nobody knows what the broker knows are ended by the next request, which is whole', async () => {
    const cluster = new FakeFetchCluster(1)
    log(cluster)
    cluster.fate = ({ number }) =>
      new Map([
        [1, 71],
        [3, 70],
      ]).get(number) ?? 'serve'
    const consumer = await reading(cluster, { 'max.partition.fetch.bytes': '100' })
    expect(await take(consumer, 12)).toHaveLength(12)
    const ids = fetches(cluster).map(({ body: { sessionId, sessionEpoch } }) => [sessionId, sessionEpoch])
    expect(ids.slice(0, 5)).toEqual([
      [0, 0],
      [100, 1],
      [100, 0],
      [101, 1],
      [0, 0],
    ])
  })

  test('that a broker refuses again and again are not asked for without a pause', async () => {
    const cluster = new FakeFetchCluster(1)
    log(cluster)
    cluster.fate = () => 106
    const consumer = await reading(cluster, { 'retry.backoff.ms': '1000', 'retry.backoff.max.ms': '1000' })
    expect(await consumer.poll(100)).toEqual([])
    expect(fetches(cluster).length).toBeLessThan(4)
  })
})

describe('a log that was truncated', () => {
  test('under auto.offset.reset=none ends reading in the words of Kafka, until it is sought elsewhere', async () => {
    const cluster = new FakeFetchCluster(1)
    const made = log(cluster)
    const consumer = await reading(cluster, strict)
    consumer.seek(where, 0)
    expect(await take(consumer, 12)).toHaveLength(12)
    truncate(made)
    await expect(consumer.poll(2000)).rejects.toThrow(
      'Detected truncated partitions: [(partition=t-0, fetchOffset=12, fetchEpoch=Optional[1], divergentOffset=6, divergentEpoch=1)]',
    )
    expect(await consumer.poll(20)).toEqual([])
    consumer.seek(where, 6)
    expect(await take(consumer, 1)).toEqual(['new'])
  })

  test('is no loss where nothing behind that point was handed out', async () => {
    const cluster = new FakeFetchCluster(1)
    const made = log(cluster)
    const consumer = await reading(cluster, { 'max.poll.records': '2' })
    expect(await take(consumer, 2)).toEqual(['v0', 'v1'])
    truncate(made)
    cluster.brokers[0].breakConnections()
    while (made.diverging !== undefined) await new Promise(setImmediate)
    for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    expect(await take(consumer, 5)).toEqual(['v2', 'v3', 'v4', 'v5', 'new'])
    expect(told).toEqual([])
  })

  test('is found by a question of its own where fetches cannot tell (before 2.7)', async () => {
    const cluster = new FakeFetchCluster(2)
    for (const { versions } of cluster.brokers) versions.set(FETCH_REQUEST.apiKey, 11).set(3, 9)
    const made = log(cluster)
    const consumer = await reading(cluster)
    expect(await take(consumer, 12)).toHaveLength(12)
    made.leader = 2
    truncate(made)
    expect(await take(consumer, 1)).toEqual(['new'])
    expect(told).toEqual([
      "t-0: the leader's log has other records from offset 6 on than the ones up to 12 that were read before: it was truncated; reading goes on at 6",
    ])
    const asked = cluster.brokers[1].seen.filter(({ name }) => name === OFFSET_FOR_LEADER_EPOCH_REQUEST.name)
    expect(asked.map(({ body }) => body.topics)).toEqual([
      [{ topic: 't', partitions: [{ partition: 0, currentLeaderEpoch: 2, leaderEpoch: 1 }] }],
    ])
    made.leader = 1
    made.epoch = 3
    made.append(['more'])
    expect(await take(consumer, 1)).toEqual(['more'])
    expect(told).toHaveLength(1)
  })

  test('of which the leader knows nothing is read where auto.offset.reset says', async () => {
    const cluster = new FakeFetchCluster(1)
    const made = log(cluster)
    const consumer = await reading(cluster)
    expect(await take(consumer, 12)).toHaveLength(12)
    truncate(made)
    made.diverging = { epoch: -1, endOffset: -1 }
    expect((await take(consumer, 7)).slice(0, 7)).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5', 'new'])
    expect(told).toEqual(['t-0: offset 12 is behind the end of the log; reading goes on at 0'])
  })
})

describe('whatever befalls fetches', () => {
  test('each record comes once and in order', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const random = seeded(seed)
      const cluster = new FakeFetchCluster(3)
      const logs = cluster.topic('t', 1, 2, 3, 1)
      logs.forEach((one, p) => {
        for (let i = 0; i < 40; i++) one.append([`${p}:${2 * i}`, `${p}:${2 * i + 1}`])
      })
      const fates = ['drop', 70, 71, 106, 'serve', 'serve', 'serve', 'serve', 'serve', 'serve'] as const
      cluster.fate = ({ number, broker }) => {
        if (number > 200) return 'serve'
        if (random() < 0.1) {
          const moved = logs[Math.floor(random() * logs.length)]
          moved.leader = 1 + Math.floor(random() * 3)
          moved.epoch++
        }
        if (random() < 0.03) broker.breakConnections()
        return fates[Math.floor(random() * fates.length)]
      }
      if (seed % 2 === 0)
        for (const { versions } of cluster.brokers) versions.set(FETCH_REQUEST.apiKey, 11).set(3, 9)
      const consumer = await reading(cluster, {
        'max.partition.fetch.bytes': '150',
        'max.poll.records': `${1 + (seed % 5)}`,
      })
      const values = await take(consumer, 320)
      logs.forEach((_, p) => {
        const own = values.filter((value) => value.startsWith(`${p}:`))
        expect(own, `seed ${seed}`).toEqual(Array.from({ length: 80 }, (__, i) => `${p}:${i}`))
      })
      expect(told).toEqual([])
      await consumer.close()
    }
  })
})
