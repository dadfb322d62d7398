import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalTransactions } from '../../src/local/admin/transaction-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { crashingOs } from '../support/crashing-os.ts'
import { GenuineBroker, judge } from '../support/genuine-kafka.ts'

let root: string
let dir: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-txn-kafka-'))
  dir = join(root, 'data')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

type Moment = (call: string, path: string) => boolean

/** The Nth write of one process to a log whose folder's name begins so. */
const write = (folder: string, n: number): Moment => {
  let writes = 0
  return (call, path) =>
    call === 'write' && path.includes(`/${folder}`) && path.endsWith('.log') && ++writes === n
}

interface Left {
  readonly end: 'commit' | 'abort' | 'nothing'
  readonly timeoutMs?: number
  /** What is killed, before which call. Absent: it lives until all is written. */
  readonly killedAt?: Moment
  /** As tkafka leaves it, and as a genuine broker has it. */
  readonly state: string
  readonly genuine: string
  /** Whether a reader of committed records sees its value, and its group its offset. */
  readonly seen: boolean
}

/** The states of ../shared/transactions.md: offsets have their marker first, for their topic's name sorts first. */
const LEFT: Readonly<Record<string, Left>> = {
  committed: { end: 'commit', state: 'CompleteCommit', genuine: 'CompleteCommit', seen: true },
  aborted: { end: 'abort', state: 'CompleteAbort', genuine: 'CompleteAbort', seen: false },
  'ongoing-old': { end: 'nothing', timeoutMs: 1, state: 'Ongoing', genuine: 'CompleteAbort', seen: false },
  'ongoing-young': { end: 'nothing', state: 'Ongoing', genuine: 'Ongoing', seen: false },
  'no-marker': {
    end: 'commit',
    killedAt: write('__consumer_offsets-', 2),
    state: 'PrepareCommit',
    genuine: 'CompleteCommit',
    seen: true,
  },
  'half-the-markers': {
    end: 'commit',
    killedAt: write('half-the-markers-', 2),
    state: 'PrepareCommit',
    genuine: 'CompleteCommit',
    seen: true,
  },
  'abort-decided': {
    end: 'abort',
    killedAt: write('__consumer_offsets-', 2),
    state: 'PrepareAbort',
    genuine: 'CompleteAbort',
    seen: false,
  },
  'complete-lost': {
    end: 'commit',
    killedAt: write('__transaction_state-', 5),
    state: 'PrepareCommit',
    genuine: 'CompleteCommit',
    seen: true,
  },
  // Kafka's R11: such a one is never left with records in a log.
  'ongoing-not-synced': {
    end: 'nothing',
    killedAt: write('ongoing-not-synced-', 1),
    state: 'Ongoing',
    genuine: 'Ongoing',
    seen: false,
  },
}

const producer = (id: string, timeoutMs = 600_000, os = systemOs): LocalProducer =>
  new LocalProducer(os, LocalDirectory.open(os, dir), {
    'transactional.id': id,
    'transaction.timeout.ms': String(timeoutMs),
  })

/** All are in before the first is killed: whoever came later would end what it finds. */
async function leaveAll(): Promise<void> {
  const works = []
  for (const [id, left] of Object.entries(LEFT)) {
    const crash = crashingOs(left.killedAt ?? Number.POSITIVE_INFINITY)
    const own = producer(id, left.timeoutMs, crash.os)
    await own.initTransactions()
    works.push({ id, left, own, crash })
  }
  for (const { id, left, own } of works) {
    try {
      await own.beginTransaction()
      await own.send({ topic: id, value: id })
      await own.sendOffsetsToTransaction([{ topic: id, partition: 0, offset: 1 }], { groupId: `group-${id}` })
      if (left.end === 'commit') await own.commitTransaction()
      if (left.end === 'abort') await own.abortTransaction()
    } catch (error) {
      if (left.killedAt === undefined) throw error
    }
  }
  for (const { crash } of works) crash.kill()
}

async function statesHere(): Promise<Record<string, string>> {
  const directory = LocalDirectory.open(systemOs, dir)
  const listed = await new LocalTransactions(systemOs, directory).listTransactions()
  await directory.close()
  return Object.fromEntries(listed.map(({ transactionalId, state }) => [transactionalId, state]))
}

const start = () =>
  GenuineBroker.start(dir, () => ['transaction.abort.timed.out.transaction.cleanup.interval.ms=500'])

async function statesThere(broker: GenuineBroker): Promise<Record<string, string>> {
  const { stdout } = await broker.tool('org.apache.kafka.tools.TransactionsCommand', ['list'])
  const rows = stdout.trim().split('\n').slice(1)
  return Object.fromEntries(rows.map((row) => row.split(/\s+/)).map(([id, , , state]) => [id, state]))
}

async function valuesThere(broker: GenuineBroker, level: string): Promise<string[]> {
  const { stdout } = await broker.tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--include', '[a-z].*', '--from-beginning', '--timeout-ms', '6000', '--isolation-level', level],
  ])
  // The genuine tool tells on standard output that nothing more came; perf-test's records are capitals.
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !/ ERROR |Exception$|^[A-Z]{10}$/.test(line))
    .sort()
}

const errors = (log: string): string[] =>
  log
    .split('\n')
    .filter((line) => / ERROR /.test(line) && !/CONTROLLER_REGISTRATION|NotController/.test(line))

const idsOf = (wanted: (left: Left) => boolean): string[] =>
  Object.entries(LEFT)
    .filter(([, left]) => wanted(left))
    .map(([id]) => id)
    .sort()

describe('what tkafka leaves when it is killed in a transaction', () => {
  it('is ended by a genuine broker that boots, as the state says: values, offsets, both isolation levels (15)', async () => {
    await leaveAll()
    const left = Object.entries(LEFT).map(([id, { state }]) => [id, state])
    expect(await statesHere()).toEqual(Object.fromEntries(left))
    const broker = await start()
    try {
      const genuine = Object.fromEntries(Object.entries(LEFT).map(([id, one]) => [id, one.genuine]))
      await expect.poll(() => statesThere(broker), { timeout: 60_000, interval: 1000 }).toEqual(genuine)
      expect(await valuesThere(broker, 'read_committed')).toEqual(idsOf(({ seen }) => seen))
      expect(await valuesThere(broker, 'read_uncommitted')).toEqual(
        idsOf(({ state }) => state !== '').filter((id) => id !== 'ongoing-not-synced'),
      )
      const groups = await broker.tool('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', [
        ...['--describe', '--all-groups', '--offsets'],
      ])
      const committed = [...groups.stdout.matchAll(/^group-(\S+)\s+\S+\s+0\s+1\s/gm)].map(([, id]) => id)
      expect(committed.sort()).toEqual(idsOf(({ seen }) => seen))
      expect(errors(broker.log())).toEqual([])
    } finally {
      await broker.stop()
    }
  })

  it('lets a genuine producer of the same id go on, then tkafka, then again (15)', async () => {
    const ids = ['committed', 'no-marker', 'ongoing-old']
    for (let turn = 1; turn <= 2; turn++) {
      const broker = await start()
      try {
        for (const id of ids) {
          const { code, stderr } = await broker.tool('org.apache.kafka.tools.ProducerPerformance', [
            ...['--topic', id, '--num-records', '1', '--record-size', '10', '--throughput', '-1'],
            ...['--transactional-id', id],
          ])
          expect({ id, code, stderr: code === 0 ? '' : stderr }).toEqual({ id, code: 0, stderr: '' })
        }
        expect(errors(broker.log())).toEqual([])
      } finally {
        await broker.stop()
      }
      for (const id of ids) {
        const own = producer(id)
        await own.initTransactions()
        await own.beginTransaction()
        await own.send({ topic: id, value: `${id} again` })
        await own.commitTransaction()
        await own.beginTransaction()
        await own.send({ topic: id, value: `${id} aborted` })
        await own.abortTransaction()
        await own.close()
      }
    }
    const verdict = await judge(dir)
    expect(verdict.output).toContain('judge: ok')
    const broker = await start()
    try {
      const again = ids.flatMap((id) => [`${id} again`, `${id} again`])
      expect(await valuesThere(broker, 'read_committed')).toEqual(
        [...idsOf(({ seen }) => seen), ...again].sort(),
      )
    } finally {
      await broker.stop()
    }
  })
})
