/**
 * `.tkafka-transactions`: the transactional ids that may have something open, so that a writer who enters learns with one small read
 * whether there is a dead one's transaction to end.
 *
 * Bytes: a first line `BROKEREPOCH BOOT`, then an id as JSON a line; rewritten in place under an exclusive lock of this file.
 * Invariant: an id is listed before its first state is written, and leaves the list only when nothing of it is open. A list of another
 * boot, or from before a broker ran here, or none at all, counts as not known: then all of `__transaction_state` is looked at, once.
 * Crash: between two of its bytes it may have lines of before (they are looked at in vain) or half a line (then it counts as not known).
 */
import { join } from 'node:path'
import { isMissing } from '../../os/error-code.ts'
import { readFully, writeFully } from '../../os/file-system.ts'
import { openLockFile } from '../../os/lock-file.ts'
import { waitForLock } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'

export const UNFINISHED_FILE = '.tkafka-transactions'

/** undefined: not known. */
export type UnfinishedIds = readonly string[] | undefined

/** Without a lock: one of the two that are there in turn, or one that is not known. */
export function readUnfinished(os: Os, dir: string, brokerEpoch: number): UnfinishedIds {
  try {
    return parse(os.fs.readFile(join(dir, UNFINISHED_FILE)), headOf(os, brokerEpoch))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/**
 * Lists what `change` makes of what is listed; not known stays not known until somebody who has looked says what there is
 * (`change` is given undefined then).
 */
export async function changeUnfinished(
  os: Os,
  dir: string,
  brokerEpoch: number,
  change: (ids: UnfinishedIds) => UnfinishedIds,
): Promise<void> {
  const { fs } = os
  const path = join(dir, UNFINISHED_FILE)
  // Also mends its mode.
  fs.close(openLockFile(fs, path))
  const fd = fs.open(path, 'r+')
  try {
    await waitForLock(os, path, () => os.locks.tryLock(fd, 'exclusive'))
    const { size } = fs.fstat(fd)
    const before = Buffer.alloc(size)
    const head = headOf(os, brokerEpoch)
    const known = parse(before.subarray(0, readFully(fs, fd, before, 0, size, 0)), head)
    const ids = change(known)
    if (ids === undefined || ids === known) return
    const bytes = Buffer.from(
      [head, ...new Set(ids)].map((line, i) => `${i === 0 ? line : JSON.stringify(line)}\n`).join(''),
    )
    writeFully(fs, fd, bytes, 0, bytes.length, 0)
    if (bytes.length < size) fs.ftruncate(fd, bytes.length)
  } finally {
    fs.close(fd)
  }
}

function headOf(os: Os, brokerEpoch: number): string {
  return `${brokerEpoch} ${os.bootId()}`
}

function parse(bytes: Buffer, head: string): UnfinishedIds {
  const text = bytes.toString()
  const lines = text.split('\n')
  if (lines[0] !== head || lines.pop() !== '') return undefined
  try {
    return lines.slice(1).map((line) => {
      const id: unknown = JSON.parse(line)
      if (typeof id !== 'string') throw new SyntaxError('no id')
      return id
    })
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return undefined
  }
}
