/** A small file system that is really full: where the machine lets us mount one (root on Linux), else these are skipped and say so. */
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import type { CleaningOptions } from '../../src/client/admin/cleaning-admin.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import { systemOs } from '../../src/os/system-os.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const mountPoint = fs.mkdtempSync(join(tmpdir(), 'tkafka-full-'))
let mounted = false
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tkafka-full', mountPoint], { stdio: 'ignore' })
  mounted = true
} catch {
  console.log(
    'full-disk: this machine does not let us mount a tmpfs; the disk in memory stands in (failing-calls.test.ts)',
  )
}
afterAll(() => {
  if (mounted) execFileSync('umount', ['-l', mountPoint])
  fs.rmSync(mountPoint, { recursive: true, force: true })
})

describe.runIf(mounted)('a file system of 4 MB', () => {
  it('takes records until it is full, loses none, lets a topic be deleted, and takes records again', async () => {
    const dir = join(mountPoint, 'data')
    const acknowledged: number[] = []
    const fill = async (topic: string): Promise<Error | undefined> => {
      const producer = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
      let failure: Error | undefined
      try {
        for (let n = 0; n < 200; n++) {
          const { offset } = await producer.send({ topic, value: `${n} ${'x'.repeat(60_000)}` })
          acknowledged.push(offset)
        }
      } catch (error) {
        failure = error as Error
      }
      await producer.close().catch((error) => {
        failure ??= error
      })
      return failure
    }
    const failure = await fill('t')
    expect(failure?.message).toMatch(/no space left/i)
    expect(failure?.message).not.toContain('\n')
    expect(acknowledged.length).toBeGreaterThan(20)
    const reader = LocalDirectory.open(systemOs, dir)
    expect(reader.logForReading('t', 0).logEndOffset).toBeGreaterThanOrEqual(acknowledged.length)
    await reader.close()
    const admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
    await admin.deleteTopic('t')
    const problems: string[] = []
    await admin.check({
      found: ({ severity, problem }) => {
        if (severity === 'error') problems.push(problem)
      },
    })
    expect(problems).toEqual([])
    await admin.close()
    const again = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
    expect(await again.send({ topic: 'u', value: 'there is room' })).toMatchObject({ offset: 0 })
    await again.close()
  })

  it('holds what streamed in up to the first lost batch, and the message says how many lines that is (A6)', () => {
    const dir = join(mountPoint, 'streamed')
    fs.rmSync(join(mountPoint, 'data'), { recursive: true, force: true })
    const lines = Array.from({ length: 400_000 }, (_, i) => `${i}\n`).join('')
    const run = (args: readonly string[], input: string) =>
      spawnSync(process.execPath, [bin, '--data-dir', dir, ...args], {
        input,
        encoding: 'utf8',
        maxBuffer: 1 << 24,
      })
    const { status, stderr } = run(['console-producer', '--topic', 't'], lines)
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/^.*no space left on the disk.*; \d+ lines are in, nothing behind them\n$/),
    ])
    const { stdout } = run(['console-consumer', '--topic', 't', '--from-beginning', '--until-end'], '')
    expect(stdout).toBe(lines.slice(0, stdout.length))
    expect(stdout.split('\n').length - 1).toBe(Number(/(\d+) lines are in/.exec(stderr)?.[1]))
  })

  it('is freed by retention with no byte left; compaction says what it needs, and runs when there is room', async () => {
    const dir = join(mountPoint, 'cleaned')
    fs.rmSync(join(mountPoint, 'streamed'), { recursive: true, force: true })
    const admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
    const configs = { 'file.delete.delay.ms': '0' }
    await admin.createTopic({ name: 'old', partitions: 1, configs })
    await admin.createTopic({
      name: 'table',
      partitions: 1,
      configs: { ...configs, 'cleanup.policy': 'compact' },
    })
    const producer = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
    const value = 'x'.repeat(20_000)
    const year = 365 * 86_400_000
    for (let i = 0; i < 60; i++) {
      await producer.send({ topic: 'old', value, timestamp: Date.now() - year })
      await producer.send({ topic: 'table', key: `k${i % 40}`, value, timestamp: Date.now() - year })
    }
    // Both begin a new segment.
    await producer.send({ topic: 'old', value: 'new' })
    await producer.send({ topic: 'table', key: 'k0', value: 'new' })
    await producer.close()
    const filler = fs.openSync(join(dir, 'filler'), 'w')
    try {
      for (let size = 1 << 16; size >= 1; ) {
        try {
          fs.writeSync(filler, Buffer.alloc(size))
        } catch {
          size >>= 1
        }
      }
    } finally {
      fs.closeSync(filler)
    }
    expect(fs.statfsSync(mountPoint).bavail).toBe(0)

    const clean = async (options: CleaningOptions) => {
      const said: string[] = []
      for await (const { action, topic, status, message } of admin.clean({ offsets: false, ...options })) {
        said.push(`${action} ${topic} ${status} ${message ?? ''}`.trim())
      }
      return said
    }
    const [refused] = await clean({ retention: false })
    expect(refused).toMatch(
      /^compaction table failed the disk is full: compacting the segment from offset 0 of table-0 needs up to 12\d{5} bytes free; nothing was changed there$/,
    )
    expect(fs.readdirSync(join(dir, 'table-0')).filter((name) => name.endsWith('.cleaned'))).toEqual([])
    expect(await clean({})).toEqual(['retention old done', 'compaction table done'])
    const reader = LocalDirectory.open(systemOs, dir)
    expect(reader.logForReading('old', 0).logStartOffset).toBe(60)
    expect(reader.logForReading('table', 0).logEndOffset).toBe(61)
    await reader.close()
    const problems: string[] = []
    await admin.check({
      found: ({ severity, problem }) => {
        if (severity === 'error') problems.push(problem)
      },
    })
    await admin.close()
    expect(problems).toEqual([])
  })
})
