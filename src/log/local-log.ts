/**
 * The segments of a partition as this process knows them, and the log's end.
 *
 * Invariant: all of this is a cache of the disk, and one value (`LogView`): it is made anew while the disk is read and takes
 * the old one's place only when that has ended without an error. A log whose reading failed is not loaded: whoever asks
 * for its segments or its end gets an error, so nothing of it can be cut, indexed, closed or appended to.
 * `refresh` compares the folder's time, the active segment's inode and its size with what was seen, walks over what others
 * appended (tail-scan.ts), and lists again when files came or went. Work is bounded by what is new.
 */
import { type CorruptRecordError, TerseError } from '../errors.ts'
import type { FileStat } from '../os/file-system.ts'
import type { Os } from '../os/os.ts'
import * as header from '../record/batch-header.ts'
import { LogTail } from './log-tail.ts'
import type { EndDamage, EndJudge } from './opening/end-damage.ts'
import type { LogListing } from './opening/log-loader.ts'
import { listLog } from './opening/log-loader.ts'
import { type LostFront, lostFront } from './opening/lost-front.ts'
import { extendTail, findTail, lastBatchStands, tornChanged } from './opening/tail-scan.ts'
import { findBatchBehind } from './segment/bad-batch.ts'
import { type BatchCursor, maxTimestampAt } from './segment/batch-cursor.ts'
import { logFile } from './segment/log-files.ts'
import { LogSegment } from './segment/log-segment.ts'
import type { TimestampOffset } from './segment/time-index.ts'

/** So often a folder is listed again that changes under the look at it. */
const MAX_LOOKS = 100

/** The folder as it was listed. */
interface Listed {
  readonly time: number
  readonly ino: number
  readonly listing: LogListing | undefined
  readonly segments: readonly LogSegment[]
}

/** What is known of a log that was read to its end. */
interface LogView extends Listed {
  readonly tail: LogTail
  /** Of the active segment's file, in which the tail was found; -1 for none. */
  readonly tailIno: number
  /** Another number where the tail was found anew. */
  readonly reading: number
}

export class LocalLog {
  readonly os: Os
  readonly dir: string
  /** Open files are kept across looks, also where one of them fails. */
  #segments: readonly LogSegment[] = []
  #view: LogView | undefined
  #readings = 0
  #end: EndJudge | undefined

  constructor(os: Os, dir: string) {
    this.os = os
    this.dir = dir
  }

  get segments(): readonly LogSegment[] {
    return this.#known().segments
  }

  get snapshots(): readonly number[] {
    return this.#known().listing?.snapshots ?? []
  }

  /** undefined where there is no folder. */
  get listing(): LogListing | undefined {
    return this.#known().listing
  }

  get tail(): LogTail {
    return this.#known().tail
  }

  /** Damage in the middle that was met: the log is not to be appended to. */
  get corrupt(): CorruptRecordError | undefined {
    return this.#known().tail.damage
  }

  get active(): LogSegment | undefined {
    const { segments } = this.#known()
    return segments[segments.length - 1]
  }

  /** Who judges behind each look whether the log's end is what is known of it. */
  judgedBy(end: EndJudge): void {
    this.#end = end
  }

  /** Records at the log's end are missing, or of a format that is not read: nothing in the log is to be changed. */
  get endDamage(): EndDamage | undefined {
    return this.#end?.damage
  }

  /** Where the log starts, by its first segment and what the log-start checkpoint says, as far as that can be. */
  startOffset(noted: number): number {
    const believed = this.endDamage?.falseStart === true ? 0 : noted
    return this.lostFront(believed)?.offset ?? Math.max(this.segments[0]?.baseOffset ?? 0, believed)
  }

  /** Segments from `offset` on that are gone from the log's front though nobody deleted them. */
  lostFront(offset: number): LostFront | undefined {
    const { listing } = this.#known()
    if (listing === undefined || listing.orphans.length === 0) return undefined
    return lostFront(this.os.fs, this.dir, listing, offset)
  }

  judgeAgain(): void {
    this.#end?.forget()
  }

  /** No offset below it is given again. */
  get endOffset(): number {
    return Math.max(this.tail.nextOffset, this.endDamage?.endOffset ?? 0)
  }

  /** -1 where there is no folder. */
  get folderIno(): number {
    return this.#known().ino
  }

  /** False also behind a look at the disk that failed. */
  get isLoaded(): boolean {
    return this.#view !== undefined
  }

  /** Bytes of segment `i` that are whole batches as far as is known. */
  endOf(i: number): number {
    return i === this.segments.length - 1 ? this.tail.end : this.segments[i].closedSize()
  }

  /** Index of the segment that holds `offset` or would: the last whose base is at or below it; -1 for none. */
  floor(offset: number): number {
    let low = 0
    let high = this.segments.length - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      if (this.segments[middle].baseOffset <= offset) low = middle + 1
      else high = middle - 1
    }
    return high
  }

  /** Returns true when something changed on disk since the last look. */
  refresh(): boolean {
    const known = this.#view
    // Until the look has ended without an error nothing is known.
    this.#view = undefined
    if (known === undefined) {
      this.#view = this.#read()
      this.#end?.judge()
      return true
    }
    const view = this.#lookAgain(known)
    this.#view = view
    this.#end?.judge()
    return (
      view.listing !== known.listing ||
      view.reading !== known.reading ||
      view.tail.nextOffset !== known.tail.nextOffset
    )
  }

  /** Forgets everything and looks at the disk. */
  reload(): void {
    this.forget()
    this.close()
    this.#view = this.#read()
    this.#end?.judge()
  }

  /** After this process changed names in the folder: lists again, and finds the end of the active segment. */
  reopenTail(): void {
    this.forget()
    this.#view = this.#read()
  }

  /** What is on the disk is no longer known: whoever acts next has to look at it first. */
  forget(): void {
    this.#view = undefined
  }

  /** Largest timestamp of the active segment, and the last offset of the first batch that has it. */
  tailMax(): TimestampOffset {
    const { tail } = this
    if (tail.max !== undefined) return tail.max
    const max = this.active === undefined ? NO_MAX : this.maxTimestampOf(this.segments.length - 1)
    tail.knowMax(max)
    return max
  }

  /** By the time index and the batches behind the last indexed one; timestamp -1 for an empty segment. */
  maxTimestampOf(i: number): TimestampOffset {
    const segment = this.segments[i]
    const isActive = i === this.segments.length - 1
    if (isActive && this.tail.max !== undefined) return this.tail.max
    const end = this.endOf(i)
    const next = isActive ? this.tail.nextOffset : this.segments[i + 1].baseOffset
    let n = segment.timeIndex.count - 1
    while (n >= 0 && segment.timeIndex.entry(n).offset >= next) n--
    // What a misread entry says would go into the next entries. Then no entry is known to cover what is indexed.
    const isTrusted = n >= 0 && (!isActive || segment.isTimed(segment.timeIndex.entry(n), end))
    if (!isTrusted) n = -1
    let max: TimestampOffset =
      n < 0 ? { timestamp: -1, offset: segment.baseOffset } : segment.timeIndex.entry(n)
    // A closed segment's last entry tells all of it.
    if (n >= 0 && !isActive) return max
    // What the offset index points to is covered by the time index (writeIndexes): eight producers to one partition leave
    // two megabytes of headers between the last entries of the two.
    const cursor = segment.cursor(n < 0 ? 0 : segment.usableEntry(next - 1, end), end)
    while (cursor.next()) {
      const timestamp = maxTimestampAt(cursor)
      if (timestamp > max.timestamp) max = { timestamp, offset: cursor.nextOffset - 1 }
    }
    return max
  }

  /**
   * Position in segment `i` of the batch that holds `offset`, or of the first behind it; undefined when there is none.
   * Steps over damage below it; throws CorruptRecordError where the offset itself is in damaged bytes.
   */
  locate(i: number, offset: number): number | undefined {
    const segment = this.segments[i]
    const end = this.endOf(i)
    let from = segment.usableEntry(offset, end)
    let minOffset = segment.baseOffset
    for (;;) {
      const cursor = segment.cursor(from, end, minOffset)
      while (cursor.next()) if (cursor.nextOffset > offset) return cursor.position
      if (cursor.problem === undefined) return undefined
      const { position, nextOffset } = cursor
      const error = segment.corrupt(cursor.problem, position, nextOffset)
      const behind = this.behind(segment, position, nextOffset, end)
      if (behind === undefined || behind.baseOffset > offset) throw error
      from = behind.position
      minOffset = nextOffset
    }
  }

  /** The first good batch behind damage at `position`. */
  behind(segment: LogSegment, position: number, nextOffset: number, end: number) {
    const bad = { position, nextOffset, size: end, index: segment.offsetIndex }
    const at = findBatchBehind(this.os.fs, segment.fd(), bad)
    if (at === undefined) return undefined
    return { position: at, baseOffset: Math.max(segment.batchOffset(at), nextOffset) }
  }

  /**
   * Calls back for each batch from the one that holds `offset` to the log's end. The header is in the cursor's buffer;
   * control batches are there as a whole. Steps over damage. Stops when the visitor returns false.
   */
  walk(offset: number, visit: (cursor: BatchCursor, segment: LogSegment) => boolean | undefined): void {
    for (let i = Math.max(this.floor(offset), 0); i < this.segments.length; i++) {
      const segment = this.segments[i]
      const end = this.endOf(i)
      let from = segment.usableEntry(offset, end)
      let minOffset = segment.baseOffset
      while (from < end) {
        const cursor = segment.cursor(from, end, minOffset)
        while (cursor.next()) {
          if (cursor.nextOffset <= offset) continue
          if ((header.attributesAt(cursor.buffer, cursor.at) & header.CONTROL_FLAG) !== 0) cursor.load()
          if (visit(cursor, segment) === false) return
        }
        if (cursor.problem === undefined) break
        const { position, nextOffset } = cursor
        from =
          findBatchBehind(this.os.fs, segment.fd(), {
            position,
            nextOffset,
            size: end,
            index: segment.offsetIndex,
          }) ?? end
        minOffset = nextOffset
      }
    }
  }

  /** @throws TerseError where the end is not what is known of it */
  refuseLostEnd(): void {
    this.#end?.refuse()
  }

  /** @throws TerseError where damage in the middle was met */
  refuseCorrupt(): void {
    if (this.corrupt === undefined) return
    throw new TerseError(
      `${this.corrupt.message}; nothing is appended to a damaged partition: see tkafka repair`,
    )
  }

  close(): void {
    for (const segment of this.#segments) segment.close()
  }

  #known(): LogView {
    if (this.#view === undefined) {
      throw new TerseError(`${this.dir}: was not read to its end, so nothing in it is touched`)
    }
    return this.#view
  }

  #read(): LogView {
    const listed = this.#list(this.os.fs.stat(this.dir))
    return this.#withTail(listed)
  }

  #withTail(listed: Listed): LogView {
    const active = listed.segments[listed.segments.length - 1]
    const reading = ++this.#readings
    if (active === undefined) return { ...listed, tail: new LogTail(0), tailIno: -1, reading }
    return { ...listed, tail: findTail(this.os.fs, active), tailIno: active.ino, reading }
  }

  #lookAgain(known: LogView): LogView {
    const { fs } = this.os
    let view = known
    let listAgain = false
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const stat = fs.stat(this.dir)
      // A folder without segments is always listed: the first may come within one tick of the folder's clock.
      listAgain ||= view.segments.length === 0
      listAgain ||= (stat?.mtimeMs ?? -1) !== view.time || (stat?.ino ?? -1) !== view.ino
      const listed = listAgain ? this.#list(stat) : view
      const active = listed.segments[listed.segments.length - 1]
      if (active === undefined) return this.#withTail(listed)
      const now = fs.stat(active.path)
      // Renamed away between the two looks: list again.
      listAgain = now === undefined
      if (now === undefined) continue
      view = this.#follow(view, listed, active, now)
      // Another process may have rolled the log: its new segment is named by our end offset, even if the folder's mtime has not moved.
      const { end, nextOffset } = view.tail
      if (end === 0 || fs.stat(logFile(this.dir, nextOffset)) === undefined) return view
      listAgain = true
    }
    throw new TerseError(`${this.dir}: changes faster than it can be read; try again`)
  }

  /** The end of the active segment, as far as it is known: only what came since is read. */
  #follow(view: LogView, listed: Listed, active: LogSegment, now: FileStat): LogView {
    const { tail } = view
    const follows =
      active === view.segments[view.segments.length - 1] &&
      now.ino === view.tailIno &&
      now.size >= tail.end &&
      lastBatchStands(active, tail, now.size)
    if (!follows) {
      active.close()
      return this.#withTail(listed)
    }
    const same = now.size === tail.fileSize && !tornChanged(active, tail)
    if (same && listed === view) return view
    return { ...view, ...listed, tail: same ? tail : extendTail(this.os.fs, active, tail, now.size) }
  }

  #list(stat: FileStat | undefined): Listed {
    const { fs } = this.os
    const listing = listLog(fs, this.dir)
    const known = new Map(this.#segments.map((segment) => [segment.baseOffset, segment]))
    const segments = (listing?.bases ?? []).map((base) => {
      const segment = known.get(base)
      known.delete(base)
      // The tail's owner is looked at by inode in `refresh`.
      if (segment !== undefined) {
        segment.sameFile()
        // Its indexes may have been added to, trimmed or replaced.
        segment.closeIndexes()
      }
      return segment ?? new LogSegment(fs, this.dir, base)
    })
    this.#segments = segments
    for (const gone of known.values()) gone.close()
    return { time: stat?.mtimeMs ?? -1, ino: stat?.ino ?? -1, listing, segments }
  }
}

const NO_MAX: TimestampOffset = { timestamp: -1, offset: 0 }
