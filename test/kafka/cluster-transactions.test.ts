import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KafkaClients, openCluster, openLocal } from '../../src/index.ts'
import { GenuineBroker } from '../support/genuine-kafka.ts'

/** Transactions of the cluster's producer on a genuine broker, as a genuine reader of committed records sees them. */
let dir: string
let broker: GenuineBroker
let kafka: KafkaClients

beforeAll(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-cluster-txn-'))
  const admin = await openLocal(dir).admin()
  await admin.createTopic({ name: 'of-the-directory' })
  await admin.close()
  broker = await GenuineBroker.start(dir)
  kafka = openCluster({ 'bootstrap.servers': `127.0.0.1:${broker.port}` })
})

afterAll(async () => {
  await broker.stop()
  fs.rmSync(dir, { recursive: true, force: true })
})

async function committed(topic: string, count: number): Promise<string[]> {
  const { stdout } = await broker.tool('org.apache.kafka.tools.consumer.ConsoleConsumer', [
    ...['--topic', topic, '--from-beginning', '--max-messages', `${count}`, '--timeout-ms', '8000'],
    ...['--isolation-level', 'read_committed'],
  ])
  return stdout.trim().split('\n')
}

// 2: a batch takes its partition into the transaction. 0: the coordinator is asked first.
describe.each([2, 0])('with transaction.version %i', (level) => {
  const id = `id-${level}`
  const topic = `topic-${level}`

  beforeAll(async () => {
    const admin = await kafka.admin()
    const { finalized = 0 } = (await admin.describeFeatures()).get('transaction.version') ?? {}
    if (finalized !== level)
      await admin.updateFeatures(
        [{ feature: 'transaction.version', level, upgradeType: 'UNSAFE_DOWNGRADE' }],
        false,
      )
    await admin.createTopic({ name: topic, partitions: 1 })
    await admin.close()
  })

  test('what is committed is seen, what is aborted or left is not, and an older producer is fenced', async () => {
    const first = await kafka.producer({ 'transactional.id': id })
    await first.initTransactions()
    const round = async (value: string) => {
      await first.beginTransaction()
      await first.send({ topic, value })
    }
    await round('committed 1')
    await first.commitTransaction()
    await round('aborted')
    const dropped = first.send({ topic, value: 'dropped' })
    dropped.catch(() => {})
    await first.abortTransaction()
    await round('committed 2')
    await first.sendOffsetsToTransaction([{ topic, partition: 0, offset: 3 }], { groupId: `g-${level}` })
    await first.commitTransaction()
    await round('left')

    const second = await kafka.producer({ 'transactional.id': id })
    await second.initTransactions()
    await second.beginTransaction()
    await second.send({ topic, value: 'committed 3' })
    const fenced = { code: 'PRODUCER_FENCED' }
    await expect(first.commitTransaction()).rejects.toMatchObject(fenced)
    await expect(first.abortTransaction()).rejects.toMatchObject(fenced)
    await expect(first.beginTransaction()).rejects.toMatchObject(fenced)
    await second.commitTransaction()
    await Promise.all([first.close(), second.close()])

    expect(await committed(topic, 3)).toEqual(['committed 1', 'committed 2', 'committed 3'])
    const admin = await kafka.admin()
    const offsets = await admin.listConsumerGroupOffsets(`g-${level}`)
    expect([...offsets.values()].map(({ offset }) => offset.offset)).toEqual([3])
    await admin.close()
  })
})
