/** Whose transaction is open, in words: its id, and the process that has it. */
import type { Os } from '../../os/os.ts'
import { brokerEpochOf } from './recovery.ts'
import type { TransactionDirectory } from './transaction-directory.ts'
import { TransactionLog } from './transaction-log.ts'
import { ownerPid, ownerState } from './transaction-owner.ts'

/** `the transaction of "orders-import" (process 4711)`. Reads only. */
export function openTransactionText(os: Os, directory: TransactionDirectory, producerId: number): string {
  const known = [...new TransactionLog(os, directory).all()].find(
    ([, value]) => value.producerId === producerId,
  )
  if (known === undefined) return `a transaction of producer ${producerId}, which no transactional id knows`
  const [id] = known
  const name = `the transaction of transactional id ${JSON.stringify(id)}`
  const owner = ownerState(os, directory.path, id, brokerEpochOf(directory))
  if (owner === 'dead') return `${name}, whose process is dead; \`tkafka transactions abort-dead\` ends it`
  if (owner === 'none') return `${name}; \`tkafka transactions\` shows and ends it`
  const pid = ownerPid(os, directory.path, id)
  return pid === undefined ? name : `${name} (process ${pid})`
}
