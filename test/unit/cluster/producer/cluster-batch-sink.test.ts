import { afterEach, describe, expect, test } from 'vitest'
import { type BatchSink, OutOfPlaceError } from '../../../../src/client/batch-sink.ts'
import { ClusterClient } from '../../../../src/cluster/cluster-client.ts'
import { clusterSettings } from '../../../../src/cluster/cluster-settings.ts'
import { ClusterBatchSink } from '../../../../src/cluster/producer/cluster-batch-sink.ts'
import { systemClock } from '../../../../src/os/clock.ts'
import { RecordBatchBuilder } from '../../../../src/record/record-batch-builder.ts'
import { FakeLogCluster } from '../../../support/fake-log-cluster.ts'

const open: BatchSink[] = []
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close()
})

function sinkOn(cluster: FakeLogCluster): ClusterBatchSink {
  const config = { 'retry.backoff.ms': '1', 'retry.backoff.max.ms': '5' }
  const [{ host, port }] = cluster.brokers
  const settings = clusterSettings([{ host, port }], config, { clientId: 'test', apiTimeoutMs: 2000 })
  const client = new ClusterClient({ sockets: cluster.sockets, clock: systemClock }, settings)
  const sink = new ClusterBatchSink(client, config)
  open.push(sink)
  return sink
}

/** A stored batch of somebody's transaction. */
function batchOf(...values: string[]) {
  const builder = new RecordBatchBuilder({
    baseOffset: 700,
    producerId: 9,
    producerEpoch: 3,
    baseSequence: 40,
    transactional: true,
  })
  for (const value of values) builder.append(5, null, Buffer.from(value))
  const buffer = builder.build()
  return { buffer, start: 0, end: buffer.length }
}

describe('whole batches into a cluster (issue 14, part 7)', () => {
  test('come once and in order, whatever connections break and answers are lost', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    cluster.fate = ({ number }) => {
      if (number % 3 === 1) return 'forget'
      return number % 5 === 4 ? 'drop' : 'store'
    }
    const sink = sinkOn(cluster)
    const partition = await sink.open({ topic: 't', partition: 0, end: 0, producerId: 77 })
    const values = Array.from({ length: 60 }, (_, i) => `v${i}`)
    for (let i = 0; i < 60; i += 2) await partition.append([batchOf(values[i], values[i + 1])])
    await sink.flush()
    expect(log.values).toEqual(values)
    expect(partition.stored).toBe(60)
    expect([...log.producers.keys()]).toEqual([77])
  })

  test('of another process, on their way when it was killed, are refused or known again', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    const killed = await sinkOn(cluster).open({ topic: 't', partition: 0, end: 0, producerId: 77 })
    await killed.append([batchOf('a', 'b')])
    await open[0].flush()
    // The next one saw the end before this came.
    await killed.append([batchOf('c', 'd')])
    await open[0].flush()
    const sink = sinkOn(cluster)
    const next = await sink.open({ topic: 't', partition: 0, end: 2, producerId: 77 })
    await next.append([batchOf('c', 'd'), batchOf('e')])
    await sink.flush()
    expect(log.values).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(next.stored).toBe(5)
  })

  test('are not taken where the partition does not end, and nothing comes behind one that was refused', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    const first = sinkOn(cluster)
    const one = await first.open({ topic: 't', partition: 0, end: 0, producerId: 77 })
    await one.append([batchOf('a', 'b')])
    await first.flush()
    const second = sinkOn(cluster)
    const other = await second.open({ topic: 't', partition: 0, end: 7, producerId: 77 })
    await other.append([batchOf('x')])
    await other.append([batchOf('y')]).catch(() => {})
    await expect(second.flush()).rejects.toThrow(OutOfPlaceError)
    expect(log.values).toEqual(['a', 'b'])
    expect(other.stored).toBe(7)
  })

  test('are told apart from those of somebody else who writes there', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    log.values.push('theirs')
    const sink = sinkOn(cluster)
    const partition = await sink.open({ topic: 't', partition: 0, end: 0, producerId: 77 })
    await partition.append([batchOf('ours')])
    await expect(sink.flush()).rejects.toThrow('somebody else writes to it')
  })
})
