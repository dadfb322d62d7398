import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LocalConsumer } from '../../../src/local/local-consumer.ts'
import { LocalDirectory } from '../../../src/local/local-directory.ts'
import { LocalTopics } from '../../../src/local/local-topics.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { RecordBatchBuilder } from '../../../src/record/record-batch-builder.ts'

let dir: string
let directory: LocalDirectory

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-consumer-group-'))
  directory = LocalDirectory.open(systemOs, dir)
  await new LocalTopics(systemOs, directory).createTopic({ name: 'a', partitions: 2 })
  await directory.enter()
  for (const partition of [0, 1]) {
    const log = directory.logForWriting('a', partition)
    await log.lock()
    const builder = new RecordBatchBuilder({})
    for (const value of ['x', 'y', 'z']) builder.append(1700000000000, null, Buffer.from(value), [])
    const batch = Buffer.from(builder.build())
    log.append(batch, 0, batch.length)
    log.unlock()
  }
  await directory.leave()
})
afterEach(async () => {
  await directory.close()
  fs.rmSync(dir, { recursive: true, force: true })
})

describe('a member whose partition goes to another', () => {
  test('lets it go when its commit is written, before it has left the directory', async () => {
    const config = { 'auto.offset.reset': 'earliest' }
    const slow = LocalDirectory.open(systemOs, dir)
    const { enter, leave } = slow
    let entered = 0
    let gate: Promise<void> | undefined
    let open = () => {}
    slow.enter = async () => {
      await enter.call(slow)
      entered++
    }
    slow.leave = async () => {
      if (entered === 1) await gate
      entered--
      await leave.call(slow)
    }
    const first = new LocalConsumer(systemOs, slow, {
      groupId: 'g',
      config,
      onRevoked: () => {
        gate ??= new Promise((resolve) => {
          open = resolve
        })
      },
    })
    await first.subscribe(['a'])
    let read = 0
    while (read < 6) read += (await first.poll(100)).length
    let over = false
    const polling = (async () => {
      while (!over) await first.poll(20)
    })()
    const second = new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), { groupId: 'g', config })
    await second.subscribe(['a'])
    const [partition] = second.assignment()
    expect(partition).toEqual({ topic: 'a', partition: expect.any(Number) })
    expect(second.position(partition as NonNullable<typeof partition>)).toBe(3)
    expect(entered).toBeGreaterThan(0)
    over = true
    open()
    await polling
    await first.close()
    expect(entered).toBe(0)
    await second.close()
  })
})
