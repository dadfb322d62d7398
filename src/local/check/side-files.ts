/** The files beside a segment against its batches: indexes, aborted transactions, producer snapshots, leader epochs. */
import { join } from 'node:path'
import { type Int64, readExactInt64 } from '../../bytes/int64.ts'
import { count } from '../../count.ts'
import { parseCheckpoint } from '../../log/checkpoint-file.ts'
import { LEADER_EPOCH_FILE } from '../../log/leader-epoch-file-cache.ts'
import { decodeSnapshot, snapshotFile } from '../../log/producers/producer-snapshot.ts'
import type { ProducerStateManager } from '../../log/producers/producer-state-manager.ts'
import { isMissing } from '../../os/error-code.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { type IndexBytes, MOST_INDEX_BYTES, readIndexBytes } from './index-bytes.ts'
import type { PartitionToCheck, SegmentFacts } from './partition-facts.ts'
import type { CheckReport } from './report.ts'

const OFFSET_ENTRY = 8
const TIME_ENTRY = 12
const TXN_ENTRY = 34
/** Facts of a batch, flat: base offset, last offset, position. */
const FACTS = 3

const SLOW =
  'readers begin at the wrong place or from the start; every tkafka command checks what it points to'

export function checkIndexes(
  fs: FileSystem,
  report: CheckReport,
  partition: PartitionToCheck,
  facts: SegmentFacts,
): void {
  const { segment, size, isActive } = facts
  const { place, clean } = partition
  const offsets = readIndexBytes(fs, segment.offsetIndex.path, OFFSET_ENTRY)
  const times = readIndexBytes(fs, segment.timeIndex.path, TIME_ENTRY)
  for (const [path, bytes] of [
    [segment.offsetIndex.path, offsets],
    [segment.timeIndex.path, times],
  ] as const) {
    if (bytes !== undefined) report.files++
    // Of the active segment a writer that was killed may not have made one yet.
    // An empty segment needs none (KAFKA-13603).
    // Before 0.10.1 there was no time index.
    else if (size > 0 && (!isActive || clean) && !(facts.beginsOld && bytes === times)) {
      report.error(
        place,
        'missing-index',
        path,
        null,
        'it is missing beside its .log',
        'a broker complains and builds it anew',
      )
    }
  }
  const tell = (kind: string, path: string, at: number, problem: string): void =>
    report.error(place, kind, path, at, problem, SLOW)

  if (offsets !== undefined) {
    const { bytes } = offsets
    const end = usedEnd(bytes, OFFSET_ENTRY, (at) => bytes.readInt32BE(at + 4) > 0)
    if (untidyTail(offsets, end, OFFSET_ENTRY, clean, isActive)) {
      tell('bad-index', segment.offsetIndex.path, end, tailProblem(offsets.size, end, OFFSET_ENTRY))
    }
    const wrong = wrongOffsetEntry(facts, bytes, end)
    if (wrong !== undefined) tell('bad-index', segment.offsetIndex.path, wrong.at, wrong.problem)
  }
  if (times !== undefined) checkTimeIndex(report, partition, facts, times, tell)
  checkTransactionIndex(fs, report, partition, facts)
}

/** The first entry of the offset index that does not fit the log; those behind it are not looked at. */
function wrongOffsetEntry(
  { segment, batches, size }: SegmentFacts,
  bytes: Buffer,
  end: number,
): { at: number; problem: string } | undefined {
  const lastOffsets = new Map<number, number>()
  for (let b = 0; b < batches.length; b += FACTS) lastOffsets.set(batches[b + 2], batches[b + 1])
  let last = -1
  for (let at = 0; at < end; at += OFFSET_ENTRY) {
    const offset = segment.baseOffset + bytes.readInt32BE(at)
    const position = bytes.readInt32BE(at + 4)
    const batchEnd = lastOffsets.get(position)
    if (offset <= last) return { at, problem: `entry for offset ${offset} stands behind one for ${last}` }
    if (position >= size)
      return { at, problem: `entry points to position ${position}, the log ends at ${size}` }
    if (batchEnd === undefined)
      return { at, problem: `entry points to position ${position}, where no batch begins` }
    if (batchEnd !== offset && !segment.isIndexed(offset, position, size))
      return { at, problem: `entry for offset ${offset} points to a batch that ends at ${batchEnd}` }
    last = offset
  }
  return undefined
}

function checkTimeIndex(
  report: CheckReport,
  { clean, compacted, place }: PartitionToCheck,
  { segment, batches, maxTimestamps, isActive }: SegmentFacts,
  { bytes: times, size }: IndexBytes,
  tell: (kind: string, path: string, at: number, problem: string) => void,
): void {
  const { path } = segment.timeIndex
  const end = usedEnd(
    times,
    TIME_ENTRY,
    (at) => readExactInt64(times, at) > 0 || times.readInt32BE(at + 8) > 0,
  )
  if (untidyTail({ bytes: times, size }, end, TIME_ENTRY, clean, isActive)) {
    tell('bad-time-index', path, end, tailProblem(size, end, TIME_ENTRY))
  }
  let max: Int64 = -1
  for (const timestamp of maxTimestamps) if (timestamp > max) max = timestamp
  let last: Int64 = -1
  let lastOffset = -1
  for (let at = 0; at < end; at += TIME_ENTRY) {
    const timestamp = readExactInt64(times, at)
    const offset = segment.baseOffset + times.readInt32BE(at + 8)
    const b = batchWith(batches, offset)
    let problem: string | undefined
    if (timestamp < last || (timestamp === last && at > 0) || offset < lastOffset)
      problem = `entry (${timestamp}, offset ${offset}) stands behind (${last}, offset ${lastOffset})`
    else if (b < 0)
      problem = `entry (${timestamp}, offset ${offset}) names an offset that the segment does not have`
    else if (!compacted && maxTimestamps[b / FACTS] !== timestamp)
      problem = `entry gives offset ${offset} the timestamp ${timestamp}, its batch has ${maxTimestamps[b / FACTS]}`
    if (problem !== undefined) {
      tell('bad-time-index', path, at, problem)
      return
    }
    last = timestamp
    lastOffset = offset
  }
  if (!isActive && !compacted && max > last && last >= 0) {
    report.error(
      place,
      'bad-time-index',
      path,
      Math.max(end - TIME_ENTRY, 0),
      `its last timestamp is ${last}, the segment's largest is ${max}`,
      'retention by time would take the segment too early',
    )
  }
}

function checkTransactionIndex(
  fs: FileSystem,
  report: CheckReport,
  partition: PartitionToCheck,
  facts: SegmentFacts,
): void {
  const { path } = facts.segment.transactionIndex
  const size = readIfThere(fs, path)?.length ?? 0
  if (size > 0) report.files++
  const found = transactionIndexProblem(partition, facts, size)
  if (found === undefined) return
  report.error(
    partition.place,
    'bad-txn-index',
    path,
    found.at,
    found.problem,
    "a broker's readers of committed records would be shown records of aborted transactions, or miss good ones",
  )
}

function transactionIndexProblem(
  { compacted, logStartOffset }: PartitionToCheck,
  { segment, aborted, batches }: SegmentFacts,
  size: number,
): { at: number | null; problem: string } | undefined {
  const torn = size % TXN_ENTRY
  if (torn !== 0) return { at: size - torn, problem: `its last entry is torn (${count(torn, 'byte')})` }
  let entries: ReturnType<typeof segment.transactionIndex.entries>
  try {
    entries = segment.transactionIndex.entries()
  } catch (error) {
    return { at: 0, problem: (error as Error).message }
  }
  const end = batches.length === 0 ? segment.baseOffset : batches[batches.length - FACTS + 1] + 1
  for (const [i, { producerId, firstOffset, lastOffset }] of entries.entries()) {
    if (firstOffset <= lastOffset && lastOffset >= segment.baseOffset && lastOffset < end) continue
    const what = `entry of producer ${producerId} (offsets ${firstOffset} to ${lastOffset})`
    return { at: i * TXN_ENTRY, problem: `${what} does not fit its segment` }
  }
  // The cleaner removes what the markers told of.
  if (compacted) return undefined
  const lacks = aborted.find(
    ({ producerId, firstOffset, lastOffset }) =>
      firstOffset >= logStartOffset &&
      !entries.some((e) => e.producerId === producerId && e.lastOffset === lastOffset),
  )
  if (lacks === undefined) return undefined
  const { producerId, firstOffset, lastOffset } = lacks
  return {
    at: null,
    problem: `it lacks producer ${producerId}'s aborted transaction ${firstOffset} to ${lastOffset}`,
  }
}

/** Producer state at `offset`, against what the batches before it say. */
export function checkSnapshot(
  fs: FileSystem,
  report: CheckReport,
  { dir, place, compacted, logStartOffset }: PartitionToCheck,
  offset: number,
  state: ProducerStateManager,
): void {
  const path = snapshotFile(dir, offset)
  const entries = decodeSnapshot(readIfThere(fs, path) ?? Buffer.alloc(0))
  if (entries === undefined) return
  for (const { producerId, epoch, batches, currentTxnFirstOffset } of entries) {
    const known = state.producers.get(producerId)
    const last = batches[0]?.lastOffset ?? -1
    // Its batches may have been deleted.
    if (known === undefined || compacted || last < logStartOffset) continue
    const knownLast = known.batches[known.batches.length - 1]?.lastOffset ?? -1
    let problem: string | undefined
    if (known.epoch !== epoch)
      problem = `producer ${producerId} has epoch ${epoch}, in the log ${known.epoch}`
    else if (knownLast >= 0 && knownLast !== last)
      problem = `producer ${producerId} ends at offset ${last}, in the log at ${knownLast}`
    else if (currentTxnFirstOffset >= logStartOffset && known.currentTxnFirstOffset !== currentTxnFirstOffset)
      problem = `producer ${producerId} has an open transaction from ${currentTxnFirstOffset}, in the log from ${known.currentTxnFirstOffset}`
    if (problem === undefined) continue
    report.error(
      place,
      'bad-snapshot',
      path,
      null,
      problem,
      'retried batches would be taken for new ones, or new ones refused; open transactions would be misjudged',
    )
    return
  }
}

/** Each snapshot by itself. */
export function checkSnapshotFiles(
  fs: FileSystem,
  report: CheckReport,
  { dir, place }: PartitionToCheck,
  snapshots: readonly number[],
  endOffset: number,
): void {
  for (const offset of snapshots) {
    const path = snapshotFile(dir, offset)
    const bytes = readIfThere(fs, path)
    if (bytes === undefined) continue
    report.files++
    if (decodeSnapshot(bytes) === undefined) {
      report.error(
        place,
        'bad-snapshot',
        path,
        0,
        'it is no producer snapshot: its checksum or size is wrong',
        'it is passed over for an older one; what is behind that is read again',
      )
    } else if (offset > endOffset) {
      report.error(
        place,
        'bad-snapshot',
        path,
        null,
        `it lies behind the log's end, ${endOffset}`,
        'the log is shorter than it was when the snapshot was taken: records at its end are missing',
      )
    }
  }
}

/** The epoch that the checkpoint gives to an offset; undefined where it tells nothing. */
export function checkEpochs(
  fs: FileSystem,
  report: CheckReport,
  { dir, place }: PartitionToCheck,
): ((offset: number) => number | undefined) | undefined {
  const path = join(dir, LEADER_EPOCH_FILE)
  const bytes = readIfThere(fs, path)
  if (bytes === undefined) return undefined
  report.files++
  const rows = parseCheckpoint(bytes.toString('utf8'))?.map((row) => row.map(Number))
  const wrong = (problem: string): undefined => {
    report.error(
      place,
      'bad-epochs',
      path,
      null,
      problem,
      'a broker cannot load the partition; leader epochs are in the batches, too',
    )
    return undefined
  }
  if (rows === undefined) return wrong('it is no checkpoint: its version or its count is wrong')
  let last = [-1, -1]
  for (const row of rows) {
    if (row.length !== 2 || !row.every((n) => Number.isSafeInteger(n) && n >= 0))
      return wrong('a line is none')
    if (row[0] <= last[0] || row[1] < last[1]) return wrong(`epoch ${row[0]} from ${row[1]} on does not grow`)
    last = row
  }
  return (offset) => rows.findLast(([, start]) => start <= offset)?.[0]
}

export function readIfThere(fs: FileSystem, path: string): Buffer | undefined {
  try {
    return fs.readFile(path, MOST_INDEX_BYTES)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

/** Behind the last entry that is in use; zeros in the middle end nothing (they are found as entries that do not grow). */
function usedEnd(bytes: Buffer, entrySize: number, isUsed: (at: number) => boolean): number {
  let end = bytes.length - (bytes.length % entrySize)
  while (end > 0 && !isUsed(end - entrySize)) end -= entrySize
  return end
}

/** A tail of zeros belongs to a broker that runs or was killed; torn entries, clean directories and files beyond all measure have none. */
function untidyTail(
  { bytes, size }: IndexBytes,
  end: number,
  entrySize: number,
  clean: boolean,
  isActive: boolean,
): boolean {
  if (end === size) return false
  if (size > MOST_INDEX_BYTES) return true
  const isZero = bytes.subarray(end).every((byte) => byte === 0)
  return !isZero || (size > end + entrySize && (clean || !isActive))
}

function tailProblem(size: number, end: number, entrySize: number): string {
  return size - end < entrySize
    ? `its last entry is torn (${count(size - end, 'byte')})`
    : `${count(size - end, 'byte')} of an unused tail behind its ${count(end / entrySize, 'entry', 'entries')}`
}

/** Index into the facts of the batch that holds the offset, -1 for none. */
function batchWith(batches: readonly number[], offset: number): number {
  let low = 0
  let high = batches.length / FACTS - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (batches[middle * FACTS + 1] < offset) low = middle + 1
    else if (batches[middle * FACTS] > offset) high = middle - 1
    else return middle * FACTS
  }
  return -1
}
