/**
 * A group that starts goes on behind what its transactions committed: what dead ones left is ended first, a living one that holds
 * offsets of the group is waited for (Kafka's UNSTABLE_OFFSET_COMMIT). Who entered the directory a moment ago has ended the dead ones
 * already (local/directory/dead-transactions.ts); here only the partition of the group is looked at.
 */
import { OffsetStore } from '../../group/offsets/offset-store.ts'
import { TELL_AFTER_MS } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

const LONGEST_PAUSE_MS = 250
/** A transaction may get past its timeout while it is waited for. */
const END_AGAIN_MS = 5000

/** Resolves when no open transaction has offsets of the group, or its client is closed. */
export async function offsetsSettled(os: Os, directory: LocalDirectory, groupId: string): Promise<void> {
  const store = new OffsetStore(os, directory)
  const began = os.clock.monotonic()
  let told = false
  let endedAt = began
  for (let pause = 5; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const producers = store.pendingProducers(groupId)
    if (producers.length === 0 || directory.waits.ended) return
    const now = os.clock.monotonic()
    if (!told && now - began >= TELL_AFTER_MS) {
      told = true
      const { openTransactionText } = await import('../transaction/open-transaction-text.ts')
      const who = openTransactionText(os, directory, producers[0])
      directory.warn(`group ${groupId}: waiting for ${who}, which holds offsets of the group`)
    }
    if (now - endedAt >= END_AGAIN_MS) {
      endedAt = now
      const { endDeadTransactions } = await import('../transaction/recovery.ts')
      await directory.session(() => endDeadTransactions(os, directory, { thorough: true }))
    }
    await os.clock.sleep(pause)
  }
}
