import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ConsumerOptions } from '../../../../src/client/consumer.ts'
import { LocalTopics } from '../../../../src/local/admin/topic-admin.ts'
import { LocalConsumer } from '../../../../src/local/consumer/local-consumer.ts'
import { futureClusterId } from '../../../../src/local/directory/future-cluster-id.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { produce } from '../../../support/local-produce.ts'

let parent: string
let dir: string
let consumers: LocalConsumer[]
beforeEach(() => {
  parent = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-absent-'))
  dir = path.join(parent, 'data')
  consumers = []
})
afterEach(async () => {
  for (const consumer of consumers) await consumer.close()
  fs.rmSync(parent, { recursive: true, force: true })
})

function consumer(options: ConsumerOptions = {}): LocalConsumer {
  const config = { 'auto.offset.reset': 'earliest', ...options.config }
  const made = new LocalConsumer(systemOs, LocalDirectory.open(systemOs, dir), { ...options, config })
  consumers.push(made)
  return made
}

const image = () => LocalDirectory.open(systemOs, dir).image()
const names = () => [...image().topics()].sort()

describe('a topic that is not there (D1)', () => {
  test('is named with those that come near, where nobody waits for it', async () => {
    await produce(dir, 'orders', 0, 'v')
    const reader = consumer({ untilEnd: true })
    await expect(reader.subscribe(['ordrs'])).rejects.toThrow('There is no topic ordrs. Did you mean orders?')
    await expect(reader.subscribe(['orders', 'x'])).rejects.toThrow('There is no topic x.')
    await expect(reader.subscribe(/^(?:ordrs)$/)).rejects.toThrow(
      'No topic matches ordrs. Did you mean orders?',
    )
    await expect(reader.assign([{ topic: 'orders', partition: 7 }])).rejects.toThrow(
      'Topic orders has no partition 7: its only partition is 0.',
    )
    const member = consumer({ untilEnd: true, groupId: 'g' })
    await expect(member.subscribe(['ordrs'])).rejects.toThrow('There is no topic ordrs.')
    expect(names()).toEqual(['orders'])
  })

  test.each([
    ['without a group', undefined],
    ['by a group', 'g'],
  ])('is waited for %s, from the first record on, also while there is no directory', async (_, groupId) => {
    const reader = consumer({ groupId })
    await reader.subscribe(['late'])
    expect(await reader.poll(20)).toEqual([])
    expect(fs.existsSync(dir)).toBe(false)
    await produce(dir, 'late', 0, 'first')
    const records = await reader.poll(15_000)
    expect(records.map(({ value }) => value?.toString())).toEqual(['first'])
  })

  test('is made when allow.auto.create.topics=true was said, and no other', async () => {
    const reader = consumer({ untilEnd: true, config: { 'allow.auto.create.topics': 'true' } })
    await reader.subscribe(['wanted'])
    expect(names()).toEqual(['wanted'])
    expect(reader.finished).toBe(true)
  })

  test('leaves no __consumer_offsets behind when a group waited for it in vain', async () => {
    await produce(dir, 'orders', 0, 'v')
    const member = consumer({ groupId: 'g' })
    await member.subscribe(['ordrs'])
    await member.poll(20)
    await member.close()
    expect(names()).toEqual(['orders'])
  })
})

test('the cluster id that an empty directory tells is the one that it gets (D1)', async () => {
  fs.mkdirSync(dir)
  const told = futureClusterId(systemOs, dir)
  if (told === undefined) return // a file system that does not keep when a folder was made
  expect(fs.readdirSync(dir)).toEqual([])
  await new LocalTopics(systemOs, LocalDirectory.open(systemOs, dir)).createTopic({ name: 'a' })
  expect(image().clusterId).toBe(told)
})
