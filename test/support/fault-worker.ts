/**
 * One process of the fault bench's crowd: fault-worker DIR ROLE ID. Works until it is killed, and tells on standard
 * output (with write(2), so that a killed one has told all it did): A acknowledged, R delivered, + and - partitions given and taken,
 * E errors. TKAFKA_MUTATE breaks it on purpose.
 */
import fs from 'node:fs'
import { openLocal } from '../../src/index.ts'
import { nativeFileLocks } from '../../src/os/native-file-lock.ts'

const [dir, role, id] = process.argv.slice(2)
const mutation = process.env.TKAFKA_MUTATE ?? ''
const PARTITIONS = 4
const now = (): string => String(process.hrtime.bigint())

function say(...words: (string | number)[]): void {
  fs.writeSync(1, `${words.join(' ')}\n`)
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

if (mutation === 'no-lock') {
  const { tryLock } = nativeFileLocks
  nativeFileLocks.tryLock = (fd, mode) =>
    fs.readlinkSync(`/proc/self/fd/${fd}`).endsWith('/.tkafka-lock') ||
    tryLock.call(nativeFileLocks, fd, mode)
}

async function produce(): Promise<void> {
  const producer = await openLocal(dir).producer()
  for (let n = 0; ; n++) {
    const value = `${id}:${n}`
    const { partition, offset } = await producer.send({ topic: 'h', partition: n % PARTITIONS, value })
    say('A', partition, offset, value)
    if (n % 16 === 0) await pause(1)
  }
}

async function consume(): Promise<void> {
  const consumer = await openLocal(dir).consumer({
    groupId: 'g',
    config: {
      'auto.offset.reset': 'earliest',
      'auto.commit.interval.ms': '10',
      'max.poll.records': '50',
      'enable.auto.commit': mutation === 'early-commit' ? 'false' : 'true',
    },
    onAssigned: (given) => {
      for (const { partition } of given) say('+', partition, now())
    },
    onRevoked: (taken) => {
      for (const { partition } of taken) say('-', partition, now())
    },
  })
  await consumer.subscribe(['h'])
  say('ready')
  for (;;) {
    const records = await consumer.poll(100)
    if (mutation === 'early-commit' && records.length > 0) {
      await consumer.commit()
      await pause(5)
    }
    let text = ''
    for (const { partition, offset, value } of records) text += `R ${partition} ${offset} ${value}\n`
    if (text !== '') fs.writeSync(1, text)
  }
}

async function administer(): Promise<void> {
  const admin = await openLocal(dir).admin()
  for (let n = 0; ; n++) {
    const name = `x-${id}-${n}`
    await admin.createTopic({ name, partitions: 2 })
    say('ready')
    await admin.incrementalAlterConfigs({ type: 'topic', name: 'h' }, [
      { name: 'flush.messages', operation: 'set', value: String(1000 + n) },
    ])
    await admin.deleteTopic(name)
  }
}

async function retain(): Promise<void> {
  const admin = await openLocal(dir).admin()
  const producer = await openLocal(dir).producer()
  for (let n = 0; ; n++) {
    let end = 0
    for (let i = 0; i < 5; i++) {
      const { offset } = await producer.send({ topic: 'd', partition: 0, value: `${id}:${n}:${i}` })
      end = offset + 1
    }
    say('ready')
    await admin.deleteRecords({ topic: 'd', partition: 0 }, Math.max(0, end - 3)).catch((error) => {
      // Another one was quicker.
      if (error.code !== 'OFFSET_OUT_OF_RANGE') throw error
    })
  }
}

const ROLES: Readonly<Record<string, () => Promise<void>>> = { produce, consume, administer, retain }
ROLES[role]().catch((error) => {
  say('E', String(error?.message ?? error).replaceAll('\n', ' '))
  process.exit(1)
})
