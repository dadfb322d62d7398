/** Offset indexes (.index) and time indexes (.timeindex), held against the log that they index. */

import { basename, dirname, resolve } from 'node:path'
import { type Int64, readExactInt64 } from '../../bytes/int64.ts'
import { count } from '../../count.ts'
import { CorruptRecordError } from '../../errors.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { equalBatch } from '../../record/legacy-batches.ts'
import { NO_TIMESTAMP } from '../../record/record.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import { batchEvent, legacyMessageEvent } from './batch.ts'
import type { DumpPrinter } from './event.ts'
import { addInt64, DumpFile, offsetInName, problem, readWhole, type StoredBatch } from './file.ts'
import type { DumpReports } from './reports.ts'

export interface IndexDumpOptions {
  /** Only the check that a broker makes when it loads the log. */
  readonly sanityOnly: boolean
  /** Holds the index against the log without printing its entries. */
  readonly verifyOnly: boolean
  readonly maxMessageSize: number
}

const OFFSET_ENTRY_SIZE = 8
const TIME_ENTRY_SIZE = 12
/** Where a broker's search for recent entries begins, counted from the end. */
const WARM_BYTES = 8192

/** .index as OffsetIndex opens it for reading: unused entries of a preallocated file count, too. */
class IndexView {
  readonly bytes: Buffer
  readonly baseOffset: Int64
  readonly entries: number

  constructor(bytes: Buffer, baseOffset: Int64) {
    this.bytes = bytes
    this.baseOffset = baseOffset
    this.entries = Math.floor(bytes.length / OFFSET_ENTRY_SIZE)
  }

  offset(n: number): Int64 {
    return addInt64(this.baseOffset, this.bytes.readInt32BE(n * OFFSET_ENTRY_SIZE))
  }

  position(n: number): number {
    return this.bytes.readInt32BE(n * OFFSET_ENTRY_SIZE + 4)
  }

  /** A broker's own search: behind the entries of a preallocated file it finds what a broker would find. */
  lookup(target: Int64): number {
    if (this.entries === 0) return 0
    const firstHot = Math.max(0, this.entries - 1 - WARM_BYTES / OFFSET_ENTRY_SIZE)
    if (this.offset(firstHot) < target) return this.position(this.#search(target, firstHot, this.entries - 1))
    if (this.offset(0) > target) return 0
    return this.position(this.#search(target, 0, firstHot))
  }

  #search(target: Int64, begin: number, end: number): number {
    let low = begin
    let high = end
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      const found = this.offset(middle)
      if (found > target) high = middle - 1
      else if (found < target) low = middle
      else return middle
    }
    return low
  }
}

export function dumpIndex(
  fs: FileSystem,
  path: string,
  options: IndexDumpOptions,
  print: DumpPrinter,
  reports: DumpReports,
): void {
  const baseOffset = offsetInName(basename(path))
  const log = DumpFile.open(fs, siblingOf(path, '.log'))
  try {
    const index = new IndexView(readWhole(fs, path), baseOffset)
    if (index.entries === 0) print({ type: 'emptyIndex', file: path })
    else if (options.sanityOnly) checkIndex(index, path, print)
    else dumpEntries(index, log, path, options, print, reports)
  } finally {
    log.close()
  }
}

function dumpEntries(
  index: IndexView,
  log: DumpFile,
  path: string,
  options: IndexDumpOptions,
  print: DumpPrinter,
  reports: DumpReports,
): void {
  for (let n = 0; n < index.entries; n++) {
    const offset = index.offset(n)
    const position = index.position(n)
    // An unused entry of a preallocated file.
    if (offset === index.baseOffset && n > 0) return
    const batch = batchOfEntry(log, position, options.maxMessageSize)
    if (batch === undefined) {
      // Preallocated for a log that has no batch yet.
      if (log.size === 0 && offset === index.baseOffset) {
        print({ type: 'emptyIndex', file: path })
        return
      }
      throw problem(
        `No batch at position ${position} of ${log.path}`,
        `${path} says that offset ${offset} is there; the log has ${count(log.size, 'byte')} (--max-message-size ${options.maxMessageSize}).`,
      )
    }
    const lastOffset = lastOffsetOf(batch)
    if (lastOffset !== offset) reports.indexMismatch(path, offset, lastOffset)
    if (!options.verifyOnly) print({ type: 'indexEntry', offset, position })
  }
}

function batchOfEntry(log: DumpFile, position: number, maxMessageSize: number): StoredBatch | undefined {
  if (position < 0 || position > log.size) return undefined
  return log.batchAt(position, Math.min(log.size, position + maxMessageSize), true)
}

function checkIndex(index: IndexView, path: string, print: DumpPrinter): void {
  const last = lastOffset(index)
  if (last < index.baseOffset) {
    throw corruptIndex(
      `Corrupt index found, index file ${resolve(path)} has non-zero size but the last offset is ${last} which is less than the base offset ${index.baseOffset}`,
    )
  }
  checkLength('Index file', path, index.bytes.length, OFFSET_ENTRY_SIZE)
  print({ type: 'saneIndex', file: path })
}

function lastOffset(index: IndexView): Int64 {
  return index.offset(index.entries - 1)
}

function checkLength(what: string, path: string, length: number, entrySize: number): void {
  if (length % entrySize === 0) return
  throw corruptIndex(
    `${what} ${resolve(path)} is corrupt, found ${length} bytes which is neither positive nor a multiple of ${entrySize}`,
  )
}

function corruptIndex(kafkasLine: string): Error {
  return problem(kafkasLine, 'A broker builds it anew when it loads the log.')
}

export function dumpTimeIndex(
  fs: FileSystem,
  path: string,
  options: IndexDumpOptions,
  print: DumpPrinter,
  reports: DumpReports,
): void {
  const baseOffset = offsetInName(basename(path))
  const log = DumpFile.open(fs, siblingOf(path, '.log'))
  try {
    const index = new IndexView(readWhole(fs, siblingOf(path, '.index')), baseOffset)
    const bytes = readWhole(fs, path)
    if (options.sanityOnly) {
      checkTimeIndex(bytes, path, baseOffset, print)
      return
    }
    let previous: Int64 = NO_TIMESTAMP
    for (let at = 0; at + TIME_ENTRY_SIZE <= bytes.length; at += TIME_ENTRY_SIZE) {
      const timestamp = readExactInt64(bytes, at)
      const offset = addInt64(baseOffset, bytes.readInt32BE(at + 8))
      // An unused entry of a preallocated file.
      if (offset === baseOffset && at > 0) return
      const batch = firstBatchReaching(log, index.lookup(offset), offset)
      const found = batch === undefined ? -1 : lastOffsetOf(batch)
      if (batch === undefined || found !== offset) reports.offsetNotFound(path, offset, found)
      else {
        const maxTimestamp = maxTimestampOf(log, batch)
        if (maxTimestamp !== timestamp) reports.timestampMismatch(path, timestamp, maxTimestamp)
        if (previous >= timestamp) reports.timestampOutOfOrder(path, timestamp, previous)
      }
      if (!options.verifyOnly) print({ type: 'timeIndexEntry', timestamp, offset })
      previous = timestamp
    }
  } finally {
    log.close()
  }
}

function checkTimeIndex(bytes: Buffer, path: string, baseOffset: Int64, print: DumpPrinter): void {
  const entries = Math.floor(bytes.length / TIME_ENTRY_SIZE)
  if (entries > 0) {
    const at = (entries - 1) * TIME_ENTRY_SIZE
    const lastTimestamp = readExactInt64(bytes, at)
    const last = addInt64(baseOffset, bytes.readInt32BE(at + 8))
    const head = `Corrupt time index found, time index file (${resolve(path)}) has non-zero size but the last`
    const first = readExactInt64(bytes, 0)
    if (lastTimestamp < first) {
      throw corruptIndex(
        `${head} timestamp is ${lastTimestamp} which is less than the first timestamp ${first}`,
      )
    }
    if (last < baseOffset) {
      throw corruptIndex(`${head} offset is ${last} which is less than the first offset ${baseOffset}`)
    }
  }
  checkLength('Time index file', path, bytes.length, TIME_ENTRY_SIZE)
  print({ type: 'saneIndex', file: path })
}

/** The first batch from `position` on whose last offset is `offset` or behind it. */
function firstBatchReaching(log: DumpFile, position: number, offset: Int64): StoredBatch | undefined {
  for (let at = position; ; ) {
    const batch = log.batchAt(at, log.size, true)
    if (batch === undefined || lastOffsetOf(batch) >= offset) return batch
    at += batch.size
  }
}

function lastOffsetOf({ buffer, at }: StoredBatch): Int64 {
  const isLegacy = buffer.readInt8(at + 16) < 2
  return isLegacy
    ? readExactInt64(buffer, at)
    : addInt64(readExactInt64(buffer, at), buffer.readInt32BE(at + 23))
}

/** Of its records, not of its header, which tells the same or lies. */
function maxTimestampOf(log: DumpFile, { position, size }: StoredBatch): Int64 {
  const whole = log.batchAt(position, log.size)
  if (whole === undefined) return NO_TIMESTAMP
  const isLegacy = whole.buffer.readInt8(whole.at + 16) < 2
  if (isLegacy) legacyMessageEvent(whole, log.path)
  else batchEvent(whole, log.path)
  let max: Int64 = NO_TIMESTAMP
  try {
    const batch = isLegacy
      ? equalBatch(whole.buffer, whole.at, size)
      : new RecordBatch(whole.buffer, whole.at, whole.at + size)
    batch.walk(({ exactTimestamp }) => {
      if (exactTimestamp > max) max = exactTimestamp
    })
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
    throw problem(error.detail, `The batch at position ${position} of ${log.path} cannot be read.`)
  }
  return max
}

function siblingOf(path: string, suffix: string): string {
  return resolve(dirname(path), basename(path).split('.')[0] + suffix)
}
