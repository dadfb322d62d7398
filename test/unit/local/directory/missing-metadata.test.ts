import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'

it('partitions without the metadata log are neither hidden nor set aside: reading and writing are refused', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-no-metadata-'))
  try {
    const maker = await openLocal(dir).admin()
    await maker.createTopic({ name: 't', partitions: 1 })
    await maker.close()
    rmSync(join(dir, '__cluster_metadata-0'), { recursive: true })
    const before = readdirSync(dir).sort()
    const why = `${dir}: __cluster_metadata-0 is missing, and with it what topics there are (t-0)`
    const admin = await openLocal(dir).admin()
    await expect(admin.listTopics()).rejects.toThrow(why)
    await expect(admin.createTopic({ name: 't' })).rejects.toThrow(why)
    const producer = await openLocal(dir).producer()
    await expect(producer.send({ topic: 't', value: 'x' })).rejects.toThrow(why)
    await producer.close()
    expect(readdirSync(dir).sort()).toEqual(before)
    // A formatted directory has none yet.
    rmSync(join(dir, 't-0'), { recursive: true })
    expect(await admin.listTopics()).toEqual([])
    await admin.close()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
