import { describe, expect, it } from 'vitest'
import { RecordAccumulator } from '../../../src/client/record-accumulator.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { recordOf } from '../../../src/record/record-slices.ts'

const options = { codec: 'none', batchSize: 200, producerId: 7, bufferMemory: 33554432 } as const
const value = Buffer.alloc(40, 'v')

function add(accumulator: RecordAccumulator, partition: number, records = 1) {
  const queue = accumulator.queue(partition)
  for (let i = 0; i < records; i++) {
    const full = queue.writer.appendSlices(recordOf(1000, null, value))
    accumulator.added(queue, full, value.length)
  }
  return queue
}

function batches(queue: ReturnType<RecordAccumulator['queue']>): RecordBatch[] {
  const { writer } = queue
  const found: RecordBatch[] = []
  for (let at = writer.start; at < writer.end; at = found[found.length - 1].end) {
    found.push(new RecordBatch(writer.buffer, at, writer.end))
    found[found.length - 1].ensureValid()
  }
  return found
}

describe('RecordAccumulator', () => {
  it('keeps partitions apart and lists those that hold something', () => {
    const accumulator = new RecordAccumulator(4, options)
    expect(accumulator.isEmpty).toBe(true)
    add(accumulator, 3)
    add(accumulator, 1, 2)
    expect(accumulator.filled().map((queue) => queue.partition)).toEqual([1, 3])
    accumulator.endBatches()
    expect(batches(accumulator.queue(1)).map((batch) => batch.count)).toEqual([2])
    expect(batches(accumulator.queue(3)).map((batch) => batch.count)).toEqual([1])
  })

  it('counts sequences up per partition over batches and over deliveries', () => {
    const accumulator = new RecordAccumulator(2, options)
    const queue = add(accumulator, 0, 5)
    accumulator.endBatches()
    expect(batches(queue).map((batch) => [batch.producerId, batch.baseSequence, batch.count])).toEqual([
      [7, 0, 2],
      [7, 2, 2],
      [7, 4, 1],
    ])
    accumulator.delivered(queue, 100, -1)
    add(accumulator, 0)
    add(accumulator, 1)
    accumulator.endBatches()
    expect(batches(queue).map((batch) => batch.baseSequence)).toEqual([5])
    expect(batches(accumulator.queue(1)).map((batch) => batch.baseSequence)).toEqual([0])
  })

  it('keeps the open batch when the closed ones are delivered, with all its records', () => {
    const accumulator = new RecordAccumulator(1, options)
    const queue = add(accumulator, 0, 3)
    expect(batches(queue).map((batch) => batch.count)).toEqual([2])
    accumulator.delivered(queue, 0, -1)
    expect(queue.writer.isEmpty).toBe(false)
    accumulator.endBatches()
    expect(batches(queue).map((batch) => [batch.count, batch.baseSequence])).toEqual([[1, 2]])
    expect([...batches(queue)[0].records()][0].value?.equals(value)).toBe(true)
  })

  it('tells each waiting sender its own offset, and only those whose record was delivered', () => {
    const accumulator = new RecordAccumulator(1, options)
    const queue = accumulator.queue(0)
    const told: [number, number][] = []
    for (let i = 0; i < 3; i++) {
      queue.pending.push({
        index: queue.taken + queue.writer.recordCount,
        resolve: (offset) => told.push([i, offset]),
        reject: () => told.push([i, -1]),
      })
      add(accumulator, 0)
    }
    accumulator.delivered(queue, 50, -1)
    expect(told).toEqual([
      [0, 50],
      [1, 51],
    ])
    accumulator.endBatches()
    accumulator.failed(queue, new Error('disk full'))
    expect(told.slice(2)).toEqual([[2, -1]])
  })

  it('says that a partition is due once it holds enough for one large write', () => {
    const accumulator = new RecordAccumulator(1, { ...options, batchSize: 16384 })
    const queue = add(accumulator, 0, 1000)
    expect(queue.due).toBe(false)
    add(accumulator, 0, 30_000)
    expect(queue.due).toBe(true)
  })

  it('is full when thousands of partitions hold more than it may gather, whatever each of them holds', () => {
    const accumulator = new RecordAccumulator(5000, { ...options, bufferMemory: 100_000 })
    for (let partition = 0; partition < 2400; partition++) add(accumulator, partition)
    expect(accumulator.isFull).toBe(false)
    for (let partition = 2400; partition < 2600; partition++) add(accumulator, partition)
    expect(accumulator.isFull).toBe(true)
    accumulator.endBatches()
    for (const queue of accumulator.filled()) accumulator.delivered(queue, 0, -1)
    expect(accumulator.isFull).toBe(false)
  })

  it('goes on in memory of its own when a record is larger than its piece', () => {
    const accumulator = new RecordAccumulator(2, options)
    const large = Buffer.alloc(3_000_000, 'x')
    const queue = add(accumulator, 0)
    const full = queue.writer.appendSlices(recordOf(1000, null, large))
    accumulator.added(queue, full, large.length)
    accumulator.endBatches()
    expect(batches(queue).map((batch) => batch.count)).toEqual([1, 1])
    expect([...batches(queue)[1].records()][0].value?.equals(large)).toBe(true)
  })
})
