/**
 * Gives up the segments that are missing from the front of a log: they cannot be brought back. The log-start checkpoint is moved to
 * the first segment that is there, and the files that lay beside the missing segments are set aside as `.broken`.
 *
 * Crash: the checkpoint alone decides. After it was written, the files of the missing segments count for nothing, and the next
 * writer removes them.
 */
import { join } from 'node:path'
import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import { listLog } from '../../log/opening/log-loader.ts'
import { lostFront } from '../../log/opening/lost-front.ts'
import { withPartitionLock } from '../../log/partition-lock.ts'
import { whenFree } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import { breakOff } from './broken-file.ts'

/** `name` is the partition's folder's. */
export async function giveUpLostFront(
  os: Os,
  dir: string,
  name: string,
  checkpoints: LogDirCheckpoints,
  kept: Map<string, string>,
): Promise<void> {
  await withPartitionLock(os, dir, async () => {
    const listing = listLog(os.fs, dir)
    const noted = checkpoints.offsets('log-start', true).get(name) ?? 0
    const front = listing && lostFront(os.fs, dir, listing, noted)
    if (listing === undefined || front === undefined) return
    await whenFree(() => checkpoints.update('log-start', new Map([[name, front.until]])))
    for (const { name: file, file: facts } of listing.leftovers) {
      if (facts.state !== 'live' || !listing.orphans.includes(facts.baseOffset)) continue
      const path = join(dir, file)
      // Under the lost file's name, which is what the finding is about.
      kept.set(
        facts.baseOffset <= front.offset && file.endsWith('.index') ? front.path : path,
        breakOff(os, path),
      )
    }
  })
}
