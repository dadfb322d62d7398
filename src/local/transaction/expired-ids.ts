/**
 * Ids that nobody used for transactional.id.expiration.ms, and that have nothing open, are forgotten: a tombstone in
 * `__transaction_state`, as the coordinator writes it. The next producer of such an id begins with a new producer id.
 * Crash: what is not forgotten yet is by the next run.
 */
import type { TransactionLogValue } from '../../message/transaction-log-messages.ts'
import type { Os } from '../../os/os.ts'
import { brokerEpochOf } from './recovery.ts'
import type { TransactionDirectory } from './transaction-directory.ts'
import { TransactionLog } from './transaction-log.ts'
import { ownerState } from './transaction-owner.ts'
import { isUnfinished } from './transaction-state.ts'

/** Reads only. */
export function expiredIds(os: Os, directory: TransactionDirectory, expirationMs: number): string[] {
  const log = new TransactionLog(os, directory)
  return [...log.all()]
    .filter(([id, value]) => isExpired(os, directory, id, value, expirationMs))
    .map(([id]) => id)
}

/** Needs a session. */
export async function forgetExpired(
  os: Os,
  directory: TransactionDirectory,
  ids: readonly string[],
  expirationMs: number,
): Promise<void> {
  const log = new TransactionLog(os, directory)
  for (const id of ids) {
    await log.withState(id, (states, value) => {
      // Somebody may have come since.
      if (value !== undefined && isExpired(os, directory, id, value, expirationMs))
        log.append(states, id, undefined)
    })
  }
}

function isExpired(
  os: Os,
  directory: TransactionDirectory,
  id: string,
  value: TransactionLogValue,
  expirationMs: number,
): boolean {
  return (
    !isUnfinished(value) &&
    os.clock.now() - value.transactionLastUpdateTimestampMs >= expirationMs &&
    ownerState(os, directory.path, id, brokerEpochOf(directory)) !== 'living'
  )
}
