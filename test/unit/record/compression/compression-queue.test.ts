import { recordOf } from '../../../../src/record/record-slices.ts'
import '../../../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BatchWriter } from '../../../../src/record/batch-writer.ts'
import { compress } from '../../../../src/record/compression/compression.ts'
import {
  type CompressionHelper,
  CompressionQueue,
} from '../../../../src/record/compression/compression-queue.ts'
import { CompressionSlots } from '../../../../src/record/compression/compression-slots.ts'
import type { Codec } from '../../../../src/record/record.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'

const CAPACITY = 4096

/** The other thread's part, played by this one whenever `work` is called. */
class Helper implements CompressionHelper {
  readonly slots = CompressionSlots.create(3, CAPACITY)
  gone = false
  ended = false
  put = 0
  done = 0

  constructor() {
    const put = this.slots.put.bind(this.slots)
    this.slots.put = (...args) => {
      this.put++
      put(...args)
    }
  }

  end() {
    this.ended = true
    this.slots.end(0)
  }

  /** Does so many of the jobs that wait. */
  work(most: number, how: typeof compress = compress) {
    const jobs = Math.min(most, this.put - this.done)
    if (this.gone || this.ended || jobs === 0) return
    this.slots.work(this.done, jobs, 1e9, how)
    this.done += jobs
  }
}

async function queueWith(helper: Helper, deadAfterMs?: number): Promise<CompressionQueue> {
  const queue = new CompressionQueue(() => Promise.resolve(helper), 1, deadAfterMs)
  const plain = { codec: 'gzip', level: 1, buffer: Buffer.from('x'), start: 0, end: 1 } as const
  queue.compress({ place() {} }, BATCH, plain, true)
  await new Promise(setImmediate)
  return queue
}

const BATCH = { count: 1, baseTimestamp: 0, maxTimestamp: 0, plainSize: 1 }

/** A writer, what it was given, and the bytes of the batches that it gave. */
class Partition {
  readonly writer: BatchWriter
  readonly sent: string[] = []
  readonly batches: RecordBatch[] = []

  constructor(compression: CompressionQueue, codec: Codec, batchSize = 300) {
    const numbers = { producerId: 5, producerEpoch: 0, baseSequence: 0 }
    this.writer = new BatchWriter({ codec, batchSize, compression, level: 1, ...numbers })
  }

  append(size: number) {
    const value = `${this.sent.length}-${'abcdefgh'.repeat(size)}`.slice(0, size)
    this.writer.appendSlices(recordOf(7, null, Buffer.from(value)))
    this.sent.push(value)
  }

  take() {
    const { buffer, start, end } = this.writer
    const bytes = Buffer.from(buffer.subarray(start, end))
    let count = 0
    for (let at = 0; at < bytes.length; count++) {
      const batch = new RecordBatch(bytes, at, bytes.length)
      batch.ensureValid()
      this.batches.push(batch)
      at += batch.sizeInBytes
    }
    expect(count).toBe(this.writer.batchCount)
    this.writer.dropClosed()
  }

  /** All records came out, once, in order, with the sequences of their places. */
  check() {
    this.writer.closeBatch()
    this.take()
    expect(this.writer.isEmpty).toBe(true)
    let sequence = 0
    const values: string[] = []
    for (const batch of this.batches) {
      expect([batch.baseSequence, batch.producerId]).toEqual([sequence, 5])
      for (const record of batch.records()) values.push((record.value as Buffer).toString())
      sequence += batch.count
    }
    expect(values).toEqual(this.sent)
    expect(sequence).toBe(this.sent.length)
  }
}

describe('CompressionQueue', () => {
  it('gives each writer its batches in order, whatever the helper does, and when', async () => {
    const step = fc.oneof(
      { weight: 12, arbitrary: fc.record({ append: fc.nat(400), to: fc.nat(2) }) },
      { weight: 4, arbitrary: fc.record({ work: fc.integer({ min: 1, max: 4 }) }) },
      { weight: 1, arbitrary: fc.record({ append: fc.integer({ min: 3000, max: 9000 }), to: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ take: fc.nat(2) }) },
      { weight: 1, arbitrary: fc.record({ close: fc.nat(2) }) },
    )
    const codec = fc.constantFrom<Codec>('gzip', 'lz4', 'zstd', 'snappy')
    const end = fc.constantFrom('none', 'gone', 'fails', 'ended')
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 120 }),
        codec,
        end,
        fc.nat(120),
        async (steps, c, how, at) => {
          const helper = new Helper()
          const queue = await queueWith(helper)
          const partitions = [0, 1, 2].map(() => new Partition(queue, c))
          steps.forEach((s, i) => {
            if (i === at && how === 'gone') helper.gone = true
            if (i === at && how === 'ended') queue.end()
            if ('append' in s) partitions[s.to].append(s.append)
            else if ('take' in s) partitions[s.take].take()
            else if ('close' in s) partitions[s.close].writer.closeBatch()
            else if (i < at || how !== 'fails') helper.work(s.work)
            else
              helper.work(s.work, () => {
                throw new Error('out of memory')
              })
          })
          for (const partition of partitions) partition.check()
        },
      ),
      { numRuns: 60 },
    )
  })

  it('hands full batches over and goes on with the next one', async () => {
    const helper = new Helper()
    const partition = new Partition(await queueWith(helper), 'lz4')
    for (let i = 0; i < 6; i++) partition.append(200)
    expect(helper.put).toBeGreaterThan(1)
    expect([partition.writer.batchCount, partition.writer.closedRecordCount]).toEqual([0, 0])
    helper.work(1)
    partition.append(200)
    partition.append(200)
    expect(partition.writer.batchCount).toBe(1)
    partition.take()
    partition.check()
  })

  it('compresses itself what the helper has not begun when all of it is asked for', async () => {
    const helper = new Helper()
    const partition = new Partition(await queueWith(helper), 'zstd')
    for (let i = 0; i < 20; i++) partition.append(200)
    partition.check()
    expect(helper.put).toBeGreaterThan(2)
    // Nothing of it is left for the helper to do.
    helper.work(99, () => {
      throw new Error('this was taken back')
    })
    for (let i = 0; i < 20; i++) partition.append(200)
    helper.work(1)
    partition.check()
  })

  it('goes on without a helper that is too long at a batch, and does not take what it brings later', async () => {
    const helper = new Helper()
    const partition = new Partition(await queueWith(helper, 1), 'gzip')
    for (let i = 0; i < 6; i++) partition.append(200)
    const put = helper.put
    helper.work(1, () => {
      partition.check()
      return Buffer.from('nonsense')
    })
    expect(helper.ended).toBe(true)
    for (let i = 0; i < 6; i++) partition.append(200)
    partition.check()
    expect(helper.put).toBe(put)
  })

  it('asks for no helper before there is much to compress, and once only', async () => {
    let asked = 0
    const queue = new CompressionQueue(() => {
      asked++
      return Promise.resolve(undefined)
    }, 100_000)
    const partition = new Partition(queue, 'lz4', 16384)
    for (let i = 0; i < 80; i++) partition.append(1000)
    partition.check()
    expect(asked).toBe(0)
    for (let i = 0; i < 200; i++) partition.append(1000)
    partition.check()
    expect(asked).toBe(1)
    await new Promise(setImmediate)
    for (let i = 0; i < 200; i++) partition.append(1000)
    partition.check()
    expect(asked).toBe(1)
  })

  it('asks for none at all for a codec that is quicker than handing over', () => {
    const queue = new CompressionQueue(() => Promise.reject(new Error('not wanted')), 1)
    const partition = new Partition(queue, 'snappy')
    for (let i = 0; i < 20; i++) partition.append(1000)
    partition.check()
  })

  it('goes on alone when the helper cannot be had', async () => {
    const queue = new CompressionQueue(() => Promise.reject(new Error('no threads here')), 1)
    const partition = new Partition(queue, 'lz4')
    for (let i = 0; i < 5; i++) {
      partition.append(1000)
      await new Promise(setImmediate)
    }
    partition.check()
  })

  it('lets a helper go that comes when all is over', async () => {
    const helper = new Helper()
    const queue = new CompressionQueue(() => Promise.resolve(helper), 1)
    new Partition(queue, 'lz4').append(1000)
    const partition = new Partition(queue, 'lz4')
    partition.append(1000)
    partition.check()
    queue.end()
    await new Promise(setImmediate)
    expect(helper.ended).toBe(true)
  })
})
