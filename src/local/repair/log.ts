/**
 * Takes damage out of a .log: bad bytes are kept in a `.broken` file, and what stands in their place are control records
 * of no known type, one for each offset that was lost. Consumers pass over control records, so the loss is seen by nobody but who
 * asks; offsets stay dense, and the good records behind the damage keep theirs. (A broker would drop them.)
 *
 * Bytes: the segment is written anew as `.tkafka-mend.tmp`, synced, and renamed over the old one.
 * Invariant: at any moment the log under its name is the old one or the mended one, whole. Under the partition's lock.
 * Crash: before the rename: the old log, perhaps a `.broken` file and a stray .tmp, which the next repair replaces. After it:
 * indexes that do not fit, which nobody trusts; the partition is listed as open, so they are looked at before the clean marker
 * comes back.
 */

import { dirname, join } from 'node:path'
import type { EpochEntry } from '../../log/leader-epoch-file-cache.ts'
import { keepingIndexes, rebuildIndexes, setAside } from '../../log/log-repair.ts'
import { listLog } from '../../log/opening/log-loader.ts'
import { confirmCopied, type SameBytes, unsteady } from '../../log/opening/second-reading.ts'
import { LogSegment } from '../../log/segment/log-segment.ts'
import { createSegmentFiles } from '../../log/segment/segment-files.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { openTemporary, readRange, shortRead, writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import { breakOff } from './broken-file.ts'
import { type FoundPatch, findPatches, isReadable, type Patch } from './patches.ts'

export const MEND_FILE = '.tkafka-mend.tmp'
const CHUNK = 1024 * 1024
const OFFSETS_A_BATCH = 10_000
/** With more offsets lost than this, empty batches as compaction leaves them must do. */
const MAX_RECORDS = 500_000

/** Makes what stands in for lost offsets. */
export type Filler = (patch: Patch) => Buffer

export interface MendOptions {
  readonly compacted: boolean
  readonly indexIntervalBytes: number
  /** Where the log is to go on, if records at its end are lost. */
  readonly endOffset?: number
  /** What the leader-epoch-checkpoint says, where that is to be believed. */
  readonly epochs?: readonly EpochEntry[]
}

/** Mends all segments of a partition. Returns what was kept where, by the path of the .log. */
export function mendLog(os: Os, dir: string, options: MendOptions): Map<string, string> {
  const { fs } = os
  const kept = new Map<string, string>()
  if (options.endOffset !== undefined) beginLostSegment(os, dir, options.endOffset, kept)
  const bases = listLog(fs, dir)?.bases ?? []
  let next = bases[0] ?? 0
  for (let i = 0; i < bases.length; i++) {
    const segment = new LogSegment(fs, dir, bases[i])
    try {
      const isLast = i === bases.length - 1
      const from = Math.max(next, bases[i])
      const found = findPatches(fs, segment, from, bases[i + 1], {
        compacted: options.compacted,
        ...(isLast && options.endOffset !== undefined ? { endOffset: options.endOffset } : {}),
      })
      next = found.next
      if (found.patches.length === 0) continue
      confirmPatches(fs, segment, bases[i + 1], found.patches)
      for (const { start, end } of found.patches) {
        if (end > start) kept.set(segment.path, setAside(fs, segment, start, end))
      }
      rewrite(fs, segment, found.patches, (patch) => fillWithControlRecords(patch, options.epochs))
      segment.close()
      remakeIndexes(segment, options.indexIntervalBytes, i < bases.length - 1)
    } finally {
      segment.close()
    }
  }
  return kept
}

/**
 * The file of the last segment is gone: what is left of it is set aside. Where no other segment is there, the log begins
 * anew, empty, at its known end; else what was lost is filled in behind the one before.
 */
function beginLostSegment(os: Os, dir: string, endOffset: number, kept: Map<string, string>): void {
  const listing = listLog(os.fs, dir)
  const last = listing?.bases.at(-1) ?? -1
  for (const { name, file } of listing?.leftovers ?? []) {
    if (file.state !== 'live' || file.baseOffset <= last) continue
    const path = join(dir, name)
    kept.set(path, breakOff(os, path))
  }
  if (last < 0) createSegmentFiles(os, dir, endOffset)
}

/** Makes the indexes of these segments anew. */
export function rebuildIndexesOf(
  os: Os,
  dir: string,
  paths: ReadonlySet<string>,
  intervalBytes: number,
): void {
  const bases = listLog(os.fs, dir)?.bases ?? []
  bases.forEach((base, i) => {
    const segment = new LogSegment(os.fs, dir, base)
    try {
      if (paths.has(segment.offsetIndex.path) || paths.has(segment.timeIndex.path)) {
        remakeIndexes(segment, intervalBytes, i < bases.length - 1)
      }
    } finally {
      segment.close()
    }
  })
}

/** Where that fails they stay short, and the partition is open until a writer could make them. */
function remakeIndexes(segment: LogSegment, intervalBytes: number, isClosed: boolean): void {
  const end = segment.fileSize()
  keepingIndexes({ segment, end, intervalBytes, isClosed }, () =>
    rebuildIndexes(segment, end, intervalBytes, isClosed),
  )
}

/** What is to go is read again first: a good batch that stands there then is no damage. */
function confirmPatches(
  fs: FileSystem,
  segment: LogSegment,
  nextBase: number | undefined,
  patches: readonly FoundPatch[],
): void {
  const again = new LogSegment(fs, dirname(segment.path), segment.baseOffset)
  try {
    for (const { start, end, batch, nextOffset } of patches) {
      if (end === start || batch !== undefined) continue
      const cursor = again.cursor(start, end, nextOffset)
      if (!cursor.next() || !cursor.checkCrc() || !isReadable(cursor)) continue
      if (nextBase === undefined || cursor.nextOffset <= nextBase) throw unsteady(segment.path, start)
    }
  } finally {
    again.close()
  }
}

/** Writes a segment anew, with each patch's bytes replaced by what the filler makes of it. */
export function rewrite(
  fs: FileSystem,
  segment: LogSegment,
  patches: readonly Patch[],
  filler: Filler,
): void {
  const dir = dirname(segment.path)
  const temporary = join(dir, MEND_FILE)
  const size = segment.fileSize()
  const out = openTemporary(fs, temporary)
  const copied: SameBytes[] = []
  try {
    let at = 0
    let position = 0
    const copyUntil = (end: number): void => {
      if (end > at) copied.push({ from: at, to: end, at: position })
      const chunk = Buffer.allocUnsafe(Math.max(1, Math.min(CHUNK, end - at)))
      while (at < end) {
        const length = readRange(fs, segment.fd(), chunk, 0, Math.min(chunk.length, end - at), at)
        if (length === 0) throw shortRead()
        writeFully(fs, out, chunk, 0, length, position)
        at += length
        position += length
      }
    }
    for (const patch of patches) {
      copyUntil(patch.start)
      const bytes = filler(patch)
      writeFully(fs, out, bytes, 0, bytes.length, position)
      position += bytes.length
      at = patch.end
    }
    copyUntil(size)
    confirmCopied(fs, segment.path, temporary, copied)
    fs.fsync(out)
  } catch (error) {
    try {
      fs.unlink(temporary)
    } catch {
      // the failure to tell of is the first one
    }
    throw error
  } finally {
    fs.close(out)
  }
  fs.rename(temporary, segment.path)
  fs.fsyncDir(dir)
}

/** int16 version 0, int16 type: none that Kafka has given away, read as UNKNOWN. */
const NO_TYPE_KEY = Buffer.from([0, 0, 0x7f, 0xfe])
const NO_VALUE = Buffer.from([0, 0])

function fillWithControlRecords(patch: Patch, epochs: readonly EpochEntry[] = []): Buffer {
  if (patch.batch !== undefined) return patch.batch
  const { fromOffset, untilOffset, timestamp } = patch
  const batches: Buffer[] = []
  const withRecords = untilOffset - fromOffset <= MAX_RECORDS
  const step = withRecords ? OFFSETS_A_BATCH : 0x7fffffff
  for (let offset = fromOffset; offset < untilOffset; ) {
    const { leaderEpoch, until } = epochAt(patch, epochs, offset)
    const end = Math.min(offset + step, until)
    const builder = new RecordBatchBuilder({
      baseOffset: offset,
      leaderEpoch,
      control: true,
      maxTimestamp: timestamp,
    })
    for (let at = offset; withRecords && at < end; at++) builder.append(timestamp, NO_TYPE_KEY, NO_VALUE)
    builder.lastOffset = end - 1
    batches.push(builder.build())
    offset = end
  }
  return Buffer.concat(batches)
}

/** The lost batches' own epoch, so that the checkpoint is as right as before; and where it ends. */
function epochAt(
  { leaderEpoch, epochBefore = leaderEpoch, untilOffset }: Patch,
  epochs: readonly EpochEntry[],
  offset: number,
): { readonly leaderEpoch: number; readonly until: number } {
  const next = epochs.findIndex(({ startOffset }) => startOffset > offset)
  const until = Math.min(untilOffset, epochs[next]?.startOffset ?? untilOffset)
  const known = epochs[(next < 0 ? epochs.length : next) - 1]
  return { leaderEpoch: known === undefined ? leaderEpoch : Math.max(known.epoch, epochBefore), until }
}
