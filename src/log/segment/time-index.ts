/**
 * NNN.timeindex: 12 bytes an entry, int64 largest timestamp of the segment so far, int32 last offset of the first
 * batch that has it, minus the segment's base. Written beside offset index entries when the maximum grew, and a last
 * one at roll and close (the max timestamp that retention goes by). See index-file.ts for invariant and crash case.
 */
import { readInt32, writeInt32 } from '../../bytes/int32.ts'
import { type Int64, readExactInt64, writeInt64 } from '../../bytes/int64.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { IndexFile } from './index-file.ts'

export interface TimestampOffset {
  readonly timestamp: Int64
  readonly offset: number
}

export class TimeIndex extends IndexFile {
  constructor(fs: FileSystem, path: string, baseOffset: number) {
    super(fs, path, baseOffset, 12)
  }

  entry(n: number): TimestampOffset {
    const at = this.entryAt(n)
    return {
      timestamp: readExactInt64(this.page, at),
      offset: this.baseOffset + readInt32(this.page, at + 8),
    }
  }

  lastEntry(): TimestampOffset | undefined {
    const count = this.count
    return count === 0 ? undefined : this.entry(count - 1)
  }

  /** The last entry with a timestamp at or below `timestamp`; (-1, base) when there is none. */
  lookup(timestamp: Int64): TimestampOffset {
    const n = this.floor(timestamp)
    return n < 0 ? { timestamp: -1, offset: this.baseOffset } : this.entry(n)
  }

  /** Staged until `writeStaged`; nothing when the maximum did not grow. A batch has one entry at most. */
  maybeAppend(timestamp: Int64, offset: number): void {
    const last = this.lastEntry()
    if (timestamp <= (last?.timestamp ?? -1) || offset <= (last?.offset ?? this.baseOffset - 1)) return
    const staged = this.stage()
    writeInt64(staged, this.stagedAt, timestamp)
    writeInt32(staged, this.stagedAt + 8, offset - this.baseOffset)
  }

  /** Takes back staged entries at or behind `offset`. */
  unstageFrom(offset: number): void {
    this.unstageWhile((staged, at) => readInt32(staged, at + 8) >= offset - this.baseOffset)
  }

  /** Drops entries of offsets at or behind `offset`. */
  truncateToOffset(offset: number): void {
    let count = this.count
    while (count > 0 && this.entry(count - 1).offset >= offset) count--
    this.truncateToEntries(count)
  }

  protected keyAt(buffer: Buffer, at: number): Int64 {
    return readExactInt64(buffer, at)
  }

  protected isUnused(buffer: Buffer, at: number): boolean {
    return readExactInt64(buffer, at) <= 0 && readInt32(buffer, at + 8) <= 0
  }
}
