/**
 * One process of the fault bench's crowd: fault-worker DIR ROLE ID. Works until it is killed, and tells on standard
 * output (with write(2), so that a killed one has told all it did): A and K acknowledged, R and F delivered, + and - partitions given and taken,
 * E errors. TKAFKA_MUTATE breaks it on purpose.
 */
import fs from 'node:fs'
import { openLocal } from '../../src/index.ts'
import { nativeFileLocks } from '../../src/os/native-file-lock.ts'
import { systemOs } from '../../src/os/system-os.ts'

const [dir, role, id] = process.argv.slice(2)
const mutation = process.env.TKAFKA_MUTATE ?? ''
const PARTITIONS = 4
const now = (): string => String(process.hrtime.bigint())

function say(...words: (string | number)[]): void {
  fs.writeSync(1, `${words.join(' ')}\n`)
}
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Locks that a mutation takes for granted. */
const UNLOCKED: Readonly<Record<string, RegExp>> = {
  'no-lock': /\/\.tkafka-lock$/,
  // The claim on a partition.
  'no-claim': /\/\.tkafka-group-.*-p-/,
}
const unlocked = UNLOCKED[mutation]
if (unlocked !== undefined) {
  const { tryLock } = nativeFileLocks
  nativeFileLocks.tryLock = (fd, mode) =>
    unlocked.test(fs.readlinkSync(`/proc/self/fd/${fd}`)) || tryLock.call(nativeFileLocks, fd, mode)
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

/** Keyed records for the compacted topic: K partition offset key value, once acknowledged. */
async function key(): Promise<void> {
  const producer = await openLocal(dir).producer()
  for (let n = 0; ; n++) {
    const key = `k${n % 7}`
    const value = `${id}:${n}`
    const { offset } = await producer.send({ topic: 'c', partition: 0, key, value })
    say('K', offset, key, value)
    if (n % 8 === 0) await pause(1)
  }
}

/** Compacts again and again, the active segment, too; TKAFKA_KILL_AT: kills itself before that change of the disk. */
async function clean(): Promise<void> {
  const killAt = process.env.TKAFKA_KILL_AT
  if (killAt !== undefined) killBefore(Number(killAt))
  const admin = await openLocal(dir).admin()
  for (;;) {
    const options = { topics: (name: string) => name === 'c', offsets: false, now: true }
    for await (const { status, message } of admin.clean(options)) {
      if (status === 'failed') say('E', String(message))
    }
    say('ready')
    if (killAt !== undefined) break
    await pause(5)
  }
  await admin.close()
}

/** Reads all of the compacted topic again and again, in small pieces: S at each beginning, F offset for each record. */
async function follow(): Promise<void> {
  for (;;) {
    const consumer = await openLocal(dir).consumer({
      config: { 'max.poll.records': '20', 'auto.offset.reset': 'earliest' },
    })
    await consumer.assign([{ topic: 'c', partition: 0 }])
    consumer.seekToBeginning([{ topic: 'c', partition: 0 }])
    let text = 'S\n'
    for (let quiet = 0; quiet < 2; ) {
      const records = await consumer.poll(5)
      quiet = records.length === 0 ? quiet + 1 : 0
      for (const { offset, key, value } of records) text += `F ${offset} ${key} ${value}\n`
      if (text !== '') fs.writeSync(1, text)
      text = ''
      await pause(1)
    }
    await consumer.close()
  }
}

/** As if the machine's scheduler had it in for this process. */
function killBefore(at: number): void {
  let calls = 0
  const port = systemOs.fs as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const call of ['write', 'mkdir', 'rename', 'unlink', 'ftruncate', 'fsync', 'fdatasync', 'fsyncDir']) {
    const real = port[call]
    port[call] = (...args) => {
      if (calls++ === at) process.kill(process.pid, 'SIGKILL')
      return real.apply(systemOs.fs, args)
    }
  }
}

const ROLES: Readonly<Record<string, () => Promise<void>>> = {
  produce,
  consume,
  administer,
  retain,
  key,
  clean,
  follow,
}
ROLES[role]().catch((error) => {
  say('E', String(error?.message ?? error).replaceAll('\n', ' '))
  process.exit(1)
})
