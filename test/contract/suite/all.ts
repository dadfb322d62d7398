/** The whole suite: what Admin, Producer and Consumer promise, whatever stands behind them. */
import { describe } from 'vitest'
import { clusterContract } from './cluster.ts'
import { configContract } from './configs.ts'
import { consumerContract } from './consumer.ts'
import { groupContract } from './groups.ts'
import { offsetContract } from './offsets.ts'
import { producerContract } from './producer.ts'
import { Bench, type OpenSide } from './side.ts'
import { topicContract } from './topics.ts'
import { transactionContract } from './transactions.ts'

export function contract(name: string, open: OpenSide): void {
  describe(name, () => {
    const bench = new Bench(open)
    topicContract(bench)
    configContract(bench)
    offsetContract(bench)
    producerContract(bench)
    transactionContract(bench)
    consumerContract(bench)
    groupContract(bench)
    clusterContract(bench)
  })
}
