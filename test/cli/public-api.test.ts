import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { KafkaError, openLocal } from '../../src/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
let dir: string
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-api-'))
})
afterEach(() => {
  fs.rmSync(dir, { recursive: true, force: true })
})

/** A folder in which `import 'tkafka'` finds what npm would install. */
function consumerProject(): string {
  const project = path.join(dir, 'project')
  fs.mkdirSync(path.join(project, 'node_modules'), { recursive: true })
  fs.symlinkSync(root, path.join(project, 'node_modules/tkafka'))
  return project
}

describe('openLocal', () => {
  test('the package can be required too, and its types resolve', () => {
    const project = consumerProject()
    fs.writeFileSync(path.join(project, 'a.cjs'), `console.log(typeof require('tkafka').openLocal)`)
    expect(execFileSync(process.execPath, ['a.cjs'], { cwd: project, encoding: 'utf8' })).toBe('function\n')
  })

  test('records come back as they were sent, with keys, nulls, headers and timestamps', async () => {
    const kafka = openLocal(path.join(dir, 'data'))
    const producer = await kafka.producer()
    const headers = [
      { key: 'h', value: Buffer.from([0, 255]) },
      { key: 'h', value: null },
    ]
    const sent = await producer.send({
      topic: 't',
      key: null,
      value: 'v',
      headers,
      timestamp: 1_700_000_000_000,
    })
    const tombstone = await producer.send({ topic: 't', key: 'k', value: null })
    await producer.close()
    expect(sent).toMatchObject({ topic: 't', partition: 0, offset: 0, timestamp: 1_700_000_000_000 })
    expect(tombstone.offset).toBe(1)

    const consumer = await kafka.consumer()
    await consumer.assign([{ topic: 't', partition: 0 }])
    consumer.seekToBeginning()
    const records = []
    while (records.length < 2) records.push(...(await consumer.poll(1000)))
    await consumer.close()
    expect(records[0]).toMatchObject({ offset: 0, key: null, timestamp: 1_700_000_000_000, headers })
    expect(records[0].value?.toString()).toBe('v')
    expect(records[1]).toMatchObject({ offset: 1, value: null })
    expect(records[1].key?.toString()).toBe('k')
  })

  test('a group goes on where it committed', async () => {
    const kafka = openLocal(path.join(dir, 'data'))
    const producer = await kafka.producer()
    for (let i = 0; i < 10; i++) await producer.send({ topic: 't', value: `v${i}` })
    await producer.close()
    const config = { 'auto.offset.reset': 'earliest', 'enable.auto.commit': 'false' }
    const read = async (count: number) => {
      const consumer = await kafka.consumer({ groupId: 'g', config })
      await consumer.subscribe(['t'])
      const values: string[] = []
      for await (const record of consumer) {
        values.push(record.value?.toString() ?? '')
        if (values.length === count) {
          await consumer.commit()
          break
        }
      }
      await consumer.close()
      return values
    }
    expect(await read(4)).toEqual(['v0', 'v1', 'v2', 'v3'])
    expect(await read(6)).toEqual(['v4', 'v5', 'v6', 'v7', 'v8', 'v9'])
  })

  test('what Kafka knows as an error comes under its name', async () => {
    const admin = await openLocal(path.join(dir, 'data')).admin()
    await admin.createTopic({ name: 'a', partitions: 1 })
    await expect(admin.createTopic({ name: 'a', partitions: 1 })).rejects.toSatisfy(
      (error) => error instanceof KafkaError && error.code === 'TOPIC_ALREADY_EXISTS',
    )
    await admin.close()
  })
})
