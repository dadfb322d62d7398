/**
 * Ends what dead owners of transactional ids left: what was decided is done, what was going on is aborted. A living owner's transaction
 * stays, unless it is open for longer than its transaction.timeout.ms and somebody looks for that; so does one that a broker made,
 * whose client may come back.
 *
 * Invariant: whether the owner lives is asked, and the end decided, under the lock of the id's partition of `__transaction_state`.
 * Crash: as end-transaction.ts; the next writer that enters goes on.
 */
import type { EndedTransaction } from '../../client/admin/transaction-admin.ts'
import { TerseError } from '../../errors.ts'
import type { TransactionLogValue } from '../../message/transaction-log-messages.ts'
import type { Os } from '../../os/os.ts'
import { type Coordinator, finish, openPartitions, whyNotEnded } from './end-transaction.ts'
import type { TransactionDirectory } from './transaction-directory.ts'
import { TransactionLog } from './transaction-log.ts'
import { ownerState, removeOwnerFile } from './transaction-owner.ts'
import { decided, endOf, isPastTimeout, isUnfinished, partitionsOf, statusOf } from './transaction-state.ts'
import { changeUnfinished, readUnfinished } from './unfinished-list.ts'

export interface DeadOptions {
  /** All of `__transaction_state` is looked at, and living owners' transactions past their timeout are aborted, too. */
  readonly thorough?: boolean
  readonly dryRun?: boolean
}

export function brokerEpochOf(directory: Pick<TransactionDirectory, 'image'>): number {
  const image = directory.image()
  return image.brokers.get(image.nodeId)?.epoch ?? -1
}

/** Needs a session, but for a dry run. @throws TerseError where a partition of one of them cannot be written to */
export async function endDeadTransactions(
  os: Os,
  directory: TransactionDirectory,
  { thorough = false, dryRun = false }: DeadOptions = {},
): Promise<EndedTransaction[]> {
  const coordinator = { os, directory, log: new TransactionLog(os, directory) }
  const epoch = brokerEpochOf(directory)
  const listed = thorough ? undefined : readUnfinished(os, directory.path, epoch)
  const ids = listed ?? unfinishedOf(coordinator.log)
  const ended: EndedTransaction[] = []
  const left: string[] = []
  let failure: unknown
  for (const id of ids) {
    const mayEnd = (value: TransactionLogValue) => isOver(coordinator, id, value, epoch, thorough)
    try {
      const found = dryRun ? wouldEnd(coordinator, id, mayEnd) : await endTransaction(coordinator, id, mayEnd)
      if (found !== undefined) ended.push(found)
    } catch (error) {
      failure ??= error
    }
    const value = coordinator.log.state(id)
    if (value !== undefined && isUnfinished(value)) left.push(id)
  }
  if (!dryRun) await unlist(coordinator, ids, left, epoch)
  if (failure !== undefined) throw failure
  return ended
}

function unfinishedOf(log: TransactionLog): string[] {
  return [...log.all()].filter(([, value]) => isUnfinished(value)).map(([id]) => id)
}

/** An id whose owner lives stays listed: it lists itself once, before its first transaction. */
function unlist(
  { os, directory }: Coordinator,
  looked: readonly string[],
  left: readonly string[],
  epoch: number,
): Promise<void> {
  const keep = new Set(left)
  const gone = new Set(looked)
  const lives = (id: string) => ownerState(os, directory.path, id, epoch) === 'living'
  return changeUnfinished(os, directory.path, epoch, (ids) =>
    ids === undefined ? left : ids.filter((id) => !gone.has(id) || keep.has(id) || lives(id)),
  )
}

/** Whether anybody may end it. */
function isOver(
  { os, directory }: Coordinator,
  id: string,
  value: TransactionLogValue,
  epoch: number,
  thorough: boolean,
): boolean {
  // Whoever decided holds the lock until it is done: he is dead, or has given up.
  if (endOf(value) !== undefined) return true
  const owner = ownerState(os, directory.path, id, epoch)
  if (owner === 'dead') return true
  return (owner === 'none' || thorough) && isPastTimeout(value, os.clock.now())
}

function wouldEnd(
  { log }: Coordinator,
  id: string,
  mayEnd: (value: TransactionLogValue) => boolean,
): EndedTransaction | undefined {
  const value = log.state(id)
  return value !== undefined && isUnfinished(value) && mayEnd(value) ? described(id, value) : undefined
}

/**
 * Ends what the id has open, where `mayEnd` says so: asked without the lock, and again under it. Needs a session. undefined: there is
 * nothing to end.
 */
export async function endTransaction(
  coordinator: Coordinator,
  id: string,
  mayEnd: (value: TransactionLogValue) => boolean = () => true,
): Promise<EndedTransaction | undefined> {
  const { os, directory, log } = coordinator
  for (;;) {
    const seen = log.state(id)
    if (seen === undefined || !isUnfinished(seen) || !mayEnd(seen)) return undefined
    const why = whyNotEnded(directory, seen)
    if (why !== undefined) throw new TerseError(`transactional id ${id}: ${why}`)
    const logs = await openPartitions(log.logs, partitionsOf(seen))
    const done = await log.withState(id, async (states, value) => {
      if (value === undefined || !isUnfinished(value)) return 'over'
      if (!isSame(value, seen)) return 'other'
      if (!mayEnd(value)) return 'over'
      const decision = { end: 'ABORT', now: os.clock.now(), fencing: true } as const
      await finish(
        coordinator,
        id,
        endOf(value) === undefined ? decided(value, decision) : value,
        states,
        logs,
      )
      if (ownerState(os, directory.path, id, brokerEpochOf(directory)) === 'dead')
        removeOwnerFile(os, directory.path, id)
      return 'done'
    })
    if (done === 'over') return undefined
    if (done === 'done') return described(id, seen)
  }
}

/** The logs that were opened for the one are those of the other. */
function isSame(a: TransactionLogValue, b: TransactionLogValue): boolean {
  return a.producerEpoch === b.producerEpoch && partitionsOf(a).length === partitionsOf(b).length
}

function described(transactionalId: string, value: TransactionLogValue): EndedTransaction {
  return {
    transactionalId,
    producerId: value.producerId,
    state: statusOf(value),
    end: endOf(value) ?? 'ABORT',
    partitions: partitionsOf(value),
  }
}
