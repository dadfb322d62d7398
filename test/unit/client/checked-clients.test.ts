import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Admin } from '../../../src/client/admin/admin.ts'
import type { Consumer } from '../../../src/client/consumer.ts'
import type { Producer } from '../../../src/client/producer.ts'
import { type Kafka, openLocal } from '../../../src/index.ts'

let dir: string
let kafka: Kafka
let producer: Producer
let consumer: Consumer
let admin: Admin
beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-types-'))
  kafka = openLocal(path.join(dir, 'data'))
  producer = await kafka.producer({ 'linger.ms': 0 } as never)
  await producer.send({ topic: 't', value: 'first' })
  admin = await kafka.admin()
  consumer = await kafka.consumer({ groupId: 'g', config: { 'auto.offset.reset': 'earliest' } })
  await consumer.subscribe(['t'])
})
afterAll(async () => {
  await consumer.close()
  await producer.close()
  await admin.close()
  fs.rmSync(dir, { recursive: true, force: true })
})

const end = async () => (await admin.listOffset({ topic: 't', partition: 0 }, 'latest')).offset

describe('a value that is none is refused, and nothing is stored (A8)', () => {
  it.each([
    [
      'an object',
      { topic: 't', value: { a: 1 } },
      /record\.value must be a string, a Buffer or null.*an object/,
    ],
    ['a number', { topic: 't', value: 5 }, /record\.value .* a number \(5\)/],
    ['undefined', { topic: 't', value: undefined }, /record\.value .* undefined/],
    ['nothing at all', { topic: 't', key: 'k' }, /record\.value .* undefined/],
    ['true', { topic: 't', value: true }, /record\.value .* a boolean \(true\)/],
    ['a list', { topic: 't', value: ['a'] }, /record\.value .* an array/],
    ['a Date', { topic: 't', value: new Date(0) }, /record\.value .* a Date/],
    ['a promise', { topic: 't', value: Promise.resolve('a') }, /record\.value .* a Promise/],
    ['a key that is a number', { topic: 't', key: 7, value: 'v' }, /record\.key .* a number \(7\)/],
    ['no topic', { value: 'v' }, /record\.topic .* undefined/],
    ['an empty topic', { topic: '', value: 'v' }, /record\.topic/],
    [
      'a partition in letters',
      { topic: 't', partition: '0', value: 'v' },
      /record\.partition .* a string \("0"\)/,
    ],
    ['half a partition', { topic: 't', partition: 0.5, value: 'v' }, /record\.partition/],
    [
      'a Date for a timestamp',
      { topic: 't', timestamp: new Date(5), value: 'v' },
      /record\.timestamp .* a Date/,
    ],
    [
      'no number for a timestamp',
      { topic: 't', timestamp: Number.NaN, value: 'v' },
      /record\.timestamp .*NaN/,
    ],
    ['headers by name', { topic: 't', value: 'v', headers: { a: 'b' } }, /record\.headers .* an array/],
    [
      'a header in letters',
      { topic: 't', value: 'v', headers: [{ key: 'h', value: 'x' }] },
      /record\.headers\[0\]\.value must be a Buffer or null/,
    ],
    ['no record', 'v', /record must be an object/],
  ])('%s', async (_, record, message) => {
    const before = await end()
    const sent = producer.send(record as never)
    await expect(sent).rejects.toThrow(TypeError)
    await expect(sent).rejects.toThrow(message)
    expect(await end()).toBe(before)
  })

  it('null stays the tombstone, and bytes of any kind are stored as they are', async () => {
    const first = (await end()) ?? 0
    await producer.send({ topic: 't', key: 'k', value: null })
    await producer.send({ topic: 't', value: new Uint8Array([1, 2]) as Buffer })
    await producer.send({ topic: 't', partition: null as never, key: null, value: '' })
    const reader = await kafka.consumer({ untilEnd: true })
    await reader.assign([{ topic: 't', partition: 0 }])
    reader.seek({ topic: 't', partition: 0 }, first)
    const values = (await reader.poll(1000)).map(({ value }) => value?.toString('hex') ?? null)
    await reader.close()
    expect(values).toEqual([null, '0102', ''])
  })
})

describe('what is handed in with a wrong type is named (A8)', () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      'a topic for a list',
      () => consumer.subscribe('t' as never),
      /consumer\.subscribe: topics must be an array/,
    ],
    ['nothing to subscribe to', () => consumer.subscribe(undefined as never), /topics .* undefined/],
    ['names for partitions', () => consumer.assign(['t'] as never), /partitions\[0\] must be an object/],
    [
      'a partition without a number',
      () => consumer.assign([{ topic: 't' }] as never),
      /partitions\[0\]\.partition/,
    ],
    ['a timeout in letters', () => consumer.poll('5' as never), /timeoutMs .* a string \("5"\)/],
    ['offsets in an object', () => consumer.commit({ t: 1 } as never), /offsets must be a Map/],
    [
      'an offset in letters',
      () => consumer.commit(new Map([[{ topic: 't', partition: 0 }, { offset: '1' }]]) as never),
      /offsets\.get\(\)\.offset/,
    ],
    [
      'a name for a topic',
      () => admin.createTopic('orders' as never),
      /admin\.createTopic: topic must be an object/,
    ],
    [
      'partitions in letters',
      () => admin.createTopic({ name: 'x', partitions: '3' } as never),
      /topic\.partitions .* a string/,
    ],
    [
      'a number for a setting',
      () => admin.createTopic({ name: 'x', configs: { 'retention.ms': 5 } } as never),
      /topic\.configs\['retention\.ms'\] .* a number \(5\)/,
    ],
    ['a name for names', () => admin.describeTopics('t' as never), /names must be an array/],
    ['an object for a name', () => admin.deleteTopic({ name: 't' } as never), /name must be a string/],
    [
      'a word that is none',
      () => admin.listOffset({ topic: 't', partition: 0 }, 'newest' as never),
      /spec .*latest/,
    ],
    [
      'an offset in letters',
      () => admin.deleteRecords({ topic: 't', partition: 0 }, '5' as never),
      /beforeOffset/,
    ],
    [
      'a voter without an address',
      () => admin.addRaftVoter(3, 'x', [{ name: 'CONTROLLER' }] as never),
      /endpoints\[0\]\.host/,
    ],
    [
      'a password that is a number',
      () =>
        admin.alterUserScramCredentials(
          'alice',
          [{ mechanism: 'SCRAM-SHA-256', iterations: 4096, password: 5 }] as never,
          [],
        ),
      /upsertions\[0\]\.password/,
    ],
    ['an election that is none', () => admin.electLeaders('ANY' as never), /type .*PREFERRED/],
    [
      'a setting that is an object',
      () => kafka.producer({ acks: {} } as never),
      /config\['acks'\] .* an object/,
    ],
    ['a group that is a number', () => kafka.consumer({ groupId: 5 } as never), /groupId must be a string/],
  ])('%s', async (_, call, message) => {
    const called = Promise.resolve().then(call)
    await expect(called).rejects.toThrow(TypeError)
    await expect(called).rejects.toThrow(message)
  })

  it('at once by what answers at once', () => {
    const partition = { topic: 't', partition: 0 }
    expect(() => consumer.seek(partition, '5' as never)).toThrow(/offset .* a string \("5"\)/)
    expect(() => consumer.seek(partition, -1)).toThrow(/offset .* a number \(-1\)/)
    expect(() => openLocal(undefined as never)).toThrow(/openLocal: path must be a path/)
  })

  it('and numbers and booleans among settings are what they say', async () => {
    const reader = await kafka.consumer({
      config: { 'max.poll.records': 1, 'auto.offset.reset': 'earliest' } as never,
    })
    await reader.subscribe(['t'])
    expect(await reader.poll(1000)).toHaveLength(1)
    await reader.close()
  })

  it('and an offset alone can be committed', async () => {
    const partition = { topic: 't', partition: 0 }
    await consumer.commit(new Map([[partition, { offset: 1 } as never]]))
    expect([...(await consumer.committed([partition])).values()]).toMatchObject([
      { offset: 1, leaderEpoch: -1, metadata: '' },
    ])
  })
})

describe('options that are none are named before anything is opened', () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['no options', () => kafka.consumer(null as never), /consumer: options must be an object, and is null/],
    ['a number', () => kafka.consumer(5 as never), /consumer: options must be an object/],
    ['no signal', () => kafka.consumer({ signal: {} as never }), /options\.signal must be an AbortSignal/],
    [
      'an isolation level that is none',
      () => kafka.consumer({ isolationLevel: 'x' as never }),
      /options\.isolationLevel must be one of read_uncommitted, read_committed/,
    ],
    ['no listener', () => kafka.consumer({ onCorrupt: 5 as never }), /options\.onCorrupt .* a function/],
    [
      'settings of a topic',
      () => admin.createTopic({ name: 'x', configs: 5 as never }),
      /topic\.configs must be an object, and is a number/,
    ],
    ['no list of users', () => admin.describeUserScramCredentials('u' as never), /users .* an array/],
  ])('%s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(message)
  })

  it('of openLocal', () => {
    expect(() => openLocal('/tmp', null as never)).toThrow(/openLocal: options must be an object/)
    expect(() => openLocal('/tmp', { warn: 5 as never })).toThrow(/options\.warn must be a function/)
    expect(() => openLocal('a\0b')).toThrow(/openLocal: path must be a path/)
  })
})

describe('a client that was closed takes nothing more', () => {
  it('an admin makes no topic, a member sets no offset back', async () => {
    const late = await kafka.admin()
    await late.close()
    await expect(late.createTopic({ name: 'late' })).rejects.toThrow('AdminClient is closing')
    const member = await kafka.consumer({ groupId: 'late' })
    await member.subscribe(['t'])
    await member.close()
    const at = { topic: 't', partition: 0 }
    await expect(
      member.commit(new Map([[at, { offset: 0, leaderEpoch: -1, metadata: '' }]])),
    ).rejects.toThrow('This consumer has already been closed.')
    await expect(member.subscribe(['t'])).rejects.toThrow('already been closed')
    expect(() => member.seek(at, 0)).toThrow('already been closed')
    await member.close()
    expect(member.assignment()).toEqual([])
  })
})
