import { afterEach, describe, expect, test } from 'vitest'
import type { Producer } from '../../../../src/client/producer.ts'
import { ClusterClient } from '../../../../src/cluster/cluster-client.ts'
import { clusterSettings } from '../../../../src/cluster/cluster-settings.ts'
import { ClusterProducer } from '../../../../src/cluster/producer/cluster-producer.ts'
import { systemClock } from '../../../../src/os/clock.ts'
import { recordOf } from '../../../../src/record/record-slices.ts'
import { FakeLogCluster, type Fate } from '../../../support/fake-log-cluster.ts'

const open: Producer[] = []

afterEach(async () => {
  for (const producer of open.splice(0)) await producer.close().catch(() => {})
})

function producerOn(cluster: FakeLogCluster, config: Record<string, string> = {}): ClusterProducer {
  const whole = { 'retry.backoff.ms': '1', 'retry.backoff.max.ms': '5', 'max.block.ms': '500', ...config }
  const [{ host, port }] = cluster.brokers
  const settings = clusterSettings([{ host, port }], whole, { clientId: 'test', apiTimeoutMs: 2000 })
  const producer = new ClusterProducer(
    new ClusterClient({ sockets: cluster.sockets, clock: systemClock }, settings),
    whole,
  )
  open.push(producer)
  return producer
}

/** Hands in `count` records, the i-th to partition i modulo their number, with batches of some ten records. */
async function stream(producer: Producer, topic: string, count: number, lost: string[] = []): Promise<void> {
  const to = await producer.openTopic(topic)
  to.listen?.({ stored: () => {}, lost: (_, length, error) => lost.push(`${length}: ${error.message}`) })
  for (let i = 0; i < count; i++) {
    const record = recordOf(1700000000000 + i, Buffer.from(`k${i}`), Buffer.from(`v${i}`))
    while (!to.append(i % to.partitionCount, record)) await to.drain()
    if (i % 50 === 49) {
      await to.drain()
      await new Promise(setImmediate)
    }
  }
}

const small = { 'batch.size': '200' }
const expected = (count: number, partitions: number, partition: number) =>
  Array.from({ length: count }, (_, i) => i)
    .filter((i) => i % partitions === partition)
    .map((i) => `v${i}`)

describe('a producer on a cluster', () => {
  test('sends each record once and in order, to the leader of its partition', async () => {
    const cluster = new FakeLogCluster(3)
    const logs = cluster.topic('t', 1, 2, 3, 1)
    const producer = producerOn(cluster, small)
    await stream(producer, 't', 400)
    await producer.flush()
    logs.forEach((log, i) => {
      expect(log.values).toEqual(expected(400, 4, i))
      expect(Math.max(...log.sizes)).toBeLessThanOrEqual(200)
    })
  })

  test('tells of send where the record is', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1)
    const producer = producerOn(cluster)
    const sent = await Promise.all(
      ['a', 'b', 'c'].map((value) => producer.send({ topic: 't', value, timestamp: 5 })),
    )
    expect(sent).toEqual([0, 1, 2].map((offset) => ({ topic: 't', partition: 0, offset, timestamp: 5 })))
  })

  test('holds one batch of a partition in a request, and several partitions', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1, 1, 1)
    let most = 0
    cluster.fate = ({ parts }) => {
      expect(new Set(parts.map(({ partition }) => partition)).size).toBe(parts.length)
      most = Math.max(most, parts.length)
      return 'store'
    }
    const producer = producerOn(cluster, small)
    await stream(producer, 't', 300)
    await producer.flush()
    expect(most).toBeGreaterThan(1)
  })

  test('keeps requests below max.request.size', async () => {
    const cluster = new FakeLogCluster(1)
    const logs = cluster.topic('t', 1, 1, 1)
    cluster.fate = ({ parts }) => {
      expect(parts.reduce((sum, { records }) => sum + records.length, 0)).toBeLessThanOrEqual(450)
      return 'store'
    }
    const producer = producerOn(cluster, { ...small, 'max.request.size': '450' })
    await stream(producer, 't', 300)
    await producer.flush()
    expect(logs.map(({ values }) => values.length)).toEqual([100, 100, 100])
  })

  test.each<[string, Fate]>([
    ['a connection that breaks before anything is stored', 'drop'],
    ['an answer that is lost behind the append', 'forget'],
    ['NOT_LEADER_OR_FOLLOWER', 6],
    ['REQUEST_TIMED_OUT', 7],
    ['NOT_ENOUGH_REPLICAS', 19],
    ['CORRUPT_MESSAGE on the way', 2],
    ['a late answer', { laterMs: 20 }],
  ])('stores each record once and in order over %s', async (_, fault) => {
    const cluster = new FakeLogCluster(2)
    const logs = cluster.topic('t', 1, 2, 1)
    cluster.fate = ({ number }) => (number % 4 === 1 && number < 40 ? fault : 'store')
    const producer = producerOn(cluster, small)
    await stream(producer, 't', 300)
    await producer.flush()
    logs.forEach((log, i) => {
      expect(log.values).toEqual(expected(300, 3, i))
    })
  })

  test('follows a leader that moves, and one that dies', async () => {
    const cluster = new FakeLogCluster(3)
    const logs = cluster.topic('t', 2, 3)
    cluster.fate = ({ number }) => {
      if (number === 6) logs[0].leader = 3
      if (number === 12) {
        const dead = cluster.brokers[2]
        cluster.sockets.brokers.splice(2, 1)
        setTimeout(() => {
          for (const log of logs) if (log.leader === 3) log.leader = 1
        }, 20)
        dead.breakConnections()
        return 'drop'
      }
      return 'store'
    }
    const producer = producerOn(cluster, small)
    await stream(producer, 't', 400)
    await producer.flush()
    logs.forEach((log, i) => {
      expect(log.values).toEqual(expected(400, 2, i))
    })
  })

  test('goes on when the broker has forgotten the producer', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    cluster.fate = ({ number }) => {
      const known = [...log.producers.values()][0]
      if (number === 5 && known !== undefined) known.batches = [{ first: 900, last: 900, offset: 0 }]
      return 'store'
    }
    const producer = producerOn(cluster, small)
    await stream(producer, 't', 200)
    await producer.flush()
    expect(log.values).toEqual(expected(200, 1, 0))
  })

  test.each([
    [10, 'The request included a message larger than the max message size the server will accept.'],
    [18, 'The request included message batch larger than the configured segment size on the server.'],
  ])(
    'cuts a batch that the broker finds too large (%i), and tells of a record that is',
    async (code, told) => {
      const cluster = new FakeLogCluster(1)
      const [log] = cluster.topic('t', 1)
      cluster.fate = ({ parts }) => (parts.some(({ records }) => records.length > 150) ? code : 'store')
      const producer = producerOn(cluster, { 'batch.size': '1000' })
      const to = await producer.openTopic('t')
      const lost: string[] = []
      let stored = 0
      to.listen?.({
        stored: (count) => {
          stored += count
        },
        lost: (key, value, error) => lost.push(`${key} ${value} ${error.message}`),
      })
      const values = Array.from({ length: 100 }, (_, i) => (i === 40 ? 'x'.repeat(200) : `v${i}`))
      for (const value of values) to.append(-1, recordOf(1700000000000, null, Buffer.from(value)))
      await producer.flush()
      expect(log.values).toEqual(values.filter((value) => value.length < 200))
      expect(lost).toEqual([`-1 200 ${told}`])
      expect(stored).toBe(99)
    },
  )

  test('tells each record of a refused batch why, in the words of the Java client', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1)
    cluster.fate = () => 29
    const producer = producerOn(cluster)
    const lost: string[] = []
    await stream(producer, 't', 2, lost)
    await producer.flush()
    expect(lost).toEqual([
      '2: Not authorized to access topics: [t]',
      '2: Not authorized to access topics: [t]',
    ])
    await expect(producer.send({ topic: 't', value: 'x' })).rejects.toThrow(
      'Not authorized to access topics: [t]',
    )
  })

  test('gives a record up after delivery.timeout.ms, and sends what comes later', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    let silent = true
    cluster.fate = () => (silent ? 'silence' : 'store')
    const producer = producerOn(cluster, {
      'request.timeout.ms': '40',
      'linger.ms': '0',
      'delivery.timeout.ms': '150',
    })
    const lost = producer.send({ topic: 't', value: 'a' })
    await expect(lost).rejects.toThrow(
      /^Expiring 1 record\(s\) for t-0:\d+ ms has passed since batch creation\. The request has not been sent, or no server response has been received yet\./,
    )
    silent = false
    await producer.send({ topic: 't', value: 'b' })
    expect(log.values).toEqual(['b'])
  })

  test('tries no more than `retries` times', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1)
    cluster.fate = () => 7
    const producer = producerOn(cluster, { retries: '2' })
    await expect(producer.send({ topic: 't', value: 'a' })).rejects.toThrow('The request timed out.')
    expect(cluster.produced).toBe(3)
  })

  test('without retries tells that the connection broke as one of Kafka’s errors', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1)
    cluster.fate = () => 'drop'
    const producer = producerOn(cluster, { retries: '0' })
    await expect(producer.send({ topic: 't', value: 'a' })).rejects.toMatchObject({
      code: 'NETWORK_EXCEPTION',
      message: 'broker1:9092 broke the connection (ECONNRESET) before it answered',
    })
  })

  test('with acks=0 asks for no answer, and flush returns when the broker has seen all', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    const producer = producerOn(cluster, { ...small, acks: '0' })
    await stream(producer, 't', 100)
    await producer.flush()
    expect(log.values).toEqual(expected(100, 1, 0))
  })

  test('with acks=0 follows a leader that moves, of which it hears only that the connection was closed', async () => {
    const cluster = new FakeLogCluster(2)
    const [log] = cluster.topic('t', 1)
    const producer = producerOn(cluster, { ...small, acks: '0' })
    await stream(producer, 't', 10)
    await producer.flush()
    log.leader = 2
    const begun = log.values.length
    for (let i = 0; i < 200 && log.values.length === begun; i++) {
      await producer.send({ topic: 't', value: `again ${i}` })
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    expect(log.values.length).toBeGreaterThan(begun)
  })

  test('a broker whose answers are none is left, told in the end, and what it stored is not stored twice', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    const producer = producerOn(cluster, {
      'delivery.timeout.ms': '400',
      'request.timeout.ms': '300',
      'linger.ms': '0',
    })
    cluster.fate = ({ number }) => (number < 3 ? 'garbage' : 'store')
    await producer.send({ topic: 't', value: 'a' })
    expect(log.values).toEqual(['a'])
    expect(cluster.brokers[0].connections).toBeGreaterThan(2)
    cluster.fate = () => 'garbage'
    await expect(producer.send({ topic: 't', value: 'b' })).rejects.toThrow(
      /Last: broker1:9092 answered Produce with bytes that are no such response: /,
    )
  })

  test('says that a topic is not there once max.block.ms is over', async () => {
    const producer = producerOn(new FakeLogCluster(1), { 'max.block.ms': '60' })
    await expect(producer.openTopic('nope')).rejects.toThrow(
      'Topic nope not present in metadata after 60 ms.',
    )
  })

  test.each([
    [29, 'Not authorized to access topics: [t]'],
    [17, 'Invalid topics: [t]'],
  ])('says at once that a topic is refused (%i)', async (code, text) => {
    const cluster = new FakeLogCluster(1)
    cluster.refused.set('t', code)
    await expect(producerOn(cluster).openTopic('t')).rejects.toThrow(text)
  })

  test('names topics to brokers that know no ids of them', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    cluster.brokers[0].versions.set(0, 8).set(3, 9)
    const producer = producerOn(cluster)
    await producer.send({ topic: 't', value: 'old' })
    expect(log.values).toEqual(['old'])
  })

  test('takes no more than there is room for, and says so after max.block.ms', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1)
    cluster.fate = () => 'silence'
    const producer = producerOn(cluster, { 'buffer.memory': '4000', 'max.block.ms': '50', ...small })
    await expect(stream(producer, 't', 1000)).rejects.toThrow(
      /^Failed to allocate \d+ bytes within the configured max blocking time 50 ms\.$/,
    )
    cluster.fate = () => 'store'
    cluster.brokers[0].breakConnections()
    await producer.flush()
  })

  test('a batch whose answer hangs at the former leader is not stored twice, however many come behind it', async () => {
    const cluster = new FakeLogCluster(2)
    const logs = cluster.topic('t', 1, 1)
    const producer = producerOn(cluster)
    const send = (partition: number, value: string) => producer.send({ topic: 't', partition, value })
    const turns = async () => {
      for (let i = 0; i < 20; i++) await new Promise(setImmediate)
    }
    await send(0, 'first')
    await send(1, 'first')
    cluster.fate = ({ number }) => (number === 2 ? 'mute' : 'store')
    const sent: Promise<unknown>[] = [send(0, 'hangs')]
    while (logs[0].values.length < 2) await turns()
    for (const log of logs) log.leader = 2
    // By this one it hears of the new leader.
    await send(1, 'second')
    const values = Array.from({ length: 12 }, (_, i) => `v${i}`)
    for (const value of values) {
      sent.push(send(0, value))
      await turns()
    }
    cluster.brokers[0].breakConnections()
    await Promise.all(sent)
    expect(logs[0].values).toEqual(['first', 'hangs', ...values])
  })

  test('stores each record once and in order, whatever befalls batches that are too large', async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const random = randomOf(seed)
      const cluster = new FakeLogCluster(2)
      const logs = cluster.topic('t', 1, 2)
      const fates: Fate[] = ['drop', 'forget', 6, 7, 'store', 'store', 'store', 'store', 'store']
      cluster.fate = ({ number, parts }) => {
        if (parts.some(({ records }) => records.length > 200)) return 10
        return number > 200 ? 'store' : fates[Math.floor(random() * fates.length)]
      }
      const producer = producerOn(cluster, { 'batch.size': '1000' })
      const lost: string[] = []
      await stream(producer, 't', 300, lost)
      await producer.close()
      expect(lost).toEqual([])
      logs.forEach((log, i) => {
        expect(log.values, `seed ${seed}`).toEqual(expected(300, 2, i))
      })
    }
  })

  test('stores each record once and in order, whatever befalls the requests', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = randomOf(seed)
      const cluster = new FakeLogCluster(3)
      const logs = cluster.topic('t', 1, 2, 3)
      const fates: Fate[] = ['drop', 'forget', 6, 7, 20, { laterMs: 3 }, 'store', 'store', 'store', 'store']
      cluster.fate = ({ number }) => {
        if (number > 150) return 'store'
        if (random() < 0.05) logs[Math.floor(random() * 3)].leader = 1 + Math.floor(random() * 3)
        return fates[Math.floor(random() * fates.length)]
      }
      const producer = producerOn(cluster, small)
      const lost: string[] = []
      await stream(producer, 't', 240, lost)
      await producer.close()
      expect(lost).toEqual([])
      logs.forEach((log, i) => {
        expect(log.values, `seed ${seed}`).toEqual(expected(240, 3, i))
      })
    }
  })
})

function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff
    return state / 0x7fffffff
  }
}
