import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CleaningOptions, CleaningResult } from '../../../../src/client/admin/cleaning-admin.ts'
import { type Admin, openLocal } from '../../../../src/index.ts'
import { LocalCleaning } from '../../../../src/local/cleaning/cleaning-run.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { unsyncedOs } from '../../../support/clean-log.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

/** Limits of a run, on a disk that takes a millisecond for 10 KB and on a clock that knows nothing else. */
const BYTES_PER_MS = 10_000

let dir: string
let admin: Admin
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-limits-'))
  admin = await openLocal(dir).admin()
})
afterEach(async () => {
  await admin.close()
  rmSync(dir, { recursive: true, force: true })
})

async function compactedTopic(name: string, records: number): Promise<void> {
  const configs = { 'cleanup.policy': 'compact', 'segment.bytes': '1048576' }
  await admin.createTopic({ name, partitions: 1, configs })
  const producer = await openLocal(dir).producer()
  const pad = 'x'.repeat(4000)
  const sent = Array.from({ length: records }, (_, n) =>
    producer.send({ topic: name, key: `k${(n * 7) % 300}`, value: `${n} ${pad}` }),
  )
  await Promise.all(sent)
  await producer.close()
}

async function clean(options: CleaningOptions): Promise<{ results: CleaningResult[]; elapsed: number }> {
  const clock = new FakeClock(Date.now() + 60_000)
  const { fs } = unsyncedOs
  const os = {
    ...unsyncedOs,
    clock,
    fs: {
      ...fs,
      read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null) {
        clock.pass(length / BYTES_PER_MS)
        return fs.read(fd, buffer, offset, length, position)
      },
      write(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null) {
        clock.pass(length / BYTES_PER_MS)
        return fs.write(fd, buffer, offset, length, position)
      },
    },
  }
  const directory = LocalDirectory.open(os, dir)
  const results: CleaningResult[] = []
  for await (const result of new LocalCleaning(os, directory).clean(options)) results.push(result)
  await directory.close()
  return { results, elapsed: clock.elapsed }
}

async function table(topic: string): Promise<Map<string, string>> {
  const consumer = await openLocal(dir).consumer({
    untilEnd: true,
    config: { 'auto.offset.reset': 'earliest' },
  })
  await consumer.assign([{ topic, partition: 0 }])
  const rows = new Map<string, string>()
  for await (const { key, value } of consumer) rows.set(`${key}`, `${value}`.slice(0, 8))
  await consumer.close()
  return rows
}

describe('limits of a run', () => {
  it('the rate is held over what is read and written', async () => {
    await compactedTopic('c', 400)
    const { results, elapsed } = await clean({ now: true, maxBytesPerSecond: 2_000_000 })
    const [{ bytesRead = 0, bytesWritten = 0, status }] = results
    expect(status).toBe('done')
    const rate = ((bytesRead + bytesWritten) / elapsed) * 1000
    expect(rate).toBeGreaterThan(1_600_000)
    expect(rate).toBeLessThan(2_400_000)
  })

  it('time ends a run in good order, each run gets on however short it is, and nothing is lost', async () => {
    await compactedTopic('c', 1500)
    const before = await table('c')
    let last: CleaningResult[] = []
    let runs = 0
    for (; runs < 30; runs++) {
      const { results, elapsed } = await clean({ now: true, maxTimeMs: 900 })
      last = results
      expect(elapsed).toBeLessThan(900 * 1.5)
      expect((await admin.check({ found: () => {} })).errors).toBe(0)
      if (results.length === 0 || results[0].status === 'done') break
      expect(results).toMatchObject([{ action: 'compaction', status: 'stopped', message: 'time is over' }])
    }
    expect(runs).toBeGreaterThan(0)
    expect(last.map(({ status }) => status)).toEqual(['done'])
    expect(await table('c')).toEqual(before)
    expect((await clean({ now: true })).results).toEqual([])
  })

  it('tells what was not reached, and does nothing to it', async () => {
    await compactedTopic('c', 300)
    await compactedTopic('d', 300)
    const { results } = await clean({ now: true, compaction: true, retention: false, maxTimeMs: 1 })
    const told = results.map(({ topic, action, status, message }) => [topic, action, status, message])
    expect(told.sort()).toEqual([
      ['c', 'compaction', 'unreached', 'time is over'],
      ['d', 'compaction', 'unreached', 'time is over'],
    ])
  })
})
