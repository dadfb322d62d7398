/**
 * What is known of a log's end by other means than its bytes. A log that ends below it has lost records, and what is
 * appended there would get offsets that were given before. Then the log's end is damage: told, not appended to, never cut.
 *
 * Which evidence holds depends on how the partition was left (`Closing`):
 *
 *   evidence                              closed          open            unknown
 *                                         clean marker,   listed in       neither: a broker runs or was
 *                                         or not listed   .tkafka-open    killed, or power went
 *   recovery point: synced up to there    yes             yes             yes
 *   the mark of an earlier refusal        yes             yes             yes
 *   .tkafka-ends: where it was closed     yes             yes             no: a copy of one in use
 *   newest producer snapshot, high        yes             yes: nothing    no: written before the log is
 *     watermark, cleaner checkpoint                       unsynced went   synced, so a power cut may take less
 *   what this process has read            yes             yes             no: a broker may have cut it
 *   last entries of the indexes, where    yes             no: they may    no
 *     no snapshot tells                                   be torn
 *   a whole batch with a wrong checksum   yes             yes: kill -9    no: a power cut garbles
 *     behind the last good one                            tears nothing   what was not synced
 *                                                         that is whole
 *   any other bytes there                 yes, unless a     no: a torn      no
 *                                         snapshot shows    write
 *                                         that the log was
 *                                         closed before them,
 *                                         and they begin like
 *                                         its next batch: a
 *                                         copy of one in use
 *
 * log-start-offset-checkpoint tells of deleted records only: a log that ends below it goes on there (log-preparation.ts).
 * Where it lies behind the log's end and all of the above, whatever the closing, it is the lie: believed, it would delete
 * the whole log. Then the start is that of the first segment, and nothing is written until a repair takes the line out.
 *
 * Costs nothing where nothing is wrong: names and checkpoints that are read anyway are compared once, when the log is
 * opened; all else is looked at only where bytes are no batch or the log ends too early.
 */
import { readInt32 } from '../../bytes/int32.ts'
import { readInt64Rounded } from '../../bytes/int64.ts'
import { CorruptRecordError, TerseError } from '../../errors.ts'
import type { Os } from '../../os/os.ts'
import * as header from '../../record/batch-header.ts'
import { isLegacyAt, SMALLEST_MESSAGE } from '../../record/legacy-message.ts'
import { LocalLog } from '../local-log.ts'
import type { LogDirCheckpoints } from '../log-dir-checkpoints.ts'
import type { LogTail } from '../log-tail.ts'
import { decodeSnapshot, snapshotFile } from '../producers/producer-snapshot.ts'
import { logFile, offsetName, SNAPSHOT_SUFFIX } from '../segment/log-files.ts'
import { LogSegment } from '../segment/log-segment.ts'
import { DAMAGE_FILE, markDamage, markedEnd, WAY_OUT } from './damage-mark.ts'
import type { Closing, EndDamage, EndJudge, KnownEnd } from './end-damage.ts'
import { NOTED_ENDS_FILE } from './noted-ends.ts'
import { tornMark } from './tail-scan.ts'
import { unreadFormatAt } from './unread-format.ts'

const NOTHING: KnownEnd = { offset: 0, source: '' }

class EndOfLog implements EndJudge {
  readonly #local: LocalLog
  readonly #topicPartition: string
  readonly #checkpoints: LogDirCheckpoints
  readonly #closing: () => Closing
  readonly #topicId: string
  readonly #warn: ((line: string) => void) | undefined
  #damage: EndDamage | undefined
  #judged: LogTail | undefined
  #judging = false
  #told = false
  #folderIno = -1
  /** Below this a log's end is looked into. */
  #least = -1
  /** The largest end that this process has seen in this folder. */
  #seen = 0

  constructor(
    local: LocalLog,
    topicPartition: string,
    checkpoints: LogDirCheckpoints,
    { closing, topicId = '', warn }: JudgedBy,
  ) {
    this.#local = local
    this.#topicPartition = topicPartition
    this.#checkpoints = checkpoints
    this.#closing = closing ?? (() => 'unknown')
    this.#topicId = topicId
    this.#warn = warn
  }

  get damage(): EndDamage | undefined {
    return this.#damage
  }

  forget(): void {
    this.#judged = undefined
  }

  judge(): void {
    const local = this.#local
    if (this.#judging || local.tail === this.#judged) return
    this.#judging = true
    try {
      this.#judge(local)
    } finally {
      this.#judging = false
    }
  }

  #judge(local: LocalLog): void {
    if (local.folderIno !== this.#folderIno) {
      this.#folderIno = local.folderIno
      this.#least = -1
      this.#seen = 0
    }
    this.#doubtLast()
    this.#damage = this.#isSuspect() ? this.#find() : undefined
    if (this.#damage !== undefined) {
      // A writer may have been in the midst of it: what was found must be there still.
      local.reload()
      this.#least = -1
      this.#doubtLast()
      this.#damage = this.#isSuspect() ? this.#find() : undefined
    }
    this.#judged = local.tail
    this.#seen = Math.max(this.#seen, local.tail.nextOffset)
    if (this.#damage?.falseStart !== true || this.#told) return
    this.#told = true
    this.#warn?.(`${this.#damage.error.message}; its records are all there`)
  }

  /** The last batch's offset jumps, and something knows the log's end as it would be without that. */
  #doubtLast(): void {
    const { active, dir, os, tail } = this.#local
    const { jump } = tail
    if (jump === undefined || active === undefined) return
    const isEnd = ({ offset }: KnownEnd) => offset === jump.end
    if (markedEnd(os, dir) !== jump.end && ![...this.#named(), this.#indexed()].some(isEnd)) return
    const detail = `its offset cannot be: ${jump.expected} comes next`
    const problem = active.corrupt(detail, jump.position, jump.expected)
    tail.lastDoubted(jump, problem, tornMark(active, tail))
  }

  #isSuspect(): boolean {
    const { tail, listing } = this.#local
    // A folder that is missing is lost-partition.ts's matter.
    if (listing === undefined) return false
    if (this.#least < 0) this.#least = Math.max(...this.#named().map(({ offset }) => offset), 0)
    const known = Math.max(this.#least, this.#seen)
    return tail.torn !== undefined || this.#goesOnAt() < known || this.#startsBehind(known)
  }

  /** The log-start checkpoint has all of the records deleted, and more than anybody knows of. */
  #startsBehind(known: number): boolean {
    const { segments, tail } = this.#local
    return (
      tail.nextOffset > (segments[0]?.baseOffset ?? 0) && this.#goesOnAt() > Math.max(tail.nextOffset, known)
    )
  }

  /** Where the next record would go: what lies below the log's start was deleted on purpose. */
  #goesOnAt(): number {
    const start = this.#checkpoints.offset('log-start', this.#topicPartition) ?? 0
    return Math.max(this.#local.tail.nextOffset, start)
  }

  refuse(): void {
    const damage = this.#damage
    if (damage === undefined) return
    const { error, endOffset, unread } = damage
    if (unread) throw new TerseError(`${error.message}; nothing in such a log is changed`)
    this.#mark(error, endOffset)
    throw new TerseError(`${error.message}; ${WAY_OUT}`)
  }

  /** What tells of the damage now may be gone tomorrow: the marker, or the boot that is the same. */
  #mark(error: CorruptRecordError, endOffset: number): void {
    try {
      markDamage(this.#local.os, this.#local.dir, error, endOffset)
    } catch {
      // In somebody else's folder: nothing is written to it either.
    }
  }

  /** What names and checkpoints say, whether or not it holds. */
  #named(): KnownEnd[] {
    const checkpoint = (name: 'recovery-point' | 'replication' | 'cleaner', title: string): KnownEnd => ({
      offset: this.#checkpoints.offset(name, this.#topicPartition) ?? 0,
      source: title,
    })
    return [
      checkpoint('recovery-point', 'the recovery-point checkpoint'),
      checkpoint('replication', 'the replication checkpoint'),
      checkpoint('cleaner', 'the cleaner checkpoint'),
      this.#snapshot(false),
      this.#noted(),
    ]
  }

  #noted(): KnownEnd {
    const offset = this.#checkpoints.noted?.end(this.#topicPartition, this.#topicId) ?? 0
    return { offset, source: NOTED_ENDS_FILE }
  }

  /** By the newest producer snapshot's name; where that is to be believed, the file must be one. */
  #snapshot(whole: boolean): KnownEnd {
    const { os, dir, snapshots } = this.#local
    const isOne = (offset: number): boolean =>
      !whole || decodeSnapshot(os.fs.readFile(snapshotFile(dir, offset))) !== undefined
    const offset = snapshots.findLast(isOne) ?? 0
    return { offset, source: offsetName(offset) + SNAPSHOT_SUFFIX }
  }

  #find(): EndDamage | undefined {
    const local = this.#local
    const { tail } = local
    if (this.#startsBehind(Math.max(this.#least, this.#seen))) return this.#falseStart()
    const closing = this.#closing()
    const known = this.#known(closing)
    const unread = this.#unread(known.offset)
    if (unread !== undefined) return unread
    const isShort = known.offset > this.#goesOnAt()
    const isThere = tail.doubted !== undefined || (tail.torn !== undefined && this.#wasThere(closing))
    if (!isShort && !isThere) return undefined
    if (!isShort && this.#isForeign(known)) return this.#foreignBytes(known)
    const endOffset = Math.max(known.offset, this.#endByHeader())
    const which =
      endOffset - tail.nextOffset === 1
        ? `offset ${tail.nextOffset}`
        : `offsets ${tail.nextOffset} to ${endOffset - 1}`
    const told = isShort ? `${known.source} tells` : 'it was written whole'
    const { path, position, missing } = this.#place()
    let detail = `the log ends here, and ${which} are missing (${told})`
    if (missing) detail = `the file is missing, and with it ${which} (${told})`
    else if (tail.torn !== undefined) detail = `${tail.torn.detail}; ${which} stood here (${told})`
    return { error: new CorruptRecordError(detail, position, path), endOffset, unread: false }
  }

  /** Something tells that the log ends right before these bytes: they stand for no record. */
  #isForeign({ offset }: KnownEnd): boolean {
    return offset > 0 && offset === this.#local.tail.nextOffset && this.#sizeByHeader() === 0
  }

  #foreignBytes({ offset, source }: KnownEnd): EndDamage {
    const { path, position } = this.#place()
    const { fileSize } = this.#local.tail
    const detail = `${fileSize - position} bytes that are no batch stand behind the log's end at offset ${offset} (${source} tells)`
    return { error: new CorruptRecordError(detail, position, path), endOffset: offset, unread: false }
  }

  #falseStart(): EndDamage {
    const { nextOffset } = this.#local.tail
    const detail = `${this.#topicPartition} is at ${this.#goesOnAt()}, its log ends at ${nextOffset}`
    const error = new CorruptRecordError(detail, 0, this.#checkpoints.path('log-start'))
    return { error, endOffset: nextOffset, unread: false, falseStart: true }
  }

  #known(closing: Closing): KnownEnd {
    const { os, dir } = this.#local
    const [recovery, replication, cleaner] = this.#named()
    const later = [replication, cleaner, this.#snapshot(true), this.#noted()]
    const marked = markedEnd(os, dir)
    const all = [recovery]
    if (closing !== 'unknown') all.push(...later, { offset: this.#seen, source: 'what was read before' })
    if (closing === 'closed' && this.#local.snapshots.length === 0) all.push(this.#indexed())
    if (marked !== undefined) all.push({ offset: marked, source: DAMAGE_FILE })
    return all.reduce((most, next) => (next.offset > most.offset ? next : most), NOTHING)
  }

  /** Whether the bytes behind the last good batch were there when somebody was told that they are written. */
  #wasThere(closing: Closing): boolean {
    if (closing === 'unknown') return false
    if (this.#sizeByHeader() > 0) return true
    // A log that had grown since it was closed is a copy made while somebody wrote, whatever marker stands beside it.
    return closing === 'closed' && (this.#local.snapshots.length === 0 || !this.#isCutShort())
  }

  /** The bytes behind the last good batch begin as the next one would, and end before it does: a write in the midst. */
  #isCutShort(): boolean {
    const { active, tail } = this.#local
    if (active === undefined) return false
    const length = active.read(HEAD, 0, HEAD.length, tail.end)
    if (length < header.MAGIC_POSITION + 1) return true
    // Any eight bytes may stand there, beyond a safe number, too.
    const offset = readInt64Rounded(HEAD, 0)
    const isNext = isLegacyAt(HEAD, 0) ? offset >= tail.nextOffset : offset === tail.nextOffset
    if (!isNext || header.magicAt(HEAD, 0) < 0) return false
    return (
      header.magicAt(HEAD, 0) <= header.CURRENT_MAGIC && tail.end + header.sizeAt(HEAD, 0) > tail.fileSize
    )
  }

  /** Size of the batch behind the last good one, if it is there whole; 0 where it is not, or is no batch at all. */
  #sizeByHeader(): number {
    const { active, tail } = this.#local
    const length = active?.read(HEAD, 0, HEAD.length, tail.end) ?? 0
    if (length < SMALLEST_MESSAGE) return 0
    const least = isLegacyAt(HEAD, 0) ? SMALLEST_MESSAGE : header.RECORD_BATCH_OVERHEAD
    const size = header.sizeAt(HEAD, 0)
    return size >= least && tail.end + size <= tail.fileSize ? size : 0
  }

  /** Behind the bad batch, as far as its header can be believed: the checksum leaves out its base offset. */
  #endByHeader(): number {
    const { tail } = this.#local
    if (tail.torn === undefined) return 0
    // Its header is what is wrong.
    if (tail.doubted !== undefined) return tail.doubted.end
    if (this.#sizeByHeader() === 0) return tail.nextOffset + 1
    const delta = isLegacyAt(HEAD, 0)
      ? readInt64Rounded(HEAD, 0) - tail.nextOffset
      : readInt32(HEAD, header.LAST_OFFSET_DELTA_POSITION)
    const plausible = delta >= 0 && delta < tail.fileSize
    return tail.nextOffset + (plausible ? delta : 0) + 1
  }

  /** By the last entries of the last segment's indexes, its .log there or not. */
  #indexed(): KnownEnd {
    const { os, dir } = this.#local
    const last = this.#lastBase()
    if (last === undefined) return NOTHING
    const segment = new LogSegment(os.fs, dir, last)
    try {
      const { offsetIndex, timeIndex } = segment
      if (offsetIndex.hasGarbage() || timeIndex.hasGarbage()) return NOTHING
      const byOffset = (offsetIndex.lastEntry()?.offset ?? -1) + 1
      const byTime = (timeIndex.lastEntry()?.offset ?? -1) + 1
      const { path } = byTime > byOffset ? timeIndex : offsetIndex
      return { offset: Math.max(byOffset, byTime, last), source: path.slice(dir.length + 1) }
    } finally {
      segment.closeIndexes()
    }
  }

  /** Base offset of the last segment of which any file is there. */
  #lastBase(): number | undefined {
    const { listing } = this.#local
    const bases = (listing?.leftovers ?? [])
      .filter(({ file }) => file.state === 'live')
      .map(({ file }) => file.baseOffset)
    const all = [...bases, ...(listing?.bases ?? [])]
    return all.length === 0 ? undefined : Math.max(...all)
  }

  #place(): { path: string; position: number; missing: boolean } {
    const { active, dir, tail } = this.#local
    const last = this.#lastBase() ?? 0
    const missing = active === undefined || last > active.baseOffset
    return {
      path: missing ? logFile(dir, last) : active.path,
      position: missing ? 0 : tail.end,
      missing,
    }
  }

  #unread(knownEnd: number): EndDamage | undefined {
    const { active, tail, os } = this.#local
    if (active === undefined || tail.torn === undefined) return undefined
    const format = unreadFormatAt(os.fs, active.fd(), tail.end, tail.fileSize)
    if (format === undefined) return undefined
    return {
      error: new CorruptRecordError(format, tail.end, active.path),
      endOffset: Math.max(tail.nextOffset + 1, knownEnd),
      unread: true,
    }
  }
}

/** What the judge is told beside the log itself. */
export interface JudgedBy {
  readonly closing?: (() => Closing) | undefined
  readonly topicId?: string | undefined
  readonly warn?: ((line: string) => void) | undefined
}

/** A log, not yet read, whose end is judged at each look. */
export function judgedLog(
  os: Os,
  dir: string,
  topicPartition: string,
  checkpoints: LogDirCheckpoints,
  by: JudgedBy = {},
): LocalLog {
  const local = new LocalLog(os, dir)
  local.judgedBy(new EndOfLog(local, topicPartition, checkpoints, by))
  return local
}

const HEAD = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
