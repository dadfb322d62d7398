/**
 * One segment: NNN.log and its side files, named by the base offset.
 *
 * Invariant: what counts is the .log; all else is rebuilt from it. Descriptors are opened when first needed, read
 * only unless this process writes, and follow the inode: a compaction that swaps a new file in under the same name
 * is noticed by `sameFile`.
 */
import { readUInt32 } from '../../bytes/int32.ts'
import { CorruptRecordError } from '../../errors.ts'
import type { FileStat, FileSystem } from '../../os/file-system.ts'
import { readRange } from '../../os/file-system.ts'
import * as header from '../../record/batch-header.ts'
import { isLegacyAt, SMALLEST_MESSAGE } from '../../record/legacy-message.ts'
import { isDiskFull } from '../full-disk.ts'
import { unreadFormatAt } from '../opening/unread-format.ts'
import type { SideFileError } from '../side-file.ts'
import { findBatchBehind } from './bad-batch.ts'
import { BatchCursor, maxTimestampAt, storedProblem } from './batch-cursor.ts'
import { INDEX_SUFFIX, logFile, TIME_INDEX_SUFFIX, TXN_INDEX_SUFFIX } from './log-files.ts'
import { OffsetIndex } from './offset-index.ts'
import { TimeIndex, type TimestampOffset } from './time-index.ts'
import { TransactionIndex } from './transaction-index.ts'

export class LogSegment {
  readonly baseOffset: number
  /** Of the .log. */
  readonly path: string
  readonly offsetIndex: OffsetIndex
  readonly timeIndex: TimeIndex
  readonly transactionIndex: TransactionIndex
  readonly #fs: FileSystem
  #fd: number | undefined
  #ino = -1
  #writable = false
  #closedSize: number | undefined
  readonly #indexFaults = new Map<string, SideFileError>()
  #told = false

  constructor(fs: FileSystem, dir: string, baseOffset: number) {
    this.#fs = fs
    this.baseOffset = baseOffset
    this.path = logFile(dir, baseOffset)
    const stem = this.path.slice(0, -4)
    this.offsetIndex = new OffsetIndex(fs, stem + INDEX_SUFFIX, baseOffset)
    this.timeIndex = new TimeIndex(fs, stem + TIME_INDEX_SUFFIX, baseOffset)
    this.transactionIndex = new TransactionIndex(fs, stem + TXN_INDEX_SUFFIX)
  }

  /** The open .log. Throws ENOENT when the segment went. */
  fd(writable = false): number {
    if (this.#fd !== undefined && (this.#writable || !writable)) return this.#fd
    this.closeLog()
    this.#fd = this.#fs.open(this.path, writable ? 'r+' : 'r')
    this.#writable = writable
    this.#ino = this.#fs.fstat(this.#fd).ino
    return this.#fd
  }

  get ino(): number {
    this.fd()
    return this.#ino
  }

  get isOpen(): boolean {
    return this.#fd !== undefined
  }

  /**
   * Of the .log; undefined where that went meanwhile. A link to nowhere in its place is no segment that somebody deleted:
   * who took it for one would delete good segments behind it. @throws ForeignFileError
   */
  stat(): FileStat | undefined {
    const stat = this.#fs.stat(this.path)
    if (stat === undefined && this.#fs.isLink(this.path)) this.#fs.close(this.#fs.open(this.path, 'r'))
    return stat
  }

  /** Bytes of the .log now (of the open file, even where its name went). */
  fileSize(): number {
    return this.#fs.fstat(this.fd()).size
  }

  /** Bytes of a segment that nobody appends to any more; remembered. */
  closedSize(): number {
    this.#closedSize ??= this.fileSize()
    return this.#closedSize
  }

  /** False when another file stands under the name now, or none: then everything read from it is forgotten. */
  sameFile(): boolean {
    this.#closedSize = undefined
    if (this.#fd === undefined) return true
    if (this.#fs.stat(this.path)?.ino === this.#ino) return true
    this.close()
    return false
  }

  /** Position of the first good batch behind a bad one; undefined where none is. */
  batchBehind(position: number, nextOffset: number, size: number): number | undefined {
    return findBatchBehind(this.#fs, this.fd(), { position, nextOffset, size })
  }

  cursor(position: number, end: number, minOffset = this.baseOffset, buffer?: Buffer): BatchCursor {
    return new BatchCursor(this.#fs, this.fd(), position, end, minOffset, buffer)
  }

  read(buffer: Buffer, offset: number, length: number, position: number): number {
    return readRange(this.#fs, this.fd(), buffer, offset, length, position)
  }

  /** Position to begin a scan for `offset` at: by the index as far as the log agrees with it, else 0. */
  usableEntry(offset: number, end: number): number {
    const index = this.offsetIndex
    let entry = index.lookup(offset)
    for (let tries = 0; tries < 8 && entry.position > 0; tries++) {
      if (this.isIndexed(entry.offset, entry.position, end)) return entry.position
      entry = index.lookup(entry.offset - 1)
    }
    return 0
  }

  /** Base offset of the batch that begins at `position`; -1 for a wrapper that cannot be inflated. */
  batchOffset(position: number): number {
    const cursor = this.cursor(position, this.fileSize(), 0)
    if (!cursor.next()) return -1
    if (cursor.isLegacy) {
      try {
        cursor.load()
      } catch (error) {
        if (!(error instanceof CorruptRecordError)) throw error
        return -1
      }
    }
    return header.baseOffsetAt(cursor.buffer, cursor.at)
  }

  /** Whether a batch whose last offset is `offset` stands at `position`. */
  isIndexed(offset: number, position: number, end: number): boolean {
    // An index may say anything, a position before the file, too.
    if (position < 0 || position + SMALLEST_MESSAGE > end) return false
    const head = HEAD
    const length = this.read(head, 0, Math.min(head.length, end - position), position)
    if (length >= SMALLEST_MESSAGE && isLegacyAt(head, 0)) {
      const isMessage = storedProblem(head, 0, end - position, this.baseOffset) === undefined
      return isMessage && this.#isLegacyIndexed(offset, position, header.baseOffsetAt(head, 0))
    }
    if (length < head.length) return false
    return (
      header.magicAt(head, 0) === header.CURRENT_MAGIC &&
      header.sizeAt(head, 0) >= header.RECORD_BATCH_OVERHEAD &&
      position + header.sizeAt(head, 0) <= end &&
      readUInt32(head, 0) < 0x200000 &&
      header.lastOffsetAt(head, 0) === offset
    )
  }

  /** Whether the batch that holds the entry's offset has the entry's timestamp: a time index may say anything, too. */
  isTimed({ timestamp, offset }: TimestampOffset, end: number): boolean {
    if (offset < this.baseOffset) return false
    const cursor = this.cursor(this.usableEntry(offset, end), end, this.baseOffset, Buffer.allocUnsafe(8192))
    while (cursor.next()) if (cursor.nextOffset > offset) return maxTimestampAt(cursor) === timestamp
    return false
  }

  /**
   * Brokers of formats 0 and 1 named the first offset of what they appended at once, those that converted to them later
   * the last one. Either leads to where that begins: no message before it has the offset.
   */
  #isLegacyIndexed(offset: number, position: number, stored: number): boolean {
    if (stored <= offset) return true
    const first = this.batchOffset(position)
    return first >= 0 && first <= offset
  }

  corrupt(detail: string, position: number, offset: number): CorruptRecordError {
    const format = unreadFormatAt(this.#fs, this.fd(), position, this.fileSize())
    if (format !== undefined) return new CorruptRecordError(format, position, this.path)
    const what = detail.startsWith('corrupt ')
      ? detail
      : `corrupt record batch at offset ${offset}: ${detail}`
    return new CorruptRecordError(what, position, this.path)
  }

  /** Forgets sizes and indexes read from disk; descriptors stay. */
  forget(): void {
    this.#closedSize = undefined
    this.offsetIndex.forget()
    this.timeIndex.forget()
  }

  /** What keeps an index from being in order: no clean marker may vouch for it. */
  get indexFault(): SideFileError | undefined {
    return this.#indexFaults.values().next().value
  }

  /** An index could not be brought in order; told once. That of a full disk is told by whoever met it first. */
  indexFailed(error: SideFileError, warn?: (line: string) => void): void {
    this.#indexFaults.set(error.path, error)
    this.offsetIndex.forget()
    this.timeIndex.forget()
    if (this.#told || warn === undefined || isDiskFull(error)) return
    this.#told = true
    warn(`${error.message}; the log is whole, and goes on without it`)
  }

  /** The transaction index has no copy in the log's end: a fault of it stays for as long as this process knows of it. */
  indexesInOrder(): void {
    this.#indexFaults.delete(this.offsetIndex.path)
    this.#indexFaults.delete(this.timeIndex.path)
  }

  closeLog(): void {
    if (this.#fd !== undefined) this.#fs.close(this.#fd)
    this.#fd = undefined
    this.#closedSize = undefined
  }

  closeIndexes(): void {
    this.offsetIndex.close()
    this.timeIndex.close()
  }

  close(): void {
    this.closeLog()
    this.closeIndexes()
  }
}

const HEAD = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
