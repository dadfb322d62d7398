/** What a data directory is and whether its last writer closed it: the facts that `tkafka status` and `check` begin with. */
import { join } from 'node:path'
import type { LockHolder } from '../../os/file-lock.ts'
import type { Os } from '../../os/os.ts'
import { type DataDirKind, isLogDir } from './data-dir.ts'
import { LOCK_FILE } from './log-dir-session.ts'
import { ALSO_OF, readOpenPartitions } from './open-partitions.ts'

export interface DirectoryStatus {
  readonly path: string
  readonly kind: DataDirKind['kind']
  readonly madeByUs: boolean
  /** clean: a broker may start without recovery. open: in use, or its last writers were killed. */
  readonly state: 'absent' | 'clean' | 'open' | 'unknown'
  readonly openPartitions: readonly string[]
  readonly broker: LockHolder | undefined
  /** Everyone who holds `.lock`, the broker too. */
  readonly holders: readonly LockHolder[]
}

function stateOf(clean: boolean, hasList: boolean): DirectoryStatus['state'] {
  if (clean) return 'clean'
  return hasList ? 'open' : 'unknown'
}

export function directoryStatus(
  os: Os,
  path: string,
  kind: DataDirKind['kind'],
  madeByUs: boolean,
  isClean: () => boolean,
): DirectoryStatus {
  const there = isLogDir({ kind })
  const list = there ? readOpenPartitions(os, path) : undefined
  const clean = there && isClean()
  const holders = there ? os.locks.holders(join(path, LOCK_FILE)) : []
  return {
    path,
    kind,
    madeByUs,
    state: there ? stateOf(clean, list !== undefined) : 'absent',
    openPartitions:
      clean || list === undefined ? [] : [...list.names].filter((one) => !one.startsWith(ALSO_OF)).sort(),
    broker: holders.find((h) => h.processLock && h.exclusive),
    holders,
  }
}
