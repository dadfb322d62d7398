/** What the API refuses rather than pass over in silence; what one bad partition does to the others; and limits beyond 2^53. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { command as configs } from '../../../src/commands/configs.ts'
import { time } from '../../../src/commands/explain/text.ts'
import { command as producerPerf } from '../../../src/commands/producer-perf-test.ts'
import { command as reassign } from '../../../src/commands/reassign-partitions.ts'
import { openLocal } from '../../../src/index.ts'
import { LocalDirectory } from '../../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../../src/local/producer/local-producer.ts'
import { isTooNew, logConfigFrom } from '../../../src/log/log-config.ts'
import type { Os } from '../../../src/os/os.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { recordOf } from '../../../src/record/record-slices.ts'
import { runInProcess } from '../../support/in-process.ts'

let dir: string
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'tkafka-after-'))
})
afterEach(() => fs.rmSync(dir, { recursive: true }))

async function produce(
  topic: string,
  os: Os = systemOs,
  warn: (line: string) => void = () => {},
): Promise<void> {
  const producer = new LocalProducer(os, LocalDirectory.open(os, dir, { warn }), {})
  try {
    await producer.send({ topic, value: 'v' })
  } finally {
    await producer.close()
  }
}

describe('a producer that was closed', () => {
  it('takes nothing more, neither by append nor by send of a topic (A8)', async () => {
    const producer = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
    const topic = await producer.openTopic('t')
    await producer.close()
    const words = 'Cannot perform operation after producer has been closed'
    const bytes = Buffer.from('v')
    expect(() => topic.append(-1, recordOf(1, null, bytes))).toThrow(words)
    await expect(topic.send({ topic: 't', value: 'v' })).rejects.toThrow(words)
    await expect(producer.send({ topic: 't', value: 'v' })).rejects.toThrow(words)
  })
})

describe('a commit for what is not there', () => {
  it.each([
    ['missing', 0],
    ['t', 7],
  ])('(%s-%i) is rejected as Kafka does, and nothing is written', async (topic, partition) => {
    await produce('t')
    const consumer = await openLocal(dir).consumer({ groupId: 'g' })
    await consumer.subscribe(['t'])
    const offsets = new Map([
      [
        { topic, partition },
        { offset: 1, leaderEpoch: -1, metadata: '' },
      ],
    ])
    await expect(consumer.commit(offsets)).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    await consumer.close()
  })
})

describe('a partition that cannot be read in a directory that nobody closed', () => {
  it('is told, and those who write to others go on (A3)', async () => {
    await produce('bad')
    await produce('good')
    for (const name of ['.kafka_cleanshutdown', '.tkafka-open']) fs.rmSync(join(dir, name), { force: true })
    const port = {
      ...systemOs.fs,
      open: (...args: Parameters<typeof systemOs.fs.open>) => {
        if (args[0].includes('bad-0') && args[0].endsWith('.log'))
          throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'open', path: args[0] })
        return systemOs.fs.open(...args)
      },
    }
    const told: string[] = []
    const os = { ...systemOs, fs: port }
    await produce('good', os, (line) => told.push(line))
    expect(told.join('\n')).toContain(`${join(dir, 'bad-0')}: was not read to its end`)
    await expect(produce('bad', os)).rejects.toThrow()
    expect(fs.existsSync(join(dir, '.kafka_cleanshutdown'))).toBe(false)
    // The disk is well again.
    await produce('bad')
    expect(fs.existsSync(join(dir, '.kafka_cleanshutdown'))).toBe(true)
  })
})

describe('a file or a folder that is not what a flag wants', () => {
  it('is named, with the flag and the cause', async () => {
    await produce('t')
    const nofile = join(dir, 'nofile')
    const describing = ['--describe', '--topic', 't', '--command-config', nofile]
    // A missing one is named in Kafka's headline, and in scripts by nothing more.
    expect((await runInProcess(configs, describing, dir)).stderr).toContain(`--command-config ${nofile}'`)
    const altering = ['--alter', '--topic', 't', '--add-config-file']
    expect((await runInProcess(configs, [...altering, nofile], dir)).stderr).toContain(
      `--add-config-file ${nofile}'`,
    )
    expect((await runInProcess(configs, [...describing.slice(0, -1), dir], dir)).stderr).toContain(
      `${dir} is no properties file.`,
    )
    expect((await runInProcess(configs, [...altering, dir], dir)).stderr).toContain(
      `${dir} is no properties file.`,
    )
    const perf = ['--topic', 't', '--num-records', '1', '--throughput', '-1', '--payload-file', dir]
    expect((await runInProcess(producerPerf, perf, dir)).stderr).toContain(
      `--payload-file ${dir}: a folder stands where a file should be`,
    )
  })

  it('ends reassign-partitions --list with 1', async () => {
    const { status, stdout, stderr } = await runInProcess(reassign, ['--list'], '/dev/null')
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })
})

describe('message.timestamp.after.max.ms', () => {
  it('is an int64: what is beyond 2^53 still is a limit (E2)', () => {
    const { timestampAfterMaxMs } = logConfigFrom(
      new Map([['message.timestamp.after.max.ms', '1152921504606846977']]),
    )
    expect(timestampAfterMaxMs).toBe(1152921504606846977n)
    expect(isTooNew(1152921504606846977n + 1000n, 1000, timestampAfterMaxMs)).toBe(false)
    expect(isTooNew(1152921504606846977n + 1001n, 1000, timestampAfterMaxMs)).toBe(true)
    expect(isTooNew(5, 1000, timestampAfterMaxMs)).toBe(false)
    expect(isTooNew(2000, 1000, 999)).toBe(true)
  })

  it('is kept by the producer of the API, for bigint timestamps (E2)', async () => {
    const admin = await openLocal(dir).admin()
    await admin.createTopic({
      name: 't',
      configs: { 'message.timestamp.after.max.ms': '1152921504606846977' },
    })
    await admin.close()
    const producer = await openLocal(dir).producer()
    await producer.send({ topic: 't', value: 'v', timestamp: 1152921504606846976n })
    await expect(producer.send({ topic: 't', value: 'v', timestamp: 2n ** 62n })).rejects.toMatchObject({
      code: 'INVALID_TIMESTAMP',
    })
    await producer.close()
  })

  it('of the largest int64 is shown by explain with all its digits (E2)', () => {
    expect(time(Number(2n ** 63n - 1n))).toBe('9223372036854775807')
  })
})
