/** A reader of committed records waits behind an open transaction: whose it is, for a person who wonders why nothing comes. */
import type { CommandContext } from '../../cli/command.ts'
import { openAdmin } from '../open/open-client.ts'

/** One line for each transaction that is open in the topic; none, too, where that cannot be found out. */
export async function openTransactionLines(context: CommandContext, topic: string): Promise<string[]> {
  try {
    const admin = await openAdmin(context)
    try {
      const [{ partitions }] = await admin.describeTopics([topic])
      const asked = partitions.map(({ partition }) => ({ topic, partition }))
      const states = await admin.describeProducersOf(asked)
      const firsts = new Map<number, string>()
      for (const [i, answer] of states.entries()) {
        if (answer instanceof Error) continue
        for (const { producerId, currentTransactionStartOffset: offset } of answer)
          if (offset !== undefined && !firsts.has(producerId))
            firsts.set(producerId, `${topic}-${i} from offset ${offset} on`)
      }
      if (firsts.size === 0) return []
      const known = await admin.listTransactions({ producerIds: [...firsts.keys()] })
      return [...firsts].map(([producerId, where]) => {
        const id = known.find((one) => one.producerId === producerId)?.transactionalId
        const whose = id === undefined ? `producer ${producerId}` : `transactional id ${JSON.stringify(id)}`
        return `${where} waits for the transaction of ${whose} to end.`
      })
    } finally {
      await admin.close()
    }
  } catch {
    // Only a help: the reader goes on waiting.
    return []
  }
}
