/** The files of `__cluster_metadata-0`: their names, and the walk over the batches of one of them. */
import { readInt32 } from '../bytes/int32.ts'
import { CorruptRecordError } from '../errors.ts'
import { METADATA_TOPIC } from '../names/topic-names.ts'
import { errorCode, isMissing } from '../os/error-code.ts'
import { type FileSystem, readRange } from '../os/file-system.ts'
import { tooLarge } from '../os/foreign-file.ts'
import { LOG_OVERHEAD, RECORD_BATCH_OVERHEAD, RecordBatch } from '../record/record-batch.ts'

export const METADATA_LOG_FOLDER = `${METADATA_TOPIC}-0`
/** See stored-image.ts. */
export const STORED_IMAGE_FILE = '.tkafka-image'

export interface CheckpointFile {
  readonly name: string
  /** Offset that comes after the last record it contains. */
  readonly endOffset: number
  readonly epoch: number
}

export interface MetadataLogFiles {
  /** Base offsets of the `.log` files, ascending. */
  readonly segments: readonly number[]
  /** Oldest first. */
  readonly checkpoints: readonly CheckpointFile[]
  readonly hasStoredImage: boolean
  /** By the newest producer snapshot's name, 0 without one: metadata-known-end.ts. */
  readonly knownEnd: number
}

/** undefined when the folder is not there. Files being written (.part) or waiting for removal (.deleted) are passed over. */
export function listMetadataLog(fs: FileSystem, folder: string): MetadataLogFiles | undefined {
  let names: string[]
  try {
    names = fs.readdir(folder)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const segments: number[] = []
  const checkpoints: CheckpointFile[] = []
  let knownEnd = 0
  for (const name of names) {
    const match = /^(\d{20})(?:\.(log|snapshot)|-(\d{10})\.checkpoint)$/.exec(name)
    if (match === null) continue
    if (match[2] === 'log') segments.push(Number(match[1]))
    else if (match[2] === 'snapshot') knownEnd = Math.max(knownEnd, Number(match[1]))
    else checkpoints.push({ name, endOffset: Number(match[1]), epoch: Number(match[3]) })
  }
  segments.sort((a, b) => a - b)
  checkpoints.sort((a, b) => a.endOffset - b.endOffset || a.epoch - b.epoch)
  return { segments, checkpoints, hasStoredImage: names.includes(STORED_IMAGE_FILE), knownEnd }
}

export function segmentFileName(baseOffset: number, suffix = '.log'): string {
  return String(baseOffset).padStart(20, '0') + suffix
}

export function checkpointFileName(endOffset: number, epoch: number): string {
  return `${String(endOffset).padStart(20, '0')}-${String(epoch).padStart(10, '0')}.checkpoint`
}

export interface BatchWalk {
  /** Position behind the last good batch. */
  readonly validEnd: number
  /** Size of the file as it was read. */
  readonly size: number
  /** What is wrong with the bytes behind `validEnd`, when there are any and they are no batch. */
  readonly tail: CorruptRecordError | undefined
  /** True when good batches follow the bad bytes: damage in the middle, not a torn tail. */
  readonly goodBatchesBehind: boolean
}

const CHUNK = 1024 * 1024
/** A controller writes batches of at most 8 MB; a size beyond this is no size. */
const MAX_BATCH_SIZE = 256 * 1024 * 1024
/** Positions in a segment are int32, so what is longer is none: a planted file, or zeros without end. */
const MAX_SEGMENT_SIZE = 2 ** 31 - 1

/**
 * Calls `visit` for each batch from `position` on, whose size, magic and checksum were checked. Stops at the first
 * that is not right and tells why. The buffer of a batch is used again for later ones.
 * @throws what `visit` throws; a CorruptRecordError with the file and the position in it.
 */
export function walkBatches(
  fs: FileSystem,
  fd: number,
  path: string,
  position: number,
  visit: (batch: RecordBatch, position: number) => void,
): BatchWalk {
  const { size } = fs.fstat(fd)
  if (size > MAX_SEGMENT_SIZE) throw tooLarge(path, size, MAX_SEGMENT_SIZE)
  let buffer = Buffer.allocUnsafe(Math.max(0, Math.min(CHUNK, size - position)))
  let at = position
  while (at < size) {
    const length = readRange(fs, fd, buffer, 0, Math.min(buffer.length, size - at), at)
    let p = 0
    let needed = RECORD_BATCH_OVERHEAD
    while (length - p >= RECORD_BATCH_OVERHEAD) {
      const batch = new RecordBatch(buffer, p, length)
      needed = batch.sizeInBytes
      if (needed > length - p && needed <= MAX_BATCH_SIZE && at + p + needed <= size) break
      if (!batch.isValid()) return badTail(fs, fd, path, at + p, size, batch)
      visitIn(path, at, () => visit(batch, at + p))
      p += needed
      needed = RECORD_BATCH_OVERHEAD
    }
    at += p
    if (at >= size || length === 0) break
    if (p > 0) continue
    if (size - at < RECORD_BATCH_OVERHEAD || length === size - at) {
      return badTail(fs, fd, path, at, size, new RecordBatch(buffer, 0, length))
    }
    buffer = Buffer.allocUnsafe(Math.min(needed, size - at))
  }
  return { validEnd: at, size, tail: undefined, goodBatchesBehind: false }
}

/** An error that a visitor throws gets the file and the position of the buffer in it. */
function visitIn(path: string, at: number, visit: () => void): void {
  try {
    visit()
  } catch (error) {
    if (error instanceof CorruptRecordError && error.file === undefined) throw error.inFile(path, at)
    throw error
  }
}

function badTail(
  fs: FileSystem,
  fd: number,
  path: string,
  at: number,
  size: number,
  batch: RecordBatch,
): BatchWalk {
  let tail = new CorruptRecordError('not a record batch', at, path)
  try {
    batch.ensureValid()
  } catch (error) {
    if (error instanceof CorruptRecordError) tail = new CorruptRecordError(error.detail, at, path)
  }
  return { validEnd: at, size, tail, goodBatchesBehind: hasGoodBatch(fs, fd, at + 1, size) }
}

/** Whether a whole batch with a right checksum begins anywhere from `position` on. Read in pieces: the rest may be long. */
function hasGoodBatch(fs: FileSystem, fd: number, position: number, size: number): boolean {
  const piece = Buffer.allocUnsafe(Math.max(0, Math.min(CHUNK + RECORD_BATCH_OVERHEAD, size - position)))
  for (let start = position; start < size; start += CHUNK) {
    const length = readRange(fs, fd, piece, 0, Math.min(piece.length, size - start), start)
    for (let p = 0; p < CHUNK && p + RECORD_BATCH_OVERHEAD <= length; p++) {
      // Magic 2 and a size that fits first: the checksum is the expensive question.
      if (piece[p + 16] !== 2) continue
      const batchSize = readInt32(piece, p + 8) + LOG_OVERHEAD
      if (batchSize < RECORD_BATCH_OVERHEAD || batchSize > MAX_BATCH_SIZE || start + p + batchSize > size)
        continue
      const bytes = Buffer.allocUnsafe(batchSize)
      if (readRange(fs, fd, bytes, 0, batchSize, start + p) < batchSize) continue
      if (new RecordBatch(bytes, 0, batchSize).isValid()) return true
    }
  }
  return false
}

/**
 * Position in a segment to begin at in order to read `offset`: that of the last batch that the offset index names
 * below it, else 0. The index is only a hint: what it points at is checked against the batch there.
 */
export function positionBefore(
  fs: FileSystem,
  folder: string,
  baseOffset: number,
  offset: number,
  fd: number,
): number {
  if (offset <= baseOffset) return 0
  const found = lookUp(fs, `${folder}/${segmentFileName(baseOffset, '.index')}`, offset - baseOffset)
  if (found === undefined || found.position <= 0) return 0
  const header = Buffer.alloc(RECORD_BATCH_OVERHEAD)
  if (readRange(fs, fd, header, 0, header.length, found.position) < header.length) return 0
  const batch = new RecordBatch(header, 0)
  try {
    return batch.magic === 2 && batch.lastOffset === baseOffset + found.relativeOffset ? found.position : 0
  } catch {
    return 0
  }
}

/** Last entry of an offset index below `relativeOffset`. Zeros end it: a running broker's index is preallocated. */
function lookUp(
  fs: FileSystem,
  path: string,
  relativeOffset: number,
): { relativeOffset: number; position: number } | undefined {
  let fd: number
  try {
    fd = fs.open(path, 'r')
  } catch {
    return undefined
  }
  try {
    const entry = Buffer.alloc(8)
    let found: { relativeOffset: number; position: number } | undefined
    let low = 0
    let high = Math.floor(fs.fstat(fd).size / 8)
    while (low < high) {
      const middle = (low + high) >>> 1
      readRange(fs, fd, entry, 0, 8, middle * 8)
      const position = readInt32(entry, 4)
      if (position !== 0 && readInt32(entry, 0) < relativeOffset) {
        found = { relativeOffset: readInt32(entry, 0), position }
        low = middle + 1
      } else high = middle
    }
    return found
  } catch (error) {
    // A folder, or a bad sector: it is only a hint.
    if (errorCode(error) === undefined) throw error
    return undefined
  } finally {
    fs.close(fd)
  }
}
