/**
 * Writes to `__cluster_metadata-0`; the caller holds the metadata lock and has just read the log.
 *
 * Bytes: whole batches at the end of the last segment, one write, one sync. Invariant: a batch is there whole (its
 * checksum says so) or not at all; the log has no gap. Crash: during the write a torn tail is left, which readers
 * pass over and the next writer cuts (its bytes kept in a `.broken` file); between a BeginTransaction and its end
 * the records are not seen, and the next writer aborts them. A write that fails is cut back at once.
 *
 * A genuine controller beside us writes at a position that it remembers, so what was written is read back: when it
 * is not there as it should be, the caller reads the log anew and does it again.
 */

import { writeFileAtomically } from '../log/checkpoint-file.ts'
import { confirmCopied, confirmTorn } from '../log/opening/second-reading.ts'
import { METADATA_TOPIC_ID, ZERO_UUID } from '../message/uuid.ts'
import { type FileSystem, readFully, readRange, SMALL_FILE_BYTES, writeFully } from '../os/file-system.ts'
import { segmentFileName } from './metadata-log-files.ts'
import type { LogTail } from './metadata-log-reader.ts'

const QUORUM_STATE_FILE = 'quorum-state'

/** A broker's segment of the metadata log. */
const SEGMENT_BYTES = 1024 * 1024 * 1024

export interface WritePosition {
  readonly folder: string
  readonly tail: LogTail | undefined
  readonly endOffset: number
}

/** Returns false when the bytes were not there afterwards as they were written. */
export function appendToLog(
  fs: FileSystem,
  at: WritePosition,
  bytes: Buffer,
  segmentBytes = SEGMENT_BYTES,
): boolean {
  const { tail, folder } = at
  if (tail !== undefined) cutTornTail(fs, tail)
  const fits =
    tail !== undefined && tail.endOffset === at.endOffset && tail.position + bytes.length <= segmentBytes
  // A segment that is empty is written to whatever the size: its name is taken.
  if (tail !== undefined && (fits || tail.baseOffset === at.endOffset)) {
    return writeAt(fs, tail.path, tail.position, bytes)
  }
  createSegment(fs, folder, at.endOffset)
  return writeAt(fs, `${folder}/${segmentFileName(at.endOffset)}`, 0, bytes)
}

/** An empty segment with empty indexes; a leftover of a crash is taken over. */
export function createSegment(fs: FileSystem, folder: string, baseOffset: number): void {
  for (const suffix of ['.index', '.timeindex', '.log']) {
    fs.close(fs.open(`${folder}/${segmentFileName(baseOffset, suffix)}`, 'a'))
  }
  fs.fsyncDir(folder)
}

/** What a new folder of the metadata log holds besides its segment; a broker would make all of it itself. */
export function createMetadataFolder(
  fs: FileSystem,
  folder: string,
  options: { nodeId: number; epoch: number; baseOffset: number; kraftVersion: number },
): void {
  if (fs.stat(folder) === undefined) fs.mkdir(folder)
  const put = (name: string, text: string) => {
    if (fs.stat(`${folder}/${name}`) === undefined)
      writeFileAtomically(fs, `${folder}/${name}`, Buffer.from(text))
  }
  put('partition.metadata', `version: 0\ntopic_id: ${METADATA_TOPIC_ID}`)
  put('leader-epoch-checkpoint', `0\n1\n${options.epoch} ${options.baseOffset}\n`)
  const leader = { leaderId: options.nodeId, leaderEpoch: options.epoch, votedId: -1 }
  const state =
    options.kraftVersion === 0
      ? {
          clusterId: '',
          ...leader,
          appliedOffset: 0,
          currentVoters: [{ voterId: options.nodeId }],
          data_version: 0,
        }
      : { ...leader, votedDirectoryId: ZERO_UUID, data_version: 1 }
  put(QUORUM_STATE_FILE, JSON.stringify(state))
}

/**
 * A quorum-state that is no JSON object keeps a broker from starting; without one it takes the epoch from the log
 * then; one rename: a crash leaves the old name or the new one.
 */
export function setAsideBadQuorumState(fs: FileSystem, folder: string, warn?: (line: string) => void): void {
  const path = `${folder}/${QUORUM_STATE_FILE}`
  if (fs.stat(path) === undefined) return
  try {
    const state: unknown = JSON.parse(fs.readFile(path, SMALL_FILE_BYTES).toString('utf8'))
    if (typeof state === 'object' && state !== null && 'leaderEpoch' in state) return
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  fs.rename(path, `${path}.broken`)
  fs.fsyncDir(folder)
  warn?.(
    `${path}: was damaged; set aside as ${QUORUM_STATE_FILE}.broken, a broker takes the epoch from the metadata log`,
  )
}

function cutTornTail(fs: FileSystem, tail: LogTail): void {
  if (tail.size <= tail.position) return
  const fd = fs.open(tail.path, 'r+')
  try {
    const torn = Buffer.alloc(Math.max(0, fs.fstat(fd).size - tail.position))
    const length = readRange(fs, fd, torn, 0, torn.length, tail.position)
    if (torn.some((byte) => byte !== 0)) {
      const kept = `${tail.path}.${tail.position}.broken`
      writeFileAtomically(fs, kept, torn.subarray(0, length))
      confirmCopied(fs, tail.path, kept, [{ from: tail.position, to: tail.position + length, at: 0 }])
    }
    confirmTorn(fs, tail.path, { position: tail.position, nextOffset: 0, size: tail.position + torn.length })
    fs.ftruncate(fd, tail.position)
    fs.fsync(fd)
  } finally {
    fs.close(fd)
  }
}

function writeAt(fs: FileSystem, path: string, position: number, bytes: Buffer): boolean {
  const fd = fs.open(path, 'r+')
  try {
    try {
      writeFully(fs, fd, bytes, 0, bytes.length, position)
      fs.fdatasync(fd)
    } catch (error) {
      cutBack(fs, fd, position)
      throw error
    }
    const stat = fs.fstat(fd)
    const named = fs.stat(path)
    if (stat.size !== position + bytes.length || named?.ino !== stat.ino) return false
    const found = Buffer.alloc(bytes.length)
    return readFully(fs, fd, found, 0, found.length, position) === found.length && found.equals(bytes)
  } finally {
    fs.close(fd)
  }
}

/** After a failed write (a full disk): the log as it was. Where that fails too, the torn tail is cut next time. */
function cutBack(fs: FileSystem, fd: number, position: number): void {
  try {
    fs.ftruncate(fd, position)
    fs.fsync(fd)
  } catch {}
}
