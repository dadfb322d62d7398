/**
 * What .index and .timeindex have in common: fixed entries, big-endian, growing in their key.
 *
 * Invariant: an index is never trusted, only used. A broker preallocates its active indexes, so after kill -9 a tail
 * of zeros stands behind the entries: an entry that is all zero or does not grow ends the index (reading it as an entry
 * deleted data too early in Kafka: KAFKA-10207). Before our first append such a tail is cut off; ours are never
 * preallocated. A crash between the log's write and the index's leaves an index that is short: opening scans the
 * log from its last entry on, and a writer adds the missing entries then.
 *
 * The file itself may be anything: a folder, somebody else's, on a bad sector. One that cannot be read has no entries
 * (`problem` says why); one that cannot be written to throws a SideFileError, and the writer goes on without it.
 */
import type { Int64 } from '../../bytes/int64.ts'
import { isMissing } from '../../os/error-code.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { readFully, readRange, shortRead, writeFully } from '../../os/file-system.ts'
import { SideFileError, unlinkIfThere } from '../side-file.ts'

const PAGE = 4096 * 3
const NOTHING = Buffer.alloc(0)

export abstract class IndexFile {
  readonly path: string
  readonly baseOffset: number
  protected readonly fs: FileSystem
  readonly #entrySize: number
  #fd: number | undefined
  #writable = false
  #count: number | undefined
  #page: Buffer = NOTHING
  #pageStart = -1
  /** Of the file, when its entries were counted or written. */
  #size = 0
  #problem: SideFileError | undefined
  /** Entries to be written, one behind the other. */
  #staged: Buffer = NOTHING
  #stagedCount = 0
  /** The entry that was written last, and its number, -1 where there is none: what comes next is held against it. */
  readonly #written: Buffer
  #writtenNumber = -1

  constructor(fs: FileSystem, path: string, baseOffset: number, entrySize: number) {
    this.fs = fs
    this.path = path
    this.baseOffset = baseOffset
    this.#entrySize = entrySize
    this.#written = Buffer.alloc(entrySize)
  }

  /** Grows from entry to entry; undefined-like zero for an unused one. */
  protected abstract keyAt(buffer: Buffer, at: number): Int64
  protected abstract isUnused(buffer: Buffer, at: number): boolean

  /** Entries that can be used, those staged but not yet written included. */
  get count(): number {
    return this.#storedCount() + this.#stagedCount
  }

  /** Why the file, which is there, could not be read: then it counts as empty. */
  get problem(): SideFileError | undefined {
    this.#storedCount()
    return this.#problem
  }

  isFull(maxBytes: number, reserved = 0): boolean {
    return this.count >= Math.floor(maxBytes / this.#entrySize) - reserved
  }

  exists(): boolean {
    return this.fs.stat(this.path) !== undefined
  }

  /** Bytes of the file, 0 when missing. */
  size(): number {
    return this.fs.stat(this.path)?.size ?? 0
  }

  /** Forgets what was read: others may have written. Staged entries go too. */
  forget(): void {
    this.#count = undefined
    this.#problem = undefined
    this.#pageStart = -1
    this.#stagedCount = 0
    this.#writtenNumber = -1
  }

  /** Room for one more entry: its buffer; it begins at `stagedAt`. */
  protected stage(): Buffer {
    const size = ++this.#stagedCount * this.#entrySize
    if (size > this.#staged.length) {
      const larger = Buffer.allocUnsafe(Math.max(size * 2, 64 * this.#entrySize))
      larger.set(this.#staged)
      this.#staged = larger
    }
    return this.#staged
  }

  protected get stagedAt(): number {
    return (this.#stagedCount - 1) * this.#entrySize
  }

  /** Takes the last staged entries back, as long as they are to go. */
  protected unstageWhile(gone: (staged: Buffer, at: number) => boolean): void {
    while (this.#stagedCount > 0 && gone(this.#staged, this.stagedAt)) this.#stagedCount--
  }

  /** Writes the staged entries with one call. Cuts off a preallocated or damaged tail first. */
  writeStaged(): void {
    if (this.#stagedCount === 0) return
    const position = this.trim()
    const length = this.#stagedCount * this.#entrySize
    this.#io(() => writeFully(this.fs, this.#open(true), this.#staged, 0, length, position))
    this.#count = (this.#count ?? 0) + this.#stagedCount
    this.#written.set(this.#staged.subarray(length - this.#entrySize, length))
    this.#writtenNumber = this.#count - 1
    this.#size = position + length
    this.#stagedCount = 0
    this.#pageStart = -1
  }

  /** Whether something stands behind the entries that is neither preallocated nor an entry half written. */
  hasGarbage(): boolean {
    const end = this.#storedCount() * this.#entrySize
    const behind = Buffer.alloc(PAGE)
    this.#io(() => {
      const fd = this.#openIfThere()
      if (fd === undefined || this.fs.fstat(fd).size < end + this.#entrySize) return
      readRange(this.fs, fd, behind, 0, PAGE, end)
    })
    return behind.some((byte) => byte !== 0)
  }

  /** Cuts the file to its usable entries; makes it when missing. Returns its size. */
  trim(): number {
    return this.#io(() => {
      const fd = this.#open(true)
      const size = this.#storedCount() * this.#entrySize
      if (this.fs.fstat(fd).size !== size) this.fs.ftruncate(fd, size)
      this.#size = size
      return size
    })
  }

  /** Takes away a file that cannot be used, to be made anew. @throws SideFileError, for a folder too */
  remove(): void {
    this.close()
    this.#io(() => unlinkIfThere(this.fs, this.path))
  }

  truncateToEntries(count: number): void {
    if (count >= this.#storedCount()) return
    this.#io(() => this.fs.ftruncate(this.#open(true), count * this.#entrySize))
    this.#count = count
    this.#size = count * this.#entrySize
    this.#pageStart = -1
    this.#writtenNumber = -1
  }

  /**
   * Before a clean marker vouches for the file, whoever wrote to it: a broker looks into no index beside one. Not where
   * the file is as it was before `durableBefore` (an mtime, in ms), when a marker vouched for it already.
   */
  sync(durableBefore = 0): void {
    const stat = this.fs.stat(this.path)
    if (stat === undefined || stat.mtimeMs < durableBefore) return
    this.#io(() => this.fs.fdatasync(this.#open(true)))
  }

  close(): void {
    if (this.#fd !== undefined) this.fs.close(this.#fd)
    this.#fd = undefined
    this.forget()
    // A log may have thousands of segments, each with two indexes.
    this.#page = NOTHING
    this.#staged = NOTHING
    this.page = NOTHING
  }

  /** Entry `n`'s bytes at the returned position of `page`. */
  protected entryAt(n: number): number {
    const stored = this.#storedCount()
    if (n >= stored) {
      this.page = this.#staged
      return (n - stored) * this.#entrySize
    }
    if (n === this.#writtenNumber) {
      this.page = this.#written
      return 0
    }
    try {
      return this.#load(n)
    } catch (error) {
      this.#unreadable(error)
      this.page = NO_ENTRY
      return 0
    }
  }

  protected page: Buffer = this.#page

  /** The last entry whose key is at or below `key`, -1 when there is none. */
  protected floor(key: Int64): number {
    let low = 0
    let high = this.count - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const at = this.entryAt(middle)
      if (this.keyAt(this.page, at) <= key) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  #storedCount(): number {
    if (this.#count !== undefined) return this.#count
    try {
      this.#count = this.#countEntries()
    } catch (error) {
      this.#unreadable(error)
    }
    return this.#count ?? 0
  }

  /** Until it is looked at again, the index has no entries: the log tells all that it could tell. */
  #unreadable(error: unknown): void {
    if (!(error instanceof SideFileError)) throw error
    this.#problem = error
    this.#count = 0
    this.#size = 0
    this.#pageStart = -1
  }

  #countEntries(): number {
    this.#size = this.#io(() => {
      const fd = this.#openIfThere()
      return fd === undefined ? 0 : this.fs.fstat(fd).size
    })
    const slots = Math.floor(this.#size / this.#entrySize)
    // Halving for the first unused slot: the tail is either all entries or all zeros.
    let low = 0
    let high = slots
    while (low < high) {
      const middle = (low + high) >>> 1
      const at = this.#load(middle)
      if (at < 0 || this.isUnused(this.page, at)) high = middle
      else low = middle + 1
    }
    // An entry that does not grow ends the index; a few at the end are the usual damage, else look at all.
    let count = low
    for (let steps = 0; count > 1 && steps < 16 && !this.#grows(count - 1); steps++) count--
    if (count > 1 && !(this.#grows(count - 1) && this.#key(0) < this.#key(count - 1))) {
      count = 1
      while (count < low && this.#grows(count)) count++
    }
    return count
  }

  #grows(n: number): boolean {
    return this.#key(n) > this.#key(n - 1)
  }

  #key(n: number): Int64 {
    const at = this.#load(n)
    return at < 0 ? Number.NaN : this.keyAt(this.page, at)
  }

  /** Position of entry `n` in `page`, -1 when the file ends before it. */
  #load(n: number): number {
    const position = n * this.#entrySize
    const start = position - (position % PAGE)
    if (this.#pageStart !== start) {
      const fd = this.#io(() => this.#openIfThere())
      if (fd === undefined) return -1
      if (this.#page.length === 0) this.#page = Buffer.allocUnsafe(PAGE)
      const length = this.#io(() => {
        const done = readFully(this.fs, fd, this.#page, 0, PAGE, start)
        // Also where another process trimmed it just now: read again when it is looked at again.
        if (done < Math.min(PAGE, this.#size - start)) throw shortRead()
        return done
      })
      // Buffer's own fill would be compiled at each start, this one is V8's.
      new Uint8Array(this.#page.buffer, this.#page.byteOffset + length, PAGE - length).fill(0)
      this.#pageStart = start
    }
    this.page = this.#page
    return position - start
  }

  #io<T>(call: () => T): T {
    try {
      return call()
    } catch (error) {
      throw SideFileError.of(this.path, error)
    }
  }

  #openIfThere(): number | undefined {
    if (this.#fd !== undefined) return this.#fd
    try {
      this.#fd = this.fs.open(this.path, 'r')
      this.#writable = false
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    return this.#fd
  }

  #open(writable: boolean): number {
    if (this.#fd !== undefined && (this.#writable || !writable)) return this.#fd
    if (this.#fd !== undefined) this.fs.close(this.#fd)
    this.#fd = undefined
    let fd: number
    try {
      fd = this.fs.open(this.path, 'r+')
    } catch (error) {
      if (!isMissing(error)) throw error
      fd = this.fs.open(this.path, 'w+')
      this.#count = 0
      this.#writtenNumber = -1
      this.#problem = undefined
    }
    this.#writable = true
    this.#fd = fd
    return fd
  }
}

/** Larger than any entry. */
const NO_ENTRY = Buffer.alloc(16)
