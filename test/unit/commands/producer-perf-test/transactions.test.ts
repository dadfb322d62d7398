import { expect, test } from 'vitest'
import type { Producer } from '../../../../src/client/producer.ts'
import { PerfTransactions } from '../../../../src/commands/producer-perf-test/transactions.ts'

test('the time of a transaction begins behind initTransactions and the commit before it (15)', async () => {
  let now = 0
  const slow = async () => {
    now += 5000
  }
  const producer = {
    initTransactions: slow,
    beginTransaction: async () => {},
    commitTransaction: slow,
  } as unknown as Producer
  const transactions = new PerfTransactions(producer, 3000, () => now)
  await transactions.open()
  expect(transactions.isDue(now + 2999)).toBe(false)
  expect(transactions.isDue(now + 3000)).toBe(true)
  await transactions.next()
  expect(transactions.isDue(now + 2999)).toBe(false)
})
