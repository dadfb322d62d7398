/**
 * Mends `__cluster_metadata-0`. It must be readable before anyone can enter the directory, so this works under the
 * directory's own lock, alone. A torn tail is cut; a bad batch with good ones behind it becomes NoOp records (what it said is lost, what
 * follows stays) if the rest then still makes sense, else the log ends there; a damaged checkpoint is set aside where
 * the log or an older one holds all that it held.
 *
 * Crash: bytes are kept in a `.broken` file before they go; a log is replaced whole by a rename. The next repair goes on.
 */
import { join } from 'node:path'
import { CorruptRecordError, TerseError } from '../../errors.ts'
import { LeaderEpochFileCache } from '../../log/leader-epoch-file-cache.ts'
import { setAside } from '../../log/log-repair.ts'
import { confirmTorn, unsteady } from '../../log/opening/second-reading.ts'
import { findBatchBehind } from '../../log/segment/bad-batch.ts'
import { LogSegment } from '../../log/segment/log-segment.ts'
import { replayCheckpoint } from '../../metadata/checkpoint-replay.ts'
import { LostMetadataError } from '../../metadata/metadata-known-end.ts'
import { MetadataLog } from '../../metadata/metadata-log.ts'
import { listMetadataLog, METADATA_LOG_FOLDER, walkBatches } from '../../metadata/metadata-log-files.ts'
import { createSegment } from '../../metadata/metadata-log-writer.ts'
import { MetadataReplay } from '../../metadata/metadata-replay.ts'
import { type FileSystem, openTemporary, writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import * as header from '../../record/batch-header.ts'
import { RecordBatchBuilder } from '../../record/record-batch-builder.ts'
import { readCleanShutdownFile } from '../directory/clean-shutdown-file.ts'
import { DirectoryLock } from '../directory/directory-lock.ts'
import { GATE_FILE, LOCK_FILE } from '../directory/log-dir-session.ts'
import { breakOff, freeName } from './broken-file.ts'
import { rewrite } from './log.ts'
import type { Patch } from './patches.ts'
import { nameFoundTopics } from './topics.ts'

/** Returns what was kept where. @throws TerseError when others are in the directory */
export async function repairMetadata(os: Os, logDir: string): Promise<Map<string, string>> {
  const gate = new DirectoryLock(os, join(logDir, GATE_FILE))
  const lock = new DirectoryLock(os, join(logDir, LOCK_FILE))
  try {
    await gate.wait('exclusive')
    if (!lock.try('exclusive')) {
      throw new TerseError(`${logDir}: its metadata is damaged, and others work in it: stop them first`)
    }
    const kept = new Map<string, string>()
    const folder = join(logDir, METADATA_LOG_FOLDER)
    setBadCheckpointsAside(os, folder, kept)
    const lost = findLostEnd(os, logDir)
    if (lost !== undefined) beginLostLog(os, folder)
    // The marker names an offset of the log: the node's registration.
    const registered = lost === undefined ? -1 : (readCleanShutdownFile(os, logDir) ?? 0)
    mendSegments(os, logDir, kept, registered + 1)
    // With the log's end went topics whose folders are there.
    if (lost !== undefined) await nameFoundTopics(os, logDir)
    return kept
  } finally {
    lock.close()
    gate.close()
  }
}

function setBadCheckpointsAside(os: Os, folder: string, kept: Map<string, string>): void {
  const { fs } = os
  const files = listMetadataLog(fs, folder)
  let covered = files?.segments[0] === 0
  for (const { name } of files?.checkpoints ?? []) {
    const path = join(folder, name)
    try {
      replayCheckpoint(fs, path, new MetadataReplay())
      covered = true
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      if (!covered) continue
      kept.set(path, breakOff(os, path))
    }
  }
  fs.fsyncDir(folder)
}

function findLostEnd(os: Os, logDir: string): LostMetadataError | undefined {
  const log = MetadataLog.open(os, logDir)
  try {
    log.image()
  } catch (error) {
    if (error instanceof LostMetadataError) return error
    if (!(error instanceof CorruptRecordError)) throw error
  } finally {
    log.close()
  }
  return undefined
}

/** Where the last segment's file is gone: an empty one, to be filled up to the known end. */
function beginLostLog(os: Os, folder: string): void {
  const files = listMetadataLog(os.fs, folder)
  if (files?.segments.length === 0) createSegment(os.fs, folder, files.checkpoints.at(-1)?.endOffset ?? 0)
}

function mendSegments(os: Os, logDir: string, kept: Map<string, string>, leastEnd: number): void {
  const { fs } = os
  const folder = join(logDir, METADATA_LOG_FOLDER)
  const files = listMetadataLog(fs, folder)
  const bases = files?.segments ?? []
  const knownEnd = Math.max(files?.knownEnd ?? 0, leastEnd)
  const latestEpoch = new LeaderEpochFileCache(fs, folder).latestEpoch ?? 0
  for (const [i, base] of bases.entries()) {
    const segment = new LogSegment(fs, folder, base)
    // What stands in later segments builds on what is lost in this one.
    const dropLater = () => {
      for (const later of bases.slice(i + 1)) breakOff(os, new LogSegment(fs, folder, later).path)
    }
    try {
      const { patches, cutAt, next, size, timestamp, leaderEpoch } = findDamage(fs, segment, latestEpoch)
      const isLast = i === bases.length - 1 || cutAt !== undefined
      if (isLast && knownEnd > next) {
        patches.push({ ...lostEnd(cutAt ?? size, size, next, knownEnd), timestamp, leaderEpoch })
      }
      if (cutAt === undefined && patches.length === 0) continue
      confirmBad(fs, segment, base, cutAt, patches)
      for (const { start, end } of patches.filter((patch) => patch.end > patch.start)) {
        kept.set(segment.path, setAside(fs, segment, start, end))
      }
      if (cutAt !== undefined && knownEnd <= next) {
        kept.set(segment.path, setAside(fs, segment, cutAt, size))
        cut(os, segment, cutAt)
      }
      if (cutAt !== undefined) dropLater()
      if (patches.length > 0 && !fillWithNoOps(os, logDir, segment, patches, kept)) {
        const all = { ...patches[0], end: segment.fileSize(), untilOffset: Math.max(knownEnd, 0) }
        rewrite(fs, segment, [all], noOps)
        dropLater()
      }
      emptyIndexes(fs, segment)
      if (cutAt !== undefined) return
    } finally {
      segment.close()
    }
  }
}

/** A broker makes the indexes of its metadata log anew at each start, and nobody else reads them. */
function emptyIndexes(fs: FileSystem, segment: LogSegment): void {
  for (const path of [segment.offsetIndex.path, segment.timeIndex.path]) {
    if (fs.stat(path) !== undefined) fs.close(fs.open(path, 'w'))
  }
}

/** What is damaged in one segment: what has good batches behind it, and from where on nothing is good. */
function findDamage(fs: FileSystem, segment: LogSegment, latestEpoch: number) {
  const patches: Patch[] = []
  let next = segment.baseOffset
  let leaderEpoch = latestEpoch
  let timestamp = 0
  let position = 0
  let cutAt: number | undefined
  const size = segment.fileSize()
  while (position < size) {
    const walk = walkBatches(fs, segment.fd(), segment.path, position, (batch) => {
      next = batch.nextOffset
      leaderEpoch = batch.partitionLeaderEpoch
      timestamp = batch.maxTimestamp
    })
    if (walk.tail === undefined) break
    const start = walk.validEnd
    const end = findBatchBehind(fs, segment.fd(), { position: start, nextOffset: next, size })
    if (end === undefined) {
      cutAt = start
      break
    }
    const cursor = segment.cursor(end, size, next)
    cursor.next()
    const untilOffset = header.baseOffsetAt(cursor.buffer, cursor.at)
    patches.push({ start, end, fromOffset: next, untilOffset, timestamp, leaderEpoch })
    position = end
  }
  return { patches, cutAt, next, size, timestamp, leaderEpoch }
}

/** Returns false where the metadata without what is lost makes no sense: then the whole segment is kept aside. */
function fillWithNoOps(
  os: Os,
  logDir: string,
  segment: LogSegment,
  patches: readonly Patch[],
  kept: Map<string, string>,
): boolean {
  const { fs } = os
  const whole = fs.readFile(segment.path, METADATA_SEGMENT_BYTES)
  if (!fs.readFile(segment.path, METADATA_SEGMENT_BYTES).equals(whole)) throw unsteady(segment.path, 0)
  rewrite(fs, segment, patches, noOps)
  segment.close()
  if (makesSense(os, logDir)) return true
  kept.set(segment.path, keepWhole(os, segment.path, whole))
  return false
}

/** What is to go is read again first. */
function confirmBad(
  fs: FileSystem,
  { path }: LogSegment,
  nextOffset: number,
  cutAt: number | undefined,
  patches: readonly Patch[],
): void {
  for (const { start, end } of patches) {
    if (end > start) confirmTorn(fs, path, { position: start, nextOffset, size: end })
  }
  const { size } = fs.stat(path) ?? { size: 0 }
  if (cutAt !== undefined) confirmTorn(fs, path, { position: cutAt, nextOffset, size })
}

function lostEnd(start: number, end: number, fromOffset: number, untilOffset: number) {
  return { start, end, fromOffset, untilOffset }
}

function makesSense(os: Os, logDir: string): boolean {
  const log = MetadataLog.open(os, logDir)
  try {
    log.image()
    return true
  } catch (error) {
    if (error instanceof CorruptRecordError) return false
    throw error
  } finally {
    log.close()
  }
}

function cut(os: Os, segment: LogSegment, position: number): void {
  const fd = segment.fd(true)
  os.fs.ftruncate(fd, position)
  os.fs.fsync(fd)
}

function keepWhole(os: Os, path: string, bytes: Buffer): string {
  const to = freeName(os, path)
  const fd = openTemporary(os.fs, to)
  try {
    writeFully(os.fs, fd, bytes, 0, bytes.length, 0)
    os.fs.fsync(fd)
  } finally {
    os.fs.close(fd)
  }
  return to
}

/** A controller takes no batch above 8 MB. */
const OFFSETS_A_BATCH = 10_000

/** metadata.log.segment.bytes of a broker, unless somebody set it. */
const METADATA_SEGMENT_BYTES = 1 << 30

/** Frame version 1, type 20, version 0, no tagged fields. */
const NO_OP = Buffer.from([1, 20, 0, 0])

function noOps({ fromOffset, untilOffset, timestamp, leaderEpoch }: Patch): Buffer {
  const batches: Buffer[] = []
  for (let first = fromOffset; first < untilOffset; first += OFFSETS_A_BATCH) {
    const builder = new RecordBatchBuilder({ baseOffset: first, leaderEpoch: Math.max(leaderEpoch, 1) })
    const end = Math.min(first + OFFSETS_A_BATCH, untilOffset)
    for (let offset = first; offset < end; offset++) builder.append(timestamp, null, NO_OP)
    batches.push(builder.build())
  }
  return Buffer.concat(batches)
}
