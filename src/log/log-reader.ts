/**
 * Reads whole batches in large chunks into one reused buffer. Takes no lock: what it hands out was checked (headers,
 * and CRCs unless told not to), and before stored bytes are called corrupt they are read again, since a writer may
 * just have cut a torn tail and written anew.
 */
import { CorruptRecordError, KafkaError } from '../errors.ts'
import { isMissing } from '../os/error-code.ts'
import { ForeignFileError } from '../os/foreign-file.ts'
import * as header from '../record/batch-header.ts'
import type { FetchedData } from '../record/fetched-data.ts'
import { LegacyBatches } from '../record/legacy-batches.ts'
import { isLegacyAt, SMALLEST_MESSAGE } from '../record/legacy-message.ts'
import { type ReadPiece, readLegacy } from '../record/legacy-reader.ts'
import { AbortedTransactions } from './aborted-transactions.ts'
import type { LocalLog } from './local-log.ts'
import { lostFrontDetail } from './opening/lost-front.ts'
import type { ProducerStateKeeper } from './producers/producer-state-keeper.ts'
import { checksumProblem, headerProblem, offsetContradicted } from './segment/batch-cursor.ts'
import { logFile } from './segment/log-files.ts'
import type { LogSegment } from './segment/log-segment.ts'
import type { ReadOptions, ReadRequest } from './unified-log-options.ts'

const MAX_RETRIES = 10

export class LogReader {
  readonly #local: LocalLog
  readonly #topicPartition: string
  readonly #gapless: () => boolean
  /** Compaction was seen to be at work: it stays so. */
  #mayHaveGaps = false
  /** For whoever hands in none, and for batches larger than that. */
  #buffer = Buffer.alloc(0)
  /** Where the batch with this offset begins, from the last read. */
  #next: { offset: number; segment: LogSegment; position: number } | undefined
  readonly #legacyBatches = new LegacyBatches()
  /** So was the last piece. */
  #wasLegacy = false
  readonly #aborted: AbortedTransactions

  constructor(
    local: LocalLog,
    topicPartition: string,
    producers: ProducerStateKeeper,
    gapless: () => boolean = () => false,
  ) {
    this.#local = local
    this.#aborted = new AbortedTransactions(local, producers)
    this.#topicPartition = topicPartition
    this.#gapless = gapless
  }

  /** Batches from `offset` on, none at or behind `limit` (the last stable offset). */
  read(
    offset: number,
    maxBytes: number,
    logStartOffset: number,
    limit: number | undefined,
    options: Pick<ReadOptions, 'checkCrcs' | 'into'>,
  ): FetchedData {
    const local = this.#local
    const { checkCrcs = true, into } = options
    const request = { offset, maxBytes: Math.min(maxBytes, into?.length ?? maxBytes), limit, checkCrcs, into }
    for (let tries = 0; ; tries++) {
      if (offset >= local.tail.nextOffset) local.refresh()
      const logEndOffset = Math.max(local.endOffset, logStartOffset)
      if (offset < logStartOffset || offset > logEndOffset) {
        throw new KafkaError(
          'OFFSET_OUT_OF_RANGE',
          `Received request for offset ${offset} for partition ${this.#topicPartition}, but we only have log ` +
            `segments in the range ${logStartOffset} to ${logEndOffset}.`,
        )
      }
      if (this.#isLost(offset)) throw local.endDamage?.error
      try {
        return this.#readOnce(request)
      } catch (error) {
        // A segment that vanished between listing and opening was deleted or replaced: look again.
        const vanished = isMissing(error)
        const suspect = error instanceof CorruptRecordError && tries === 0
        if ((!vanished && !suspect) || tries >= MAX_RETRIES) throw error
        this.#next = undefined
        local.reload()
      }
    }
  }

  /** In what is known to have been at the log's end, and is not. */
  #isLost(offset: number): boolean {
    const { endDamage, tail } = this.#local
    return endDamage !== undefined && offset >= tail.nextOffset && offset < endDamage.endOffset
  }

  /** The next offset behind damaged bytes at `offset`. */
  skipCorrupt(offset: number): number {
    const local = this.#local
    if (this.#isLost(offset)) return local.endOffset
    const i = Math.max(local.floor(offset), 0)
    const segment = local.segments[i]
    const after = i + 1 < local.segments.length ? local.segments[i + 1].baseOffset : local.tail.nextOffset
    if (this.#misplaced(i) !== undefined) return Math.max(after, offset + 1)
    const end = local.endOf(i)
    let position: number
    try {
      const found = local.locate(i, offset)
      if (found === undefined) return Math.max(after, offset + 1)
      const gapEnd = segment.batchOffset(found)
      // Offsets from the next segment's base on are read there, whatever is written here.
      if (gapEnd > offset) return Math.min(gapEnd, Math.max(after, offset + 1))
      position = found
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      position = error.position
    }
    const behind = local.behind(segment, position, segment.baseOffset, end)
    if (behind === undefined) return Math.max(after, offset + 1)
    const next = Math.max(behind.baseOffset, offset + 1)
    if (next > after) return Math.max(after, offset + 1)
    this.#next = { offset: next, segment, position: behind.position }
    return next
  }

  #readOnce(request: ReadRequest): FetchedData {
    const local = this.#local
    const { offset, limit } = request
    for (let i = Math.max(local.floor(offset), 0); i < local.segments.length; i++) {
      const segment = local.segments[i]
      const position = this.#positionIn(i, offset)
      const end = local.endOf(i)
      if (position === undefined || position >= end) {
        if (i < local.segments.length - 1) segment.closeLog()
        continue
      }
      const fetched = this.#chunk(segment, position, end, request, local.segments[i + 1]?.baseOffset)
      if (fetched === undefined) continue
      if (fetched.end > fetched.start) {
        this.#refuseGap(offset, header.baseOffsetAt(fetched.buffer, fetched.start), segment, position)
      }
      this.#next = { offset: fetched.nextOffset, segment, position: position + fetched.storedSize }
      if (limit === undefined) return fetched
      return { ...fetched, aborted: this.#aborted.of(fetched, i, offset) }
    }
    return this.#nothingFrom(offset)
  }

  /** Where the batch with the offset begins in segment `i`, as far as that is known; undefined: not there. */
  #positionIn(i: number, offset: number): number | undefined {
    const local = this.#local
    const segment = local.segments[i]
    const next = this.#next
    // Who reads on through a thousand segments holds one of them open.
    if (next !== undefined && next.segment !== segment && next.segment !== local.active) next.segment.close()
    // Looked at first: a segment that was replaced meanwhile is closed, and what comes next opens it anew.
    const goesOn = next?.offset === offset && next.segment === segment && segment.isOpen
    const misplaced = this.#misplaced(i)
    if (misplaced !== undefined) throw misplaced
    return goesOn ? next.position : local.locate(i, offset)
  }

  #nothingFrom(offset: number): FetchedData {
    const { active, tail, dir } = this.#local
    if (active !== undefined) this.#refuseGap(offset, tail.nextOffset, active, 0)
    return {
      buffer: this.#buffer,
      start: 0,
      end: 0,
      file: active?.path ?? dir,
      position: tail.end,
      storedSize: 0,
      // No batch stands there: compaction, or the loss of a segment, left a hole before an empty one.
      nextOffset: Math.max(offset, tail.nextOffset),
      aborted: [],
    }
  }

  /**
   * Where no batch has the offsets from `offset` to `base`, at which the log goes on at `position` of `segment`.
   * @throws CorruptRecordError where nothing can have taken them
   */
  #refuseGap(offset: number, base: number, segment: LogSegment, position: number): void {
    if (base <= offset) return
    const { segments, dir, os } = this.#local
    const front = this.#local.lostFront(offset)
    if (front?.offset === offset) throw new CorruptRecordError(lostFrontDetail(front), 0, front.path)
    // Below the first segment all else was deleted on purpose.
    if (offset < segments[0].baseOffset || !this.#hasNoGaps()) return
    // Who deletes segments begins with the oldest: while one before the gap is there, none behind it went that way.
    const before = segments[Math.max(this.#local.floor(offset), 0)]
    if (os.fs.stat(before.path) === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' })
    const which = base - offset === 1 ? `offset ${offset} is` : `offsets ${offset} to ${base - 1} are`
    const isFile = position === 0 && base === segment.baseOffset && before.baseOffset < offset
    const detail = `${which} missing: the next ${isFile ? 'segment' : 'batch'} begins at offset ${base}`
    throw new CorruptRecordError(detail, isFile ? 0 : position, isFile ? logFile(dir, offset) : segment.path)
  }

  /** Asked again each time as long as it is so: somebody may have the topic compacted from now on. */
  #hasNoGaps(): boolean {
    this.#mayHaveGaps ||= !this.#gapless()
    return !this.#mayHaveGaps
  }

  /**
   * What stands in the place of a closed segment is damage as any other: who skips damage goes on behind it, where others may have
   * appended since. (Without the last one nobody knows where the log ends.)
   */
  #misplaced(i: number): CorruptRecordError | undefined {
    const segment = this.#local.segments[i]
    if (segment.isOpen || segment === this.#local.active) return undefined
    try {
      segment.fd()
      return undefined
    } catch (error) {
      if (!(error instanceof ForeignFileError)) throw error
      return new CorruptRecordError(error.message.slice(error.path.length + 2), 0, segment.path)
    }
  }

  /**
   * Undefined: what stands there has the offsets of the next segment, which begins at `nextBase`. Those are read from the segment whose name
   * says so: another log's file in this one's place would hide good records, and one that a cleaner just merged holds the same.
   */
  #chunk(
    segment: LogSegment,
    position: number,
    end: number,
    request: ReadRequest,
    nextBase = Number.POSITIVE_INFINITY,
  ): FetchedData | undefined {
    const { into, maxBytes, offset } = request
    let wanted = Math.min(Math.max(maxBytes, header.RECORD_BATCH_OVERHEAD), end - position)
    for (;;) {
      // Of messages of formats 0 and 1 what is made of them goes there.
      const fits = into !== undefined && into.length >= wanted && !this.#wasLegacy
      const buffer = fits ? into : this.#ownBuffer(wanted)
      const length = segment.read(buffer, 0, wanted, position)
      const piece = { buffer, length, position, end, baseOffset: segment.baseOffset, nextBase }
      const isLegacy = length >= SMALLEST_MESSAGE && isLegacyAt(buffer, 0)
      const isAll = wanted >= end - position
      const fetched = isLegacy
        ? this.#legacy(segment, piece, request)
        : this.#batches(segment, piece, request, isAll)
      if (fetched !== undefined) return fetched === 'foreign' ? undefined : fetched
      if (isAll) throw segment.corrupt('the file ends within it', position, offset)
      // At least one batch, however large.
      wanted = Math.min(header.sizeAt(buffer, 0), end - position)
    }
  }

  /** Undefined where only a part of the first batch was read, and there is more. */
  #batches(
    segment: LogSegment,
    piece: ReadPiece,
    request: ReadRequest,
    isAll: boolean,
  ): FetchedData | 'foreign' | undefined {
    const { buffer, length, position } = piece
    const { limit } = request
    let at = 0
    let nextOffset = request.offset
    while (at < length) {
      const size = this.#sizeToTake(segment, piece, request, at, nextOffset)
      if (size === OF_NEXT_SEGMENT) return 'foreign'
      if (size === 0) break
      const lastOffset = header.lastOffsetAt(buffer, at)
      if (limit !== undefined && lastOffset >= limit) break
      nextOffset = lastOffset + 1
      at += size
    }
    const isShort = at === 0 && length >= header.RECORD_BATCH_OVERHEAD && header.sizeAt(buffer, 0) > length
    if (isShort && !isAll) return undefined
    this.#wasLegacy = false
    const file = segment.path
    return { buffer, start: 0, end: at, file, position, storedSize: at, nextOffset, aborted: [] }
  }

  /**
   * Size of the batch at `at`, where `expected` comes next; 0 where what is handed out ends before it. What is wrong behind good
   * batches is left to the next read, which begins there and tells.
   */
  #sizeToTake(
    segment: LogSegment,
    piece: ReadPiece,
    request: ReadRequest,
    at: number,
    expected: number,
  ): number {
    const { buffer, length, position, end, baseOffset } = piece
    const there = length - at
    // Parts of a batch behind whole ones are for the next read.
    if (at > 0 && (there < header.RECORD_BATCH_OVERHEAD || isLegacyAt(buffer, at))) return 0
    // A chunk that ends early: the file became shorter meanwhile.
    const room = there < header.RECORD_BATCH_OVERHEAD ? there : end - position - at
    let problem = headerProblem(buffer, at, room, at === 0 ? baseOffset : expected)
    const size = problem === undefined ? header.sizeAt(buffer, at) : 0
    if (problem === undefined) {
      if (at + size > length) return 0
      const base = header.baseOffsetAt(buffer, at)
      if (base >= piece.nextBase) return at > 0 ? 0 : OF_NEXT_SEGMENT
      if (base > expected) {
        if (at > 0 && this.#hasNoGaps()) return 0
        problem = behindGap(segment, piece, at, expected)
      }
      if (request.checkCrcs) problem ??= checksumProblem(buffer, at, size)
    }
    if (problem === undefined) return size
    if (at > 0) return 0
    throw segment.corrupt(problem, position, request.offset)
  }

  /** Undefined where not all of the first message was read. */
  #legacy(segment: LogSegment, piece: ReadPiece, request: ReadRequest): FetchedData | 'foreign' | undefined {
    const { buffer, length, position } = piece
    const batches = this.#legacyBatches
    batches.begin(this.#wasLegacy ? request.into : undefined)
    const run = readLegacy(
      piece,
      {
        ...request,
        hasNoGaps: () => this.#hasNoGaps(),
        behindGap: (at, expected) => behindGap(segment, piece, at, expected),
      },
      batches,
    )
    if (run.isForeign === true) return 'foreign'
    if (run.problem !== undefined) throw segment.corrupt(run.problem, position, request.offset)
    this.#wasLegacy = true
    const { storedSize, nextOffset } = run
    if (storedSize === 0 && header.sizeAt(buffer, 0) > length) return undefined
    const found = { buffer: batches.buffer, start: 0, end: batches.end, storedSize, nextOffset }
    return { ...found, file: segment.path, position, aborted: [] }
  }

  #ownBuffer(size: number): Buffer {
    if (this.#buffer.length < size) this.#buffer = Buffer.allocUnsafeSlow(size)
    return this.#buffer
  }
}

/** In place of a size: the batch has the offsets of the next segment. */
const OF_NEXT_SEGMENT = -1

/** Why the batch at `at`, with a gap before it, cannot be right: what stands behind it tells. */
function behindGap(
  segment: LogSegment,
  { buffer, length, position, end }: ReadPiece,
  at: number,
  expected: number,
): string | undefined {
  const behind = at + header.sizeAt(buffer, at)
  const room = end - position - behind
  if (room < HEAD.length) return undefined
  if (behind + HEAD.length <= length) return offsetContradicted(buffer, at, expected, buffer, behind, room)
  if (segment.read(HEAD, 0, HEAD.length, position + behind) < HEAD.length) return undefined
  return offsetContradicted(buffer, at, expected, HEAD, 0, room)
}

const HEAD = Buffer.alloc(header.RECORD_BATCH_OVERHEAD)
