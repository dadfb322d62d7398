/**
 * Who works with a transactional id: `.tkafka-transaction-HASH` in the root of the data directory, HASH being the start of the id's
 * SHA-256. One line of JSON; locked as a whole while its owner lives.
 *
 * Invariant: the file at the path is that of the id's newest owner. Each owner makes a file of its own, locks it and renames it over
 * the one before it, all under the lock of the id's partition of `__transaction_state`; so whoever can lock the file at the path has
 * found out that the newest owner is dead, whatever fenced owners before it live still.
 * Crash: a leftover that nobody holds; whoever ends the dead owner's transaction removes it.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { isNotPermitted } from '../../log/side-file.ts'
import { isMissing } from '../../os/error-code.ts'
import { writeFully } from '../../os/file-system.ts'
import { openLockFile } from '../../os/lock-file.ts'
import type { Os } from '../../os/os.ts'

/** What its file says. */
export interface OwnerFile {
  readonly transactionalId: string
  readonly pid: number
  /** A broker that runs registers anew: what it has of the id since is not this owner's. */
  readonly brokerEpoch: number
}

/** dead: the file is there and nobody holds it. none: no tkafka process had it since a broker ran. */
export type OwnerState = 'living' | 'dead' | 'none'

export function ownerPath(dir: string, transactionalId: string): string {
  const hash = createHash('sha256').update(transactionalId).digest('hex').slice(0, 32)
  return join(dir, `.tkafka-transaction-${hash}`)
}

export class TransactionOwner {
  readonly #os: Os
  readonly #path: string
  readonly #fd: number

  private constructor(os: Os, path: string, fd: number) {
    this.#os = os
    this.#path = path
    this.#fd = fd
  }

  /** Needs the lock of the id's partition. */
  static take(os: Os, dir: string, owner: OwnerFile): TransactionOwner {
    const { fs, locks } = os
    const path = ownerPath(dir, owner.transactionalId)
    const own = `${path}.${owner.pid}-${os.randomBytes(6).toString('hex')}`
    const fd = openLockFile(fs, own)
    try {
      if (!locks.tryLock(fd, 'exclusive')) throw new Error(`${own}: locked by somebody else`)
      const bytes = Buffer.from(`${JSON.stringify(owner)}\n`)
      writeFully(fs, fd, bytes, 0, bytes.length, null)
      fs.rename(own, path)
    } catch (error) {
      fs.close(fd)
      removeQuietly(os, own)
      throw error
    }
    return new TransactionOwner(os, path, fd)
  }

  /** Needs the lock of the id's partition: nothing of it is open any more. */
  release(): void {
    const { fs } = this.#os
    const there = fs.stat(this.#path)
    const here = fs.fstat(this.#fd)
    // Of a newer owner otherwise.
    if (there?.ino === here.ino && there.dev === here.dev) removeQuietly(this.#os, this.#path)
    fs.close(this.#fd)
  }

  /** The file stays, as after a kill: somebody else ends what is open. */
  abandon(): void {
    this.#os.fs.close(this.#fd)
  }
}

/** Whether the newest owner lives. */
export function ownerState(os: Os, dir: string, transactionalId: string, brokerEpoch: number): OwnerState {
  const { fs, locks } = os
  const path = ownerPath(dir, transactionalId)
  // A lock file goes by the name under which it was locked, which is gone.
  if (locks.kind === 'fallback') return 'none'
  let fd: number
  try {
    fd = fs.open(path, 'r+')
  } catch (error) {
    if (isMissing(error)) return 'none'
    // Another user's: nobody who may not look ends it.
    if (isNotPermitted(error)) return 'living'
    throw error
  }
  try {
    if (!locks.tryLock(fd, 'exclusive')) return 'living'
    const owner = ownerOf(fs.readFile(path))
    // One that was killed before its line was written had nothing open.
    return owner?.brokerEpoch === brokerEpoch ? 'dead' : 'none'
  } finally {
    fs.close(fd)
  }
}

/** For messages: the process that has the id now. */
export function ownerPid(os: Os, dir: string, transactionalId: string): number | undefined {
  try {
    return ownerOf(os.fs.readFile(ownerPath(dir, transactionalId)))?.pid
  } catch {
    return undefined
  }
}

/** Needs the lock of the id's partition, and that nobody holds the file. */
export function removeOwnerFile(os: Os, dir: string, transactionalId: string): void {
  removeQuietly(os, ownerPath(dir, transactionalId))
}

function ownerOf(bytes: Buffer): OwnerFile | undefined {
  try {
    return JSON.parse(bytes.toString()) as OwnerFile
  } catch {
    return undefined
  }
}

/** A leftover does no harm. */
function removeQuietly({ fs }: Os, path: string): void {
  try {
    fs.unlink(path)
  } catch (error) {
    if (!isMissing(error)) return
  }
}
