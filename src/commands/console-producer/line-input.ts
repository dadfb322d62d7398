/** Lines of standard input, read in large chunks straight into the producer's memory where it lends some. */
import type { InputChunks } from '../../os/standard-input.ts'

const LF = 10
const CR = 13
/** Room that is made for a line as long as lines may be, and what is read at once behind it. */
const CHUNK = 256 * 1024
/** Before the producer lends its memory: what a pipe holds. */
const FIRST_CHUNK = 64 * 1024 + 64
/** With less room than this a read is not worth its call. */
const MIN_ROOM = 16 * 1024
/** Behind the data stand a line feed and a carriage return of ours, so that a search never runs on. */
const SENTINELS = 2

/**
 * Takes a line: buffer[start, end) without its end. `length` is what it had in all: more than end - start for a line
 * longer than what is held of one. False: not taken, ask again.
 */
export type LineTaker = (
  buffer: Buffer,
  start: number,
  end: number,
  lineNumber: number,
  length: number,
) => boolean

/**
 * Takes as many whole lines of buffer[start, end) as it can at once; a line feed stands behind. Returns the position
 * behind the last one (`start`: none) and counts them in `lines`.
 */
export interface ManyLinesTaker {
  take(buffer: Buffer, start: number, end: number): number
  lines: number
}

/**
 * Splits an input into lines as Java's BufferedReader does (line feed, carriage return, or both), without making a
 * string or an object for one. Memory is bounded: of a line longer than `maxLine` only that much is kept.
 */
export class LineInput {
  /** Of the line last handed out, from 1. */
  lineNumber = 0
  readonly #input: InputChunks
  readonly #maxLine: number
  #buffer: Buffer
  /** How much of the buffer is ours. */
  #size: number
  /** Unread bytes are [start, end); up to #scanned there is no line end in them. */
  #start = 0
  #end = 0
  #scanned = 0
  /** Bytes of an overlong line that were not kept. */
  #dropped = 0
  /** A carriage return came last: a line feed that follows belongs to it. */
  #skipLineFeed = false

  constructor(input: InputChunks, maxLine: number) {
    this.#input = input
    this.#maxLine = maxLine
    this.#size = FIRST_CHUNK
    this.#buffer = Buffer.allocUnsafeSlow(FIRST_CHUNK)
  }

  /** From now on input is read into buffer[0, size), until a line needs more. False: it is too small already. */
  useMemory(buffer: Buffer, size: number): boolean {
    if (this.#end + SENTINELS > size) return false
    buffer.set(this.#buffer.subarray(0, this.#end))
    this.#buffer = buffer
    this.#size = size
    return true
  }

  /** Reads a chunk. Returns what InputChunks.read does: bytes, 0 at the end, -1 when there is nothing now. */
  fill(): number {
    this.#makeRoom()
    const n = this.#input.read(this.#buffer, this.#end, this.#size - SENTINELS)
    if (n > 0) {
      this.#end += n
      if (this.#skipLineFeed) {
        this.#skipLineFeed = false
        if (this.#buffer[this.#start] === LF) {
          this.#start++
          this.#scanned++
        }
      }
    }
    return n
  }

  /**
   * Hands out the complete lines, first to `many` where there is one, which may leave any of them. False when one was not taken: call again to go on with it. What `take` throws is
   * passed on, with the line behind it next.
   */
  lines(take: LineTaker, many?: ManyLinesTaker): boolean {
    const buffer = this.#buffer
    const end = this.#end
    buffer[end] = LF
    buffer[end + 1] = CR
    let start = this.#start
    let from = this.#scanned
    let cr = buffer.indexOf(CR, from)
    for (;;) {
      if (many !== undefined && this.#dropped === 0) {
        const behind = many.take(buffer, start, end)
        if (behind > start) {
          this.lineNumber += many.lines
          this.#start = behind
          this.#scanned = behind
          this.#skipLineFeed = false
          if (cr < behind) cr = buffer.indexOf(CR, behind)
          start = behind
          from = behind
        }
      }
      let lineEnd = buffer.indexOf(LF, from)
      let next = lineEnd + 1
      if (cr < lineEnd) {
        lineEnd = cr
        next = cr + 1
        if (next < end && buffer[next] === LF) next++
      }
      if (lineEnd >= end) break
      const dropped = this.#dropped
      this.#start = next
      this.#scanned = next
      this.#dropped = 0
      this.#skipLineFeed = next === end && buffer[end - 1] === CR
      if (!take(buffer, start, lineEnd, ++this.lineNumber, lineEnd - start + dropped)) {
        this.lineNumber--
        this.#start = start
        this.#scanned = from
        this.#dropped = dropped
        this.#skipLineFeed = false
        return false
      }
      if (cr < next) cr = buffer.indexOf(CR, next)
      start = next
      from = next
    }
    this.#start = start
    this.#scanned = end
    return true
  }

  /** At the end of the input: a last line that has no end. */
  last(take: LineTaker): boolean {
    if (this.#start === this.#end && this.#dropped === 0) return true
    const start = this.#start
    const dropped = this.#dropped
    // Before it is handed out: a line that is refused is done with, too.
    this.#start = this.#end
    this.#dropped = 0
    if (!take(this.#buffer, start, this.#end, ++this.lineNumber, this.#end - start + dropped)) {
      this.lineNumber--
      this.#start = start
      this.#dropped = dropped
      return false
    }
    return true
  }

  /** Room for a chunk behind the line that is not complete: moved to the front, given more memory, or cut. */
  #makeRoom(): void {
    const kept = this.#end - this.#start
    if (this.#start > 0) {
      if (kept > 0) this.#buffer.copyWithin(0, this.#start, this.#end)
      this.#scanned -= this.#start
      this.#start = 0
      this.#end = kept
    }
    if (kept > this.#maxLine) {
      this.#dropped += kept - this.#maxLine
      this.#end = this.#maxLine
      this.#scanned = this.#maxLine
      return
    }
    if (this.#size - SENTINELS - kept >= MIN_ROOM) return
    this.#size = Math.min(this.#size * 2, this.#maxLine + CHUNK) + SENTINELS
    const larger = Buffer.allocUnsafeSlow(this.#size)
    this.#buffer.copy(larger, 0, 0, kept)
    this.#buffer = larger
  }
}
