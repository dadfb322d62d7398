/**
 * What appending to the metadata log and checkpointing it need beyond reading; loaded when something is first written. The caller
 * holds the metadata lock.
 *
 * Bytes: those of metadata-log-writer.ts and metadata-checkpoint.ts. Invariant: a segment is unlinked only when a whole, synced
 * checkpoint holds all that it led to and a segment that goes on behind it is there. Crash: older segments and checkpoints beside
 * the newest checkpoint, which readers pass over and the next checkpoint removes; a transaction that was begun is aborted by
 * the next append.
 */
import type { MetadataRecord } from '../message/metadata-records.ts'
import { randomUuid } from '../message/uuid.ts'
import type { FileSystem } from '../os/file-system.ts'
import type { Os } from '../os/os.ts'
import { initialRecords } from './initial-records.ts'
import { encodeAppend } from './metadata-batch-encoder.ts'
import { writeMetadataCheckpoint } from './metadata-checkpoint.ts'
import type { MetadataImage } from './metadata-image.ts'
import { noteMetadataEnd } from './metadata-known-end.ts'
import { listMetadataLog, segmentFileName } from './metadata-log-files.ts'
import type { MetadataLogReader } from './metadata-log-reader.ts'
import {
  appendToLog,
  createMetadataFolder,
  createSegment,
  setAsideBadQuorumState,
} from './metadata-log-writer.ts'

export interface AppendTarget {
  readonly os: Os
  readonly reader: MetadataLogReader
  readonly image: MetadataImage
  readonly segmentBytes?: number
  readonly maxBatchBytes?: number
  /** One line for a person: something was mended. */
  readonly warn?: (line: string) => void
}

/** Epoch of the first batch in a log that no controller has written to. */
export const FIRST_EPOCH = 1

/** Returns false when the records were not there afterwards: read anew and try again. */
export function appendRecords(target: AppendTarget, records: readonly MetadataRecord[]): boolean {
  const { os, reader, image } = target
  const { fs } = os
  const { folder, endOffset } = reader
  setAsideBadQuorumState(fs, folder, target.warn)
  let all = records
  let { metadataVersion } = image
  if (reader.isEmpty) {
    // A directory that was formatted and never started: what the first controller would write comes first.
    const initial = initialRecords(
      image,
      randomUuid((size) => os.randomBytes(size)),
    )
    all = [...initial.records, ...records]
    metadataVersion = initial.metadataVersion
    const { nodeId, kraftVersion } = image
    createMetadataFolder(fs, folder, { nodeId, epoch: FIRST_EPOCH, baseOffset: 0, kraftVersion })
  }
  if (reader.replay.inTransaction) {
    all = [{ type: 'AbortTransactionRecord', reason: 'its writer died' }, ...all]
  }
  const encoded = encodeAppend(all, {
    baseOffset: endOffset,
    epoch: reader.isEmpty ? FIRST_EPOCH : reader.epoch,
    timestamp: os.clock.now(),
    metadataVersion,
    maxBatchBytes: target.maxBatchBytes,
  })
  const at = { folder, tail: reader.tail, endOffset }
  if (!appendToLog(fs, at, encoded.bytes, target.segmentBytes)) return false
  noteMetadataEnd(fs, folder, reader.knownEnd, encoded.endOffset)
  return true
}

/**
 * A checkpoint at the log's end, a new segment that begins there, and away with the older segments, oldest first, and
 * older checkpoints. Crash: before the rename nothing has changed; behind it every state is a log that reaches to
 * the checkpoint and on.
 */
export function checkpointAndTrim(target: AppendTarget): void {
  const { os, reader, image } = target
  const { fs } = os
  const { folder, endOffset } = reader
  // It would leave out what the image passed over.
  if (image.parts.illegalTopics.size > 0) return
  removeLeftovers(fs, folder)
  writeMetadataCheckpoint(fs, folder, image.parts, os.clock.now())
  createSegment(fs, folder, endOffset)
  const files = listMetadataLog(fs, folder)
  if (files === undefined) return
  for (const baseOffset of files.segments) {
    if (baseOffset >= endOffset) continue
    for (const suffix of ['.log', '.index', '.timeindex', '.txnindex', '.snapshot']) {
      const path = `${folder}/${segmentFileName(baseOffset, suffix)}`
      if (fs.stat(path) !== undefined) fs.unlink(path)
    }
  }
  for (const checkpoint of files.checkpoints) {
    if (checkpoint.endOffset < endOffset) fs.unlink(`${folder}/${checkpoint.name}`)
  }
  fs.fsyncDir(folder)
}

/** Checkpoints that a crash left half written. */
function removeLeftovers(fs: FileSystem, folder: string): void {
  for (const name of fs.readdir(folder)) {
    if (name.endsWith('.checkpoint.part')) fs.unlink(`${folder}/${name}`)
  }
}
