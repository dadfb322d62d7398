/** Deadlines that a user gave hold while a lock is waited for; afterwards nothing is written. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parseArguments } from '../../../src/cli/parse.ts'
import { clientWaitLimit, producerWaitLimit } from '../../../src/client/wait-limits.ts'
import { producerConfig } from '../../../src/commands/console-producer/options.ts'
import { command as consoleProducer } from '../../../src/commands/console-producer.ts'
import { command as consumerGroups } from '../../../src/commands/consumer-groups.ts'
import { command as topics } from '../../../src/commands/topics.ts'
import { openLocal } from '../../../src/index.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { runInProcess } from '../../support/in-process.ts'

let dir: string
let held: number[] = []
/** By another descriptor, which excludes our own as another process would. */
function hold(name: string): void {
  const fd = systemOs.fs.open(join(dir, name), 'a+')
  expect(systemOs.locks.tryLock(fd, 'exclusive')).toBe(true)
  held.push(fd)
}

function letGo(): void {
  for (const fd of held) systemOs.fs.close(fd)
  held = []
}

describe.runIf(process.platform === 'linux')('a lock that is held', () => {
  beforeEach(async () => {
    dir = fs.mkdtempSync(join(tmpdir(), 'tkafka-wait-limits-'))
    const producer = await openLocal(dir).producer()
    for (let i = 0; i < 3; i++) await producer.send({ topic: 't', value: `v${i}` })
    await producer.close()
  })
  afterEach(() => {
    letGo()
    fs.rmSync(dir, { recursive: true })
  })

  it.each([
    ['.tkafka-gate', { 'max.block.ms': '60' }, 'max.block.ms=60'],
    ['.tkafka-producer-ids', { 'max.block.ms': '60' }, 'max.block.ms=60'],
    [
      't-0/.tkafka-lock',
      { 'delivery.timeout.ms': '60', 'request.timeout.ms': '10', 'linger.ms': '0' },
      'delivery.timeout.ms=60',
    ],
    ['t-0/.tkafka-lock', { 'request.timeout.ms': '60' }, 'request.timeout.ms=60'],
  ])(
    '%s ends a producer of the API by %j, and the record comes in no more (issue 11, waiting)',
    async (name, config, by) => {
      hold(name)
      const producer = await openLocal(dir).producer(config)
      await expect(producer.send({ topic: 't', value: 'late' })).rejects.toThrow(
        `${join(dir, name)}: gave up waiting for this process itself (pid ${process.pid}), which holds this lock; the time given is over (${by})`,
      )
      letGo()
      await producer.close().catch(() => {})
      expect(await records()).toEqual(['v0', 'v1', 'v2'])
    },
  )

  it('ends a commit by default.api.timeout.ms (issue 11, waiting)', async () => {
    const consumer = await openLocal(dir).consumer({
      groupId: 'g',
      config: { 'default.api.timeout.ms': '60' },
    })
    await consumer.subscribe(['t'])
    hold('.tkafka-gate')
    await expect(
      consumer.commit(
        new Map([
          [
            { topic: 't', partition: 0 },
            { offset: 1, leaderEpoch: -1, metadata: '' },
          ],
        ]),
      ),
    ).rejects.toThrow('(default.api.timeout.ms=60)')
    letGo()
    await consumer.close()
  })

  it('ends an admin tool by --timeout, or by its file of settings (issue 11, waiting)', async () => {
    hold('.tkafka-gate')
    const reset = '--reset-offsets --group g --topic t --to-earliest --execute --timeout 60'.split(' ')
    const ended = await runInProcess(consumerGroups, reset, dir)
    expect(ended.status).toBe(1)
    expect(ended.stderr).toMatch(/\.tkafka-gate: gave up waiting for .* \(--timeout 60\)\n$/)
    expect(ended.stderr.split('\n')).toHaveLength(2)

    const file = join(dir, 'client.properties')
    fs.writeFileSync(file, 'request.timeout.ms=60\n')
    const created = await runInProcess(topics, ['--create', '--topic', 'n', '--command-config', file], dir)
    expect([created.status, created.stdout]).toEqual([1, ''])
    expect(created.stderr).toContain('(request.timeout.ms=60)')
    letGo()
    expect(await (await openLocal(dir).admin()).topicNames()).toEqual(['t'])
  })
})

async function records(): Promise<string[]> {
  const consumer = await openLocal(dir).consumer({
    untilEnd: true,
    config: { 'auto.offset.reset': 'earliest' },
  })
  await consumer.assign([{ topic: 't', partition: 0 }])
  const values = (await consumer.poll(1000)).map(({ value }) => String(value))
  await consumer.close()
  return values
}

describe('what limits a wait', () => {
  it('is what the user gave, never a default of Kafka (issue 11, waiting)', () => {
    expect(producerWaitLimit({})).toBeUndefined()
    expect(clientWaitLimit({})).toBeUndefined()
    expect(producerWaitLimit({ 'max.block.ms': '9', 'delivery.timeout.ms': '5' })?.by).toBe(
      'delivery.timeout.ms=5',
    )
    expect(producerWaitLimit({ 'max.block.ms': '4', 'delivery.timeout.ms': '5' })?.ms).toBe(4)
    // A request that is over is made again, as long as the record's own time lasts.
    expect(producerWaitLimit({ 'request.timeout.ms': '1', 'delivery.timeout.ms': '5' })?.ms).toBe(5)
    expect(clientWaitLimit({ 'request.timeout.ms': '1', 'default.api.timeout.ms': '5' })?.ms).toBe(5)
    expect(clientWaitLimit({ 'request.timeout.ms': 'x' })).toBeUndefined()
  })

  it.each([
    ['', undefined],
    ['--max-block-ms 700', '--max-block-ms 700'],
    ['--request-timeout-ms 700', '--request-timeout-ms 700'],
    ['--request-timeout-ms 700 --max-block-ms 300', '--max-block-ms 300'],
    ['--command-property max.block.ms=5', 'max.block.ms=5'],
    ['--producer-property delivery.timeout.ms=5000 --request-timeout-ms 700', 'delivery.timeout.ms=5000'],
  ])('console-producer %s', async (line, by) => {
    const args = ['--topic', 't', ...line.split(' ').filter((word) => word !== '')]
    const { waitLimit } = await producerConfig(await parseArguments(consoleProducer, args))
    expect(waitLimit?.by).toBe(by)
  })
})
