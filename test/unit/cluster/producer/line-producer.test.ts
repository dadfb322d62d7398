import { describe, expect, test } from 'vitest'
import { FdOutput } from '../../../../src/cli/output.ts'
import { ClusterClient } from '../../../../src/cluster/cluster-client.ts'
import { clusterSettings } from '../../../../src/cluster/cluster-settings.ts'
import { ClusterProducer } from '../../../../src/cluster/producer/cluster-producer.ts'
import { LineProducer } from '../../../../src/commands/console-producer/line-producer.ts'
import { LineMessageReader } from '../../../../src/commands/console-producer/line-reader.ts'
import { systemClock } from '../../../../src/os/clock.ts'
import { FakeLogCluster } from '../../../support/fake-log-cluster.ts'
import { fakeStreams } from '../../../support/fake-streams.ts'
import { chunksOf } from '../../../support/input-chunks.ts'

interface Run {
  readonly status: number | undefined
  readonly failure: string | undefined
  readonly stderr: string
}

/** What console-producer does with these lines. */
async function produce(
  cluster: FakeLogCluster,
  text: string,
  { sync = false, config = {}, signal }: { sync?: boolean; config?: object; signal?: AbortSignal } = {},
): Promise<Run> {
  const whole = { 'retry.backoff.ms': '1', 'max.block.ms': '500', ...config }
  const [{ host, port }] = cluster.brokers
  const settings = clusterSettings([{ host, port }], whole, { clientId: 'test', apiTimeoutMs: 2000 })
  const client = new ClusterClient({ sockets: cluster.sockets, clock: systemClock }, settings)
  const producer = new ClusterProducer(client, whole, signal)
  const streams = fakeStreams()
  const diagnostics = new FdOutput(2, streams.port)
  const lines = new LineProducer({
    producer,
    topic: 't',
    partition: -1,
    reader: new LineMessageReader(new Map()),
    input: chunksOf(Buffer.from(text), [1000]),
    maxRequestSize: 1048576,
    sync,
    stop: { interrupted: false, signal: new AbortController().signal },
    prompt: undefined,
    diagnostics,
  })
  try {
    await lines.run()
    await producer.close()
    const status = lines.end()
    diagnostics.flush()
    return { status, failure: undefined, stderr: streams.text() }
  } catch (error) {
    await producer.close().catch(() => {})
    return { status: undefined, failure: (error as Error).message, stderr: streams.text() }
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => `line ${i}`)

describe('console-producer on a cluster', () => {
  test('ends with 0 when each line is acknowledged', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    const run = await produce(cluster, `${numbers(5000).join('\n')}\n`)
    expect(run).toEqual({ status: 0, failure: undefined, stderr: '' })
    expect(log.values).toEqual(numbers(5000))
  })

  test('tells of lines that a broker refuses in the words of the genuine tool, ten of them, and ends with 1', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1)
    cluster.fate = () => 29
    const { status, stderr } = await produce(cluster, numbers(12).join('\n'))
    expect(status).toBe(1)
    const told = stderr.trimEnd().split('\n')
    expect(told[0]).toBe(
      'Error when sending message to topic t with key: null, value: 6 bytes with error: Not authorized to access topics: [t]',
    )
    expect(told).toHaveLength(11)
    expect(told[10]).toBe('2 more lines were not sent.')
  })

  test('with --sync waits for each line, and sends none behind one that is refused', async () => {
    const cluster = new FakeLogCluster(1)
    const [log] = cluster.topic('t', 1)
    cluster.fate = ({ number }) => (number === 3 ? 87 : 'store')
    const run = await produce(cluster, `${numbers(9).join('\n')}\n`, { sync: true })
    expect(run.failure).toBe('This record has failed the validation on broker and hence will be rejected.')
    expect(log.values).toEqual(numbers(3))
    expect(cluster.produced).toBe(4)
  })

  test('gives up two seconds behind a signal when the cluster takes nothing', async () => {
    const cluster = new FakeLogCluster(1)
    cluster.topic('t', 1)
    const ended = new AbortController()
    cluster.fate = () => {
      setTimeout(() => ended.abort(), 1)
      return 'silence'
    }
    const { status, stderr } = await produce(cluster, 'a\n', { signal: ended.signal })
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^Error when sending message to topic t with key: null, value: 1 bytes with error: Expiring 1 record\(s\) for t-0:/,
    )
  })
})
