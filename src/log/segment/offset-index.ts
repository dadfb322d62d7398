/**
 * NNN.index: 8 bytes an entry, int32 offset of a batch's last record minus the segment's base, int32 position of that
 * batch in the .log; about one every index.interval.bytes. See index-file.ts for invariant and crash case.
 */
import { readInt32, writeInt32 } from '../../bytes/int32.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { IndexFile } from './index-file.ts'

export interface OffsetPosition {
  readonly offset: number
  readonly position: number
}

export const MAX_RELATIVE_OFFSET = 0x7fffffff

export class OffsetIndex extends IndexFile {
  constructor(fs: FileSystem, path: string, baseOffset: number) {
    super(fs, path, baseOffset, 8)
  }

  entry(n: number): OffsetPosition {
    const at = this.entryAt(n)
    return {
      offset: this.baseOffset + readInt32(this.page, at),
      position: readInt32(this.page, at + 4),
    }
  }

  lastEntry(): OffsetPosition | undefined {
    const count = this.count
    return count === 0 ? undefined : this.entry(count - 1)
  }

  /** Where to begin to scan for `offset`: the last indexed batch at or below it, else the segment's begin. */
  lookup(offset: number): OffsetPosition {
    const n = this.floor(offset - this.baseOffset)
    return n < 0 ? { offset: this.baseOffset, position: 0 } : this.entry(n)
  }

  /** Staged until `writeStaged`. Positions and offsets must grow. */
  append(lastOffset: number, position: number): void {
    const staged = this.stage()
    writeInt32(staged, this.stagedAt, lastOffset - this.baseOffset)
    writeInt32(staged, this.stagedAt + 4, position)
  }

  /** Takes back staged entries at or behind `position`: the bytes they point to were not written. */
  unstageFrom(position: number): void {
    this.unstageWhile((staged, at) => readInt32(staged, at + 4) >= position)
  }

  /** Drops entries that point at or behind `position`, which the log no longer has. */
  truncateToPosition(position: number): void {
    let count = this.count
    while (count > 0 && this.entry(count - 1).position >= position) count--
    this.truncateToEntries(count)
  }

  protected keyAt(buffer: Buffer, at: number): number {
    return readInt32(buffer, at)
  }

  protected isUnused(buffer: Buffer, at: number): boolean {
    return readInt32(buffer, at + 4) <= 0
  }
}
