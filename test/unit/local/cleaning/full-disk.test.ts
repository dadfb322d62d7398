import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CleaningOptions, CleaningResult } from '../../../../src/client/admin/cleaning-admin.ts'
import { openLocal } from '../../../../src/index.ts'
import { LocalCleaning } from '../../../../src/local/cleaning/cleaning-run.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import type { FileSystem } from '../../../../src/os/file-system.ts'
import { unsyncedOs } from '../../../support/clean-log.ts'

let dir: string
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-full-'))
  const admin = await openLocal(dir).admin()
  const compact = { 'cleanup.policy': 'compact' }
  await admin.createTopic({ name: 'old', partitions: 1, configs: { 'retention.ms': '1000' } })
  await admin.createTopic({ name: 'table', partitions: 1, configs: compact })
  await admin.close()
  await produce('old')
  await produce('table')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function produce(topic: string): Promise<void> {
  const producer = await openLocal(dir).producer()
  for (const value of ['first', 'last'])
    await producer.send({ topic, key: 'k', value, timestamp: Date.now() - 60_000 })
  await producer.close()
}

async function clean(options: CleaningOptions, fs: Partial<FileSystem> = {}): Promise<CleaningResult[]> {
  const os = { ...unsyncedOs, fs: { ...unsyncedOs.fs, freeShare: () => 0.5, ...fs } }
  const directory = LocalDirectory.open(os, dir)
  const results: CleaningResult[] = []
  for await (const result of new LocalCleaning(os, directory).clean({ offsets: false, ...options }))
    results.push(result)
  await directory.close()
  return results
}

/** Files of segments that are out of the log and still on the disk. */
const waiting = (topic: string) =>
  readdirSync(join(dir, `${topic}-0`)).filter((name) => name.endsWith('.deleted'))

describe('what the cleaner deletes (F7)', () => {
  it('stays on the disk for file.delete.delay.ms, which its result says', async () => {
    const [result] = await clean({})
    expect(result).toMatchObject({ topic: 'old', status: 'done', bytesAfter: 0, deleteDelayMs: 60_000 })
    expect(waiting('old').length).toBeGreaterThan(0)
    await clean({})
    expect(waiting('old').length).toBeGreaterThan(0)
  })

  it('leaves a disk with less than one percent free at once, and so does what was deleted before', async () => {
    await clean({})
    await produce('old')
    const full = { freeShare: () => 0.009 }
    await clean({ dryRun: true }, full)
    expect(waiting('old').length).toBeGreaterThan(0)
    const [result] = await clean({}, full)
    expect(result).toMatchObject({ topic: 'old', status: 'done', deleteDelayMs: 0 })
    expect(waiting('old')).toEqual([])
  })

  it.each(['ENOSPC', 'EDQUOT'])(
    'makes room when a write of the run fails with %s, and tries again',
    async (code) => {
      await clean({ compaction: false })
      expect(waiting('old').length).toBeGreaterThan(0)
      const { open } = unsyncedOs.fs
      const results = await clean(
        { retention: false, now: true },
        {
          open(path, flags, mode) {
            if (path.endsWith('.cleaned') && waiting('old').length > 0)
              throw Object.assign(new Error(`${code}: no room, open`), { code })
            return open(path, flags, mode)
          },
        },
      )
      expect(
        results.map(({ topic, status, recordsAfter }) => ({ topic, status, recordsAfter })),
      ).toContainEqual({ topic: 'table', status: 'done', recordsAfter: 1 })
      expect(waiting('old')).toEqual([])
      expect(waiting('table')).toEqual([])
    },
  )
})
