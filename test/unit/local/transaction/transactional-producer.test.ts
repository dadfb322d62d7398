import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { IsolationLevel } from '../../../../src/client/types.ts'
import { OffsetStore } from '../../../../src/group/offsets/offset-store.ts'
import { LocalTransactions } from '../../../../src/local/admin/transaction-admin.ts'
import { LocalConsumer } from '../../../../src/local/consumer/local-consumer.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../../../src/local/producer/local-producer.ts'
import { systemOs } from '../../../../src/os/system-os.ts'

let root: string
let dir: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-txn-'))
  dir = join(root, 'data')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const open = (): LocalDirectory => LocalDirectory.open(systemOs, dir)
const producer = (id = 'tx', config = {}): LocalProducer =>
  new LocalProducer(systemOs, open(), { 'transactional.id': id, ...config })

/** Values that a reader of this level is shown. */
async function values(topic: string, partition: number, isolationLevel: IsolationLevel): Promise<string[]> {
  const options = { isolationLevel, untilEnd: true, config: { 'auto.offset.reset': 'earliest' } }
  const consumer = new LocalConsumer(systemOs, open(), options)
  const found: string[] = []
  try {
    await consumer.assign([{ topic, partition }])
    for (let done = false; !done; ) {
      const records = await consumer.poll(1000)
      done = records.length === 0
      for (const record of records) found.push(String(record.value))
    }
  } finally {
    await consumer.close()
  }
  return found
}

const state = async (id = 'tx') => {
  const directory = open()
  const found = await new LocalTransactions(systemOs, directory).describeTransaction(id)
  await directory.close()
  return found
}

describe('a transactional producer on a directory', () => {
  it('shows what is committed whole, nothing of what is aborted, and goes on with the next epoch', async () => {
    const p = producer()
    await p.initTransactions()
    await p.beginTransaction()
    await p.send({ topic: 'a', value: 'one' })
    await p.send({ topic: 'b', value: 'uno' })
    expect(await values('a', 0, 'read_committed')).toEqual([])
    expect(await values('a', 0, 'read_uncommitted')).toEqual(['one'])
    await p.commitTransaction()
    expect(await values('a', 0, 'read_committed')).toEqual(['one'])
    await p.beginTransaction()
    await p.send({ topic: 'a', value: 'bad' })
    await p.abortTransaction()
    await p.beginTransaction()
    await p.send({ topic: 'a', value: 'two' })
    await p.commitTransaction()
    await p.close()
    expect(await values('a', 0, 'read_committed')).toEqual(['one', 'two'])
    expect(await values('a', 0, 'read_uncommitted')).toEqual(['one', 'bad', 'two'])
    expect(await values('b', 0, 'read_committed')).toEqual(['uno'])
    expect(await state()).toMatchObject({ state: 'CompleteCommit', producerEpoch: 3, partitions: [] })
  })

  it('commits a group’s offsets with the transaction, or not at all', async () => {
    const p = producer()
    const committed = () => new OffsetStore(systemOs, open()).fetch('g').get('in-0')?.offset
    await p.initTransactions()
    await p.beginTransaction()
    await p.sendOffsetsToTransaction([{ topic: 'in', partition: 0, offset: 7 }], { groupId: 'g' })
    expect(committed()).toBeUndefined()
    await p.commitTransaction()
    await p.beginTransaction()
    await p.sendOffsetsToTransaction([{ topic: 'in', partition: 0, offset: 9 }], { groupId: 'g' })
    await p.abortTransaction()
    expect(committed()).toBe(7)
    await p.close()
  })

  it('is fenced by the next producer of its id, which aborts what it had open', async () => {
    const [first, second] = [producer(), producer()]
    await first.initTransactions()
    await first.beginTransaction()
    await first.send({ topic: 'a', value: 'lost' })
    await second.initTransactions()
    await expect(first.send({ topic: 'a', value: 'late' })).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
    await expect(first.commitTransaction()).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
    await first.close()
    await second.beginTransaction()
    await second.send({ topic: 'a', value: 'kept' })
    await second.commitTransaction()
    await second.close()
    expect(await values('a', 0, 'read_committed')).toEqual(['kept'])
  })
})

describe('a directory of transaction.version 1, as Kafka 3.9 leaves it', () => {
  it('has one epoch for many transactions, the next behind an abort, and the marker the epoch of its records', async () => {
    const p = producer()
    await p.send({ topic: 'a', value: 'x' }).catch(() => {})
    const directory = open()
    await directory.alter(() => [
      { type: 'FeatureLevelRecord', name: 'transaction.version', featureLevel: 1 },
    ])
    await directory.close()
    await p.initTransactions()
    for (const [value, end] of [
      ['one', 'commit'],
      ['two', 'commit'],
      ['bad', 'abort'],
      ['three', 'commit'],
    ]) {
      await p.beginTransaction()
      await p.send({ topic: 'a', value })
      await p.sendOffsetsToTransaction([{ topic: 'in', partition: 0, offset: 1 }], { groupId: 'g' })
      if (end === 'commit') await p.commitTransaction()
      else await p.abortTransaction()
    }
    expect(await state()).toMatchObject({ state: 'CompleteCommit', producerEpoch: 1 })
    await p.close()
    const other = producer()
    await other.initTransactions()
    expect(await state()).toMatchObject({ state: 'Empty', producerEpoch: 2 })
    await other.close()
    expect(await values('a', 0, 'read_committed')).toEqual(['one', 'two', 'three'])
  })
})

describe('calls that are not in turn', () => {
  it('are refused with Kafka’s code, and nothing is stored', async () => {
    const plain = new LocalProducer(systemOs, open(), {})
    await expect(plain.initTransactions()).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    await plain.close()
    const p = producer()
    await expect(p.send({ topic: 'a', value: 'x' })).rejects.toThrow(
      'before completing a call to initTransactions',
    )
    await expect(p.beginTransaction()).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    await p.initTransactions()
    await expect(p.initTransactions()).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    await expect(p.commitTransaction()).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    await expect(p.send({ topic: 'a', value: 'x' })).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    const offsets = [{ topic: 'in', partition: 0, offset: 1 }]
    await expect(p.sendOffsetsToTransaction(offsets, { groupId: 'g' })).rejects.toMatchObject({
      code: 'INVALID_TXN_STATE',
    })
    await p.beginTransaction()
    await expect(p.beginTransaction()).rejects.toMatchObject({ code: 'INVALID_TXN_STATE' })
    await p.send({ topic: 'a', value: 'left open' })
    // As Kafka's: what is open is aborted.
    await p.close()
    expect(await values('a', 0, 'read_committed')).toEqual([])
    expect(await state()).toMatchObject({ state: 'CompleteAbort' })
    const late = producer('late', { 'transaction.timeout.ms': '900001' })
    await expect(late.initTransactions()).rejects.toMatchObject({ code: 'INVALID_TRANSACTION_TIMEOUT' })
    await late.close()
  })

  it('a record that is refused makes the commit fail; the next transaction works', async () => {
    const p = producer()
    await p.initTransactions()
    await p.beginTransaction()
    await p.send({ topic: 'a', value: 'half' })
    await expect(p.send({ topic: 'a', value: 'x'.repeat(2_000_000) })).rejects.toThrow('max.request.size')
    await expect(p.commitTransaction()).rejects.toThrow('max.request.size')
    await p.abortTransaction()
    await p.beginTransaction()
    await p.send({ topic: 'a', value: 'whole' })
    await p.commitTransaction()
    await p.close()
    expect(await values('a', 0, 'read_committed')).toEqual(['whole'])
  })
})
