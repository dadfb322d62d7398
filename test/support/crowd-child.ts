/**
 * crowd-child DIR ROUNDS CONSUMERS PRODUCERS: so many members of one group and producers in one process, each with a
 * directory of its own, as a program has them. Prints one JSON line a round: the values that came, sorted.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openLocal } from '../../src/index.ts'

const [root, ...counts] = process.argv.slice(2)
const [rounds, consumerCount, producerCount] = counts.map(Number)

async function play(dir: string): Promise<void> {
  mkdirSync(dir)
  const kafka = openLocal(dir)
  const admin = await kafka.admin()
  await admin.createTopic({ name: 't', partitions: consumerCount })
  await admin.close()

  const consumers = await Promise.all(
    Array.from({ length: consumerCount }, async () => {
      const consumer = await kafka.consumer({ groupId: 'g', config: { 'auto.offset.reset': 'earliest' } })
      await consumer.subscribe(['t'])
      return consumer
    }),
  )
  const want = producerCount * 3
  const seen = new Set<string>()
  const reading = consumers.map(async (consumer) => {
    while (seen.size < want) {
      for (const record of await consumer.poll(20)) seen.add(String(record.value))
    }
    await consumer.close()
  })
  await Promise.all(
    Array.from({ length: producerCount }, async (_, id) => {
      const producer = await kafka.producer()
      for (let i = 0; i < 3; i++) await producer.send({ topic: 't', value: `${id}-${i}` })
      await producer.close()
    }),
  )
  await Promise.all(reading)
  console.log(JSON.stringify([...seen].sort()))
}

async function main(): Promise<void> {
  for (let round = 0; round < rounds; round++) await play(join(root, String(round)))
}

void main()
