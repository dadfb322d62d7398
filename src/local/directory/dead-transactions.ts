/** A writer that enters or leaves ends the transactions that dead processes left open (local/transaction/recovery.ts). */
import { TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import type { TransactionDirectory } from '../transaction/transaction-directory.ts'
import { readUnfinished } from '../transaction/unfinished-list.ts'

/**
 * Needs a session. Costs a look at the image where there never was a transaction, and one small read where there was. Never throws: a
 * transaction that cannot be ended (a full disk, one of several nodes) keeps nobody from writing; it is told, and the next one tries.
 */
export async function endTransactionsOfTheDead(os: Os, directory: TransactionDirectory): Promise<void> {
  try {
    if (!directory.exists()) return
    const image = directory.image()
    if (image.topic(TRANSACTION_TOPIC) === undefined) return
    const brokerEpoch = image.brokers.get(image.nodeId)?.epoch ?? -1
    if (readUnfinished(os, directory.path, brokerEpoch)?.length === 0) return
    const { endDeadTransactions } = await import('../transaction/recovery.ts')
    await endDeadTransactions(os, directory)
  } catch (error) {
    directory.warn(
      `an open transaction could not be ended: ${error instanceof Error ? error.message : error}`,
    )
  }
}
