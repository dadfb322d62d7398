import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'
import { countAt, sizeAt } from '../../../../src/record/batch-header.ts'

const MINUTE = 60_000

it('batches that were emptied, and stay for their producers, make no segment of their own', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-emptied-'))
  try {
    const admin = await openLocal(dir).admin()
    const configs = { 'cleanup.policy': 'compact', 'segment.ms': String(MINUTE) }
    await admin.createTopic({ name: 't', partitions: 1, configs })
    // Each producer's batch is a segment, and only the last one keeps its record.
    for (const minutes of [6, 4, 2]) {
      const producer = await openLocal(dir).producer()
      await producer.send({ topic: 't', key: 'k', value: 'v', timestamp: Date.now() - minutes * MINUTE })
      await producer.close()
    }
    expect((await admin.explainCleaning('t'))[0].segments.length).toBe(3)
    for await (const { status } of admin.clean({ topics: (name) => name === 't', now: true })) {
      expect(status).toBe('done')
    }
    const folder = join(dir, 't-0')
    const logs = readdirSync(folder).filter((name) => name.endsWith('.log'))
    const counts = logs.map((name) => {
      const bytes = readFileSync(join(folder, name))
      const counts: number[] = []
      for (let at = 0; at < bytes.length; at += sizeAt(bytes, at)) counts.push(countAt(bytes, at))
      return counts
    })
    expect(counts.filter((batches) => batches.length > 0)).toEqual([[0, 0, 1]])
    // The time index leads to the one batch with a record: offset 2.
    const index = readFileSync(join(folder, logs[0].replace('.log', '.timeindex')))
    expect([index.length, index.readInt32BE(8)]).toEqual([12, 2])
    expect((await admin.check({ found: () => {} })).errors).toBe(0)
    await admin.close()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
