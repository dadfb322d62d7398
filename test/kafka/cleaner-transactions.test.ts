import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalCleaning } from '../../src/local/cleaning/cleaning-run.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { endTransactionBatch } from '../../src/record/control-record.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { GenuineBroker, judge } from '../support/genuine-kafka.ts'

/** Transactions (committed, aborted, open) and idempotent producers in a compacted log, cleaned by us and by genuine Kafka. */
const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const

/** A seeded history, the same bytes for whoever appends it. */
class History {
  readonly #time = Date.now() - 1000
  readonly #sequences = new Map<number, number>()
  readonly #open = new Set<number>()
  #seed: number
  #count = 0

  constructor(seed: number) {
    this.#seed = seed
  }

  #random(below: number): number {
    this.#seed = (Math.imul(this.#seed, 1103515245) + 12345) >>> 0
    return Math.floor((this.#seed / 2 ** 32) * below)
  }

  /** Some megabytes in random batches; every transaction but that of `leaveOpen` is ended. */
  batches(count: number, leaveOpen?: number): Buffer[] {
    const batches: Buffer[] = []
    for (let i = 0; i < count; i++) {
      const kind = this.#random(10)
      if (kind < 3) batches.push(this.#records(-1, false))
      else if (kind < 5) batches.push(this.#records(700 + this.#random(3), false))
      else if (kind < 8) batches.push(this.#records(500 + this.#random(4), true))
      else {
        const producerId = [...this.#open][this.#random(this.#open.size)]
        if (producerId !== undefined && producerId !== leaveOpen) batches.push(this.#end(producerId))
      }
    }
    for (const producerId of this.#open) if (producerId !== leaveOpen) batches.push(this.#end(producerId))
    return batches
  }

  /** The first batch of a transaction that nobody ends. */
  begin(producerId: number): Buffer {
    return this.#records(producerId, true)
  }

  #end(producerId: number): Buffer {
    this.#open.delete(producerId)
    const type = this.#random(2) === 0 ? 'ABORT' : 'COMMIT'
    return Buffer.from(endTransactionBatch({ type, coordinatorEpoch: 0 }, this.#time, producerId, 0))
  }

  #records(producerId: number, transactional: boolean): Buffer {
    const count = 1 + this.#random(12)
    const baseSequence = this.#sequences.get(producerId) ?? 0
    this.#sequences.set(producerId, baseSequence + count)
    if (transactional) this.#open.add(producerId)
    const codec = CODECS[this.#random(CODECS.length)]
    const builder = new RecordBatchBuilder(
      producerId < 0 ? { codec } : { codec, producerId, producerEpoch: 0, baseSequence, transactional },
    )
    for (let i = 0; i < count; i++) {
      const n = this.#count++
      const key = Buffer.from(`key-${this.#random(n % 5 === 0 ? 4000 : 60)}`)
      const noise = createHash('sha256').update(String(n)).digest('base64').repeat(4)
      const value = this.#random(9) === 0 ? null : Buffer.from(`${n} ${noise}`)
      builder.append(this.#time + n, key, value, i % 4 === 0 ? [{ key: 'h', value: Buffer.from('1') }] : [])
    }
    return Buffer.from(builder.build())
  }
}

async function append(dir: string, batches: readonly Buffer[], roll = false): Promise<void> {
  const directory = LocalDirectory.open(systemOs, dir)
  await directory.enter()
  const log = directory.logForWriting('c', 0)
  await log.lock()
  for (const batch of batches) {
    const bytes = Buffer.from(batch)
    log.append(bytes, 0, bytes.length)
  }
  if (roll) log.roll()
  log.unlock()
  await directory.leave()
  await directory.close()
}

/** Every record as `offset key value`, and what tells of the batches around them. */
function stored(dir: string): { records: string[]; batches: string[]; open: number } {
  const directory = LocalDirectory.open(systemOs, dir)
  const log = directory.logForReading('c', 0)
  log.refresh()
  const records: string[] = []
  const batches: string[] = []
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 1 << 20)
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      at = batch.end
      const { baseOffset, lastOffset, count, producerId, producerEpoch, lastSequence, compression } = batch
      batches.push(
        [
          baseOffset,
          lastOffset,
          count,
          producerId,
          producerEpoch,
          lastSequence,
          compression,
          batch.isTransactional,
          batch.isControl,
          batch.hasDeleteHorizon,
        ].join(' '),
      )
      for (const { offset, key, value, timestamp, headers } of batch.records()) {
        const text = (bytes: Buffer | null) => (bytes === null ? 'NULL' : bytes.toString('base64'))
        records.push(`${offset} ${timestamp} ${text(key)} ${text(value)} ${headers.length}`)
      }
    }
    next = nextOffset
  }
  const open = log.logEndOffset - log.lastStableOffset
  void directory.close()
  return { records, batches, open }
}

function cleanedUpTo(dir: string): number {
  const file = path.join(dir, 'cleaner-offset-checkpoint')
  if (!fs.existsSync(file)) return -1
  const line = fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .find((text) => text.startsWith('c 0 '))
  return line === undefined ? -1 : Number(line.split(' ')[2])
}

async function clean(dir: string): Promise<void> {
  const directory = LocalDirectory.open(systemOs, dir)
  const results: string[] = []
  const options = {
    retention: false,
    compaction: true,
    offsets: false,
    topics: (name: string) => name === 'c',
  }
  for await (const { action, status, message } of new LocalCleaning(systemOs, directory).clean(options)) {
    results.push(`${action} ${status} ${message ?? ''}`)
  }
  await directory.close()
  expect(results).toEqual(['compaction done '])
}

async function cleanByBroker(dir: string, upTo: number): Promise<void> {
  const broker = await GenuineBroker.start(dir)
  try {
    const end = Date.now() + 90_000
    while (cleanedUpTo(dir) < upTo && Date.now() < end)
      await new Promise((resolve) => setTimeout(resolve, 200))
  } finally {
    await broker.stop()
  }
}

describe('compaction of a log with transactions', () => {
  test('leaves the same offsets, keys and values as the genuine cleaner, twice over', async () => {
    const root = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-cleaned-txn-'))
    dirs.push(root)
    const ours = path.join(root, 'ours')
    const theirs = path.join(root, 'theirs')
    const making = LocalDirectory.open(systemOs, ours)
    await new LocalAdmin(systemOs, making).createTopic({
      name: 'c',
      partitions: 1,
      configs: {
        'cleanup.policy': 'compact',
        'segment.bytes': '1048576',
        'min.cleanable.dirty.ratio': '0.01',
        // What the first cleaning marks goes with the second one.
        'delete.retention.ms': '0',
      },
    })
    await making.close()

    const history = new History(Number(process.env['TKAFKA_SEED'] ?? 7))
    await append(ours, history.batches(2500))
    const whole = stored(ours)
    fs.cpSync(ours, theirs, { recursive: true, preserveTimestamps: true })
    await clean(ours)
    await cleanByBroker(theirs, cleanedUpTo(ours))
    expect(cleanedUpTo(theirs)).toBe(cleanedUpTo(ours))
    const first = stored(ours)
    expect(first.records.length).toBeLessThan(whole.records.length / 2)
    expect(first.records).toEqual(stored(theirs).records)
    expect(first.batches).toEqual(stored(theirs).batches)

    // A transaction stays open in the middle of what comes now: nothing behind it may be compacted.
    const before = history.batches(1500)
    const behind = [...history.batches(100), history.begin(599), ...history.batches(1500, 599)]
    for (const dir of [ours, theirs]) {
      await append(dir, before, true)
      await append(dir, behind, true)
    }
    expect(stored(ours).open).toBeGreaterThan(1000)
    await clean(ours)
    await cleanByBroker(theirs, cleanedUpTo(ours))
    expect(cleanedUpTo(theirs)).toBe(cleanedUpTo(ours))
    const second = stored(ours)
    expect(second.open).toBeGreaterThan(1000)
    expect(second.records).toEqual(stored(theirs).records)
    expect(second.batches).toEqual(stored(theirs).batches)
    const verdict = await judge(ours)
    expect(verdict.ok, verdict.output).toBe(true)
  }, 300_000)
})
