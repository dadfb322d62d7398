/**
 * NNN.txnindex: the transactions whose ABORT marker lies in this segment. 34 bytes an entry: int16 version 0, int64
 * producerId, int64 first offset, int64 last offset (the marker's), int64 last stable offset at that time.
 *
 * Invariant: entries in the order of their markers. The file is made with its first entry. It is written before the
 * marker it tells of counts as appended; a crash in between leaves an entry whose marker is not there, which
 * `truncateToOffset` takes away with the torn tail.
 */
import { readInt16 } from '../../bytes/int32.ts'
import { readInt64, writeInt64 } from '../../bytes/int64.ts'
import { TerseError } from '../../errors.ts'
import { isMissing } from '../../os/error-code.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { writeFully } from '../../os/file-system.ts'
import { SideFileError, unlinkIfThere } from '../side-file.ts'

export interface AbortedTxn {
  readonly producerId: number
  readonly firstOffset: number
  /** Of the ABORT marker. */
  readonly lastOffset: number
  readonly lastStableOffset: number
}

export const ENTRY_SIZE = 34

export class TransactionIndex {
  readonly path: string
  readonly #fs: FileSystem

  constructor(fs: FileSystem, path: string) {
    this.#fs = fs
    this.path = path
  }

  /** All whole entries; none when there is no file. */
  entries(): AbortedTxn[] {
    let bytes: Buffer
    try {
      bytes = this.#fs.readFile(this.path)
    } catch (error) {
      if (isMissing(error)) return []
      throw SideFileError.of(this.path, error)
    }
    const entries: AbortedTxn[] = []
    for (let at = 0; at + ENTRY_SIZE <= bytes.length; at += ENTRY_SIZE) {
      const version = readInt16(bytes, at)
      if (version > 0) {
        throw new TerseError(
          `${this.path}: entry of version ${version} (at position ${at}) is newer than this tkafka`,
        )
      }
      entries.push({
        producerId: readInt64(bytes, at + 2),
        firstOffset: readInt64(bytes, at + 10),
        lastOffset: readInt64(bytes, at + 18),
        lastStableOffset: readInt64(bytes, at + 26),
      })
    }
    return entries
  }

  append(aborted: readonly AbortedTxn[]): void {
    if (aborted.length === 0) return
    const bytes = encode(aborted)
    this.#opened('a+', (fd) => {
      const size = this.#fs.fstat(fd).size
      const whole = size - (size % ENTRY_SIZE)
      if (whole !== size) this.#fs.ftruncate(fd, whole)
      writeFully(this.#fs, fd, bytes, 0, bytes.length, null)
    })
  }

  /** Drops entries whose marker lies at or behind `offset`, and a torn last one. */
  truncateToOffset(offset: number): void {
    const size = this.#fs.stat(this.path)?.size ?? 0
    if (size === 0) return
    const keep = this.entries().filter((entry) => entry.lastOffset < offset).length * ENTRY_SIZE
    if (keep === size) return
    this.#opened('r+', (fd) => this.#fs.ftruncate(fd, keep))
  }

  /** Makes the file hold exactly these; does nothing when it does. No file for none. */
  replace(aborted: readonly AbortedTxn[]): void {
    const bytes = encode(aborted)
    const stat = this.#fs.stat(this.path)
    if (stat === undefined ? bytes.length === 0 : this.#holds(bytes, stat.size)) return
    this.#opened('w', (fd) => writeFully(this.#fs, fd, bytes, 0, bytes.length, 0))
  }

  /** To be made anew. @throws SideFileError, for a folder too */
  remove(): void {
    try {
      unlinkIfThere(this.#fs, this.path)
    } catch (error) {
      throw SideFileError.of(this.path, error)
    }
  }

  sync(): void {
    if (this.#fs.stat(this.path) === undefined) return
    this.#opened('r+', (fd) => this.#fs.fdatasync(fd))
  }

  #holds(bytes: Buffer, size: number): boolean {
    try {
      return size === bytes.length && this.#fs.readFile(this.path).equals(bytes)
    } catch (error) {
      throw SideFileError.of(this.path, error)
    }
  }

  #opened(flags: 'r+' | 'a+' | 'w', act: (fd: number) => void): void {
    try {
      const fd = this.#fs.open(this.path, flags)
      try {
        act(fd)
      } finally {
        this.#fs.close(fd)
      }
    } catch (error) {
      throw SideFileError.of(this.path, error)
    }
  }
}

function encode(aborted: readonly AbortedTxn[]): Buffer {
  const bytes = Buffer.alloc(aborted.length * ENTRY_SIZE)
  aborted.forEach((entry, i) => {
    const at = i * ENTRY_SIZE
    writeInt64(bytes, at + 2, entry.producerId)
    writeInt64(bytes, at + 10, entry.firstOffset)
    writeInt64(bytes, at + 18, entry.lastOffset)
    writeInt64(bytes, at + 26, entry.lastStableOffset)
  })
  return bytes
}
