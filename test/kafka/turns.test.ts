import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { GenuineBroker, judge } from '../support/genuine-kafka.ts'
import { produce } from '../support/local-produce.ts'

let root: string
let dir: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-turns-'))
  dir = join(root, 'data')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

const open = (): LocalDirectory => LocalDirectory.open(systemOs, dir)
const markerEpoch = (): number =>
  JSON.parse(readFileSync(join(dir, '.kafka_cleanshutdown'), 'utf8')).brokerEpoch
const registeredEpoch = (): number | undefined => open().image().brokers.get(1)?.epoch

/** Lines of a broker's log that tell of trouble. */
function trouble(log: string): string[] {
  return log
    .split('\n')
    .filter((line) => / ERROR |corrupt|Recovering|stray|torn|truncat/i.test(line))
    .filter((line) => !/CONTROLLER_REGISTRATION|NotController/.test(line))
}

async function offsetsOf(broker: GenuineBroker): Promise<string[]> {
  const { stdout } = await broker.tool('org.apache.kafka.tools.GetOffsetShell', ['--exclude-internal-topics'])
  return stdout.trim().split('\n').sort()
}

describe('tkafka and a genuine broker take turns on one directory', () => {
  it('a directory made by us boots without a word of complaint, and refuses us meanwhile with the pid', async () => {
    await produce(dir, 'a', 0, 'one', 'two')
    await produce(dir, 'a', 0, 'three')
    expect(markerEpoch()).toBe(registeredEpoch())
    expect((await judge(dir)).output).toContain('judge: ok')
    const broker = await GenuineBroker.start(dir)
    try {
      expect(await offsetsOf(broker)).toEqual(['a:0:3'])
      const ours = open()
      expect(ours.brokerIsRunning()).toBe(true)
      expect(ours.image().topics()).toContain('a')
      expect(ours.logForReading('a', 0).logEndOffset).toBe(3)
      await expect(ours.enter()).rejects.toThrow(
        new RegExp(`a Kafka broker \\(pid ${ours.broker()?.pid}\\) is running on this directory`),
      )
      await ours.close()
      expect(trouble(broker.log())).toEqual([])
    } finally {
      await broker.stop()
    }
  })

  it('after a clean stop we go on, and the marker that we put back carries the newest registration', async () => {
    const before = registeredEpoch()
    expect(await produce(dir, 'a', 0, 'four')).toEqual([])
    expect(markerEpoch()).toBe(before)
    expect((await judge(dir)).output).toContain('judge: ok')
    for (let boot = 0; boot < 2; boot++) {
      const broker = await GenuineBroker.start(dir)
      try {
        expect(await offsetsOf(broker)).toEqual(['a:0:4'])
        expect(trouble(broker.log())).toEqual([])
      } finally {
        await broker.stop()
      }
    }
    expect(markerEpoch()).toBeGreaterThan(before!)
  })

  it('while we are in, a broker refuses to start', async () => {
    const ours = open()
    await ours.enter()
    await expect(GenuineBroker.start(dir)).rejects.toThrow(/Failed to acquire lock/)
    await ours.leave()
    await ours.close()
    await produce(dir, 'a', 0, 'five')
    expect((await judge(dir)).output).toContain('judge: ok')
  })

  it('a killed broker’s directory is checked whole and put to rest, and boots as after a clean stop', async () => {
    const broker = await GenuineBroker.start(dir)
    await broker.stop('SIGKILL')
    expect(open().status().state).not.toBe('clean')
    expect(open().brokerIsRunning()).toBe(false)
    const log = join(dir, 'a-0', '00000000000000000000.log')
    writeFileSync(log, Buffer.concat([readFileSync(log), Buffer.from('torn')]))
    const warnings = await produce(dir, 'a', 0, 'six')
    expect(warnings).toEqual([`${dir}/a-0: 4 torn bytes at the end were cut`])
    expect(open().image().topic('a')?.partitions[0]).toMatchObject({
      leader: -1,
      isr: [],
      elr: [1],
      lastKnownElr: [1],
    })
    expect(open().image().brokers.get(1)?.fenced).toBe(true)
    expect(markerEpoch()).toBe(registeredEpoch())
    expect((await judge(dir)).output).toContain('judge: ok')
    const again = await GenuineBroker.start(dir)
    try {
      expect(await offsetsOf(again)).toEqual(['a:0:6'])
      expect(trouble(again.log())).toEqual([])
    } finally {
      await again.stop()
    }
  })
})
