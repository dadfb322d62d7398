/**
 * Reads `__cluster_metadata-0`: a stored image that fits (stored-image.ts), else the newest checkpoint that is whole, then
 * the batches behind it, segment by segment; later only what was added. A torn tail ends the log quietly (a broker beside us may be in the middle of a write,
 * and the next writer cuts it); bad bytes with good batches behind them are damage and are reported.
 */
import { CorruptRecordError } from '../errors.ts'
import { isMissing } from '../os/error-code.ts'
import { type FileSystem, readRange } from '../os/file-system.ts'
import { RECORD_BATCH_OVERHEAD, RecordBatch } from '../record/record-batch.ts'
import { replayCheckpoint } from './checkpoint-replay.ts'
import type { MetadataImageParts } from './metadata-image.ts'
import { lostMetadata, lostMetadataEnd } from './metadata-known-end.ts'
import {
  listMetadataLog,
  METADATA_LOG_FOLDER,
  type MetadataLogFiles,
  positionBefore,
  STORED_IMAGE_FILE,
  segmentFileName,
  walkBatches,
} from './metadata-log-files.ts'
import { MetadataReplay } from './metadata-replay.ts'
import { StoredImage, type StoredPlace } from './stored-image.ts'
import { storedParts } from './stored-maps.ts'

/** A stored image is due when a reader must replay more than this, and more than a part of that image's size. */
const STORE_AFTER_BYTES = 16 * 1024
const STORE_AFTER_FRACTION = 1 / 16
/** For a log that begins at its beginning and is no larger than what is checked beside an image. */
const STORE_SMALL_AFTER_BYTES = 512
/** Up to here the checksums of all batches are looked at beside a stored image, too: damage is told as without one. */
const CHECKED_LOG_BYTES = 16 * 1024

/** Where reading stopped. */
export interface LogTail {
  readonly baseOffset: number
  readonly path: string
  readonly ino: number
  readonly mtimeMs: number
  /** Size of the file when it was read; beyond `position` lie torn bytes. */
  readonly size: number
  /** Behind the last good batch. */
  readonly position: number
  /** The last good batch of this segment, to see that it is still the same; -1 when there is none. */
  readonly lastBatchPosition: number
  readonly lastBatchCrc: number
  /** Offset behind this segment's last batch; below the log's end where a checkpoint reaches further. */
  readonly endOffset: number
}

export class MetadataLogReader {
  readonly folder: string
  replay = new MetadataReplay()
  /** Offset of the next batch to be written. */
  endOffset = 0
  epoch = 0
  tail: LogTail | undefined
  /** Size of the checkpoint that was read; 0 when there is none. */
  checkpointSize = 0
  checkpointEnd = -1
  /** Bytes of log behind the checkpoint. */
  replayedBytes = 0
  /** The log held records below this offset, as a file's name tells. */
  knownEnd = 0
  /** Size of the stored image that was read or written; 0 when there is none. */
  private storedSize = 0
  /** Bytes of checkpoint and log that whoever reads now must replay behind that image. */
  private bytesBehindStored = 0
  private readonly fs: FileSystem
  private readonly logDir: string
  /** Replay ends here; a stored image is of no use then. */
  private readonly limit: number | undefined

  constructor(fs: FileSystem, logDir: string, limit?: number) {
    this.fs = fs
    this.logDir = logDir
    this.folder = `${logDir}/${METADATA_LOG_FOLDER}`
    this.limit = limit
  }

  /** Whether the next reader has so much to replay that a new stored image is worth its writing. */
  get storedImageIsDue(): boolean {
    const { checkpointEnd, tail } = this
    const small = checkpointEnd < 0 && tail?.baseOffset === 0 && tail.position <= CHECKED_LOG_BYTES
    const least = small ? STORE_SMALL_AFTER_BYTES : STORE_AFTER_BYTES
    return this.bytesBehindStored > Math.max(least, this.storedSize * STORE_AFTER_FRACTION)
  }

  /** What a stored image of the log's end says of its place; undefined where nothing shows the place. */
  get place(): StoredPlace | undefined {
    const { tail, endOffset, epoch, checkpointEnd, checkpointSize, replayedBytes } = this
    if (tail === undefined || this.isEmpty || this.replay.inTransaction) return undefined
    const behindBatch = tail.lastBatchPosition >= 0 && tail.endOffset === endOffset
    if (!behindBatch && checkpointEnd !== endOffset) return undefined
    return {
      endOffset,
      epoch,
      baseOffset: tail.baseOffset,
      position: behindBatch ? tail.position : 0,
      lastBatchPosition: behindBatch ? tail.lastBatchPosition : -1,
      lastBatchCrc: behindBatch ? tail.lastBatchCrc : 0,
      checkpointEnd,
      checkpointSize,
      replayedBytes,
    }
  }

  /** A stored image of this size holds what was read; 0 when none could be written. */
  stored(size: number): void {
    this.storedSize = size
    this.bytesBehindStored = 0
  }

  /** True when nothing was ever written: a directory that was formatted and not started yet. */
  get isEmpty(): boolean {
    return this.endOffset === 0
  }

  /** Looks at the disk again. Returns false when nothing changed. */
  refresh(): boolean {
    const { tail } = this
    if (tail !== undefined) {
      const stat = this.fs.stat(tail.path)
      const same = stat !== undefined && stat.ino === tail.ino && stat.size >= tail.position
      if (same && stat.size === tail.size && stat.mtimeMs === tail.mtimeMs && !this.hasNextSegment(tail))
        return false
      if (same && this.sameLastBatch(tail)) {
        const files = listMetadataLog(this.fs, this.folder)
        this.readFrom(files?.segments ?? [], tail.baseOffset, tail)
        this.refuseLostEnd(files)
        return true
      }
    }
    this.load()
    return true
  }

  /** Forgets everything and reads anew. */
  load(): void {
    const files = listMetadataLog(this.fs, this.folder)
    this.start()
    if (files !== undefined) {
      const from = this.loadStoredImage(files)
      if (from === undefined && this.endOffset === 0) this.loadCheckpoint(files)
      const first =
        from?.baseOffset ?? files.segments.filter((base) => base <= Math.max(this.checkpointEnd, 0)).pop()
      if (first !== undefined) this.readFrom(files.segments, first, from)
      else if (files.segments.length > 0) throw this.gap(files.segments[0])
    }
    this.refuseLostEnd(files)
    if (this.isEmpty) {
      this.refuseEmpty(files)
      this.loadBootstrap()
    }
  }

  /** @throws CorruptRecordError where records at the end are known to be missing */
  private refuseLostEnd(files: MetadataLogFiles | undefined): void {
    if (files === undefined || this.limit !== undefined) return
    this.knownEnd = files.knownEnd
    const lost = lostMetadataEnd(this.fs, this.folder, files, this.endOffset, this.tail?.position ?? 0)
    if (lost !== undefined) throw lost
  }

  private refuseEmpty(files: MetadataLogFiles | undefined): void {
    const lost = files === undefined ? undefined : lostMetadata(this.fs, this.logDir, this.folder, files)
    if (lost !== undefined) throw lost
  }

  private start(): void {
    this.replay = new MetadataReplay()
    this.endOffset = 0
    this.epoch = 0
    this.tail = undefined
    this.checkpointSize = 0
    this.checkpointEnd = -1
    this.replayedBytes = 0
    this.storedSize = 0
    this.bytesBehindStored = 0
  }

  /** Begins with a stored image, if one fits; where in a segment the log goes on, if it ended there. */
  private loadStoredImage(files: MetadataLogFiles): LogTail | undefined {
    if (this.limit !== undefined) return undefined
    const stored = StoredImage.open(this.fs, this.folder, files, ({ endOffset }) => this.replayTo(endOffset))
    if (stored === undefined) return undefined
    const { place } = stored.head
    if (!this.isWhole(place)) return undefined
    this.replay = new MetadataReplay(storedParts(stored))
    this.storedSize = stored.size
    this.endOffset = place.endOffset
    this.epoch = place.epoch
    this.checkpointEnd = place.checkpointEnd
    this.checkpointSize = place.checkpointSize
    this.replayedBytes = place.replayedBytes
    if (place.lastBatchPosition < 0) return undefined
    const { baseOffset, position, lastBatchPosition, lastBatchCrc, endOffset } = place
    const path = `${this.folder}/${segmentFileName(baseOffset)}`
    return {
      baseOffset,
      path,
      ino: 0,
      mtimeMs: 0,
      size: position,
      position,
      lastBatchPosition,
      lastBatchCrc,
      endOffset,
    }
  }

  /** Whether a small log that an image stands for still is whole; large ones are `check`'s. */
  private isWhole({ checkpointEnd, baseOffset, position }: StoredPlace): boolean {
    if (checkpointEnd >= 0 || baseOffset > 0 || position > CHECKED_LOG_BYTES) return true
    const path = `${this.folder}/${segmentFileName(baseOffset)}`
    const fd = this.fs.open(path, 'r')
    try {
      return walkBatches(this.fs, fd, path, 0, () => {}).validEnd >= position
    } finally {
      this.fs.close(fd)
    }
  }

  /** What the log itself says at an offset where a batch ends. */
  private replayTo(endOffset: number): MetadataImageParts {
    const reader = new MetadataLogReader(this.fs, this.logDir, endOffset)
    reader.load()
    if (reader.endOffset !== endOffset) {
      const path = `${this.folder}/${STORED_IMAGE_FILE}`
      throw new CorruptRecordError('damaged, and what it was made from is gone; remove it', 0, path)
    }
    return reader.replay.image()
  }

  private loadCheckpoint(files: MetadataLogFiles): void {
    let problem: CorruptRecordError | undefined
    for (const checkpoint of [...files.checkpoints].reverse()) {
      const path = `${this.folder}/${checkpoint.name}`
      try {
        replayCheckpoint(this.fs, path, this.replay)
      } catch (error) {
        const gone = isMissing(error)
        if (!(error instanceof CorruptRecordError) && !gone) throw error
        if (error instanceof CorruptRecordError) problem ??= error
        this.replay = new MetadataReplay()
        continue
      }
      this.checkpointSize = this.fs.stat(path)?.size ?? 0
      this.bytesBehindStored = this.checkpointSize
      this.checkpointEnd = checkpoint.endOffset
      this.endOffset = checkpoint.endOffset
      this.epoch = checkpoint.epoch
      this.replay.setEnd(checkpoint.endOffset, checkpoint.epoch)
      return
    }
    // Without a good checkpoint the log must reach back to its beginning.
    if (problem !== undefined && files.segments[0] !== 0) throw problem
  }

  /** Reads the segments from `first` on; in that one from where `tail` ended, if there is one. */
  private readFrom(segments: readonly number[], first: number, tail: LogTail | undefined): void {
    const rest = segments.filter((base) => base >= first)
    for (let i = 0; i < rest.length; i++) {
      const path = `${this.folder}/${segmentFileName(rest[i])}`
      const problem = this.readSegment(path, rest[i], i === 0 ? tail : undefined)
      if (problem === undefined) continue
      const more = rest.slice(i + 1).some((base) => base >= this.endOffset)
      if (problem.damaged || more) throw problem.error
    }
  }

  private readSegment(
    path: string,
    baseOffset: number,
    from: LogTail | undefined,
  ): { error: CorruptRecordError; damaged: boolean } | undefined {
    const fd = this.fs.open(path, 'r')
    try {
      const start = from?.position ?? positionBefore(this.fs, this.folder, baseOffset, this.endOffset, fd)
      let lastBatchPosition = from?.lastBatchPosition ?? -1
      let lastBatchCrc = from?.lastBatchCrc ?? 0
      let endOffset = from?.endOffset ?? baseOffset
      const stat = this.fs.fstat(fd)
      const walk = walkBatches(this.fs, fd, path, start, (batch, position) => {
        this.take(batch, position, path)
        lastBatchPosition = position
        lastBatchCrc = batch.crc
        endOffset = batch.nextOffset
      })
      this.tail = {
        baseOffset,
        path,
        ino: stat.ino,
        // A write between the two looks shows as a larger size; keep the older time so that it is seen.
        mtimeMs: stat.mtimeMs,
        size: walk.size,
        position: walk.validEnd,
        lastBatchPosition,
        lastBatchCrc,
        endOffset,
      }
      this.replayedBytes += walk.validEnd - start
      this.bytesBehindStored += walk.validEnd - start
      return walk.tail === undefined ? undefined : { error: walk.tail, damaged: walk.goodBatchesBehind }
    } finally {
      this.fs.close(fd)
    }
  }

  private take(batch: RecordBatch, position: number, path: string): void {
    if (batch.nextOffset <= this.checkpointEnd) return
    if (this.limit !== undefined && batch.baseOffset >= this.limit) return
    const expected = this.endOffset
    if (batch.baseOffset !== expected && !(batch.baseOffset < expected && expected === this.checkpointEnd)) {
      throw new CorruptRecordError(`offset ${batch.baseOffset} where ${expected} is next`, position, path)
    }
    this.replay.batch(batch, expected)
    this.endOffset = batch.nextOffset
    this.epoch = batch.partitionLeaderEpoch
  }

  /** A formatted directory that no controller has started yet: the features that it will start with. */
  private loadBootstrap(): void {
    const path = `${this.logDir}/bootstrap.checkpoint`
    if (this.fs.stat(path) === undefined) return
    replayCheckpoint(this.fs, path, this.replay)
    this.replay.setEnd(0, 0)
  }

  private hasNextSegment(tail: LogTail): boolean {
    if (this.endOffset === tail.baseOffset) return false
    return this.fs.stat(`${this.folder}/${segmentFileName(this.endOffset)}`) !== undefined
  }

  private sameLastBatch(tail: LogTail): boolean {
    if (tail.lastBatchPosition < 0) return true
    const fd = this.fs.open(tail.path, 'r')
    try {
      const header = Buffer.alloc(RECORD_BATCH_OVERHEAD)
      const length = readRange(this.fs, fd, header, 0, header.length, tail.lastBatchPosition)
      const batch = new RecordBatch(header, 0)
      return (
        length === header.length &&
        batch.crc === tail.lastBatchCrc &&
        batch.sizeInBytes === tail.position - tail.lastBatchPosition
      )
    } finally {
      this.fs.close(fd)
    }
  }

  private gap(firstOffset: number): CorruptRecordError {
    const path = `${this.folder}/${segmentFileName(firstOffset)}`
    return new CorruptRecordError(
      `the metadata log begins at offset ${firstOffset} and no checkpoint holds what was before`,
      0,
      path,
    )
  }
}
