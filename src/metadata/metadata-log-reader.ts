/**
 * Reads `__cluster_metadata-0`: the newest checkpoint that is whole, then the batches behind it, segment by segment;
 * later only what was added. A torn tail ends the log quietly (a broker beside us may be in the middle of a write,
 * and the next writer cuts it); bad bytes with good batches behind them are damage and are reported.
 */
import { CorruptRecordError } from '../errors.ts'
import { type FileSystem, readFully } from '../os/file-system.ts'
import { RECORD_BATCH_OVERHEAD, RecordBatch } from '../record/record-batch.ts'
import { replayCheckpoint } from './checkpoint-replay.ts'
import {
  listMetadataLog,
  METADATA_LOG_FOLDER,
  type MetadataLogFiles,
  positionBefore,
  segmentFileName,
  walkBatches,
} from './metadata-log-files.ts'
import { MetadataReplay } from './metadata-replay.ts'

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
  private readonly fs: FileSystem
  private readonly logDir: string

  constructor(fs: FileSystem, logDir: string) {
    this.fs = fs
    this.logDir = logDir
    this.folder = `${logDir}/${METADATA_LOG_FOLDER}`
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
        this.readFrom(listMetadataLog(this.fs, this.folder)?.segments ?? [], tail.baseOffset, tail)
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
      this.loadCheckpoint(files)
      const first = files.segments.filter((base) => base <= Math.max(this.checkpointEnd, 0)).pop()
      if (first !== undefined) this.readFrom(files.segments, first, undefined)
      else if (files.segments.length > 0) throw this.gap(files.segments[0])
    }
    if (this.isEmpty) this.loadBootstrap()
  }

  private start(): void {
    this.replay = new MetadataReplay()
    this.endOffset = 0
    this.epoch = 0
    this.tail = undefined
    this.checkpointSize = 0
    this.checkpointEnd = -1
    this.replayedBytes = 0
  }

  private loadCheckpoint(files: MetadataLogFiles): void {
    let problem: CorruptRecordError | undefined
    for (const checkpoint of [...files.checkpoints].reverse()) {
      const path = `${this.folder}/${checkpoint.name}`
      try {
        replayCheckpoint(this.fs, path, this.replay)
      } catch (error) {
        const gone = (error as NodeJS.ErrnoException).code === 'ENOENT'
        if (!(error instanceof CorruptRecordError) && !gone) throw error
        if (error instanceof CorruptRecordError) problem ??= error
        this.replay = new MetadataReplay()
        continue
      }
      this.checkpointSize = this.fs.stat(path)?.size ?? 0
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
      return walk.tail === undefined ? undefined : { error: walk.tail, damaged: walk.goodBatchesBehind }
    } finally {
      this.fs.close(fd)
    }
  }

  private take(batch: RecordBatch, position: number, path: string): void {
    if (batch.nextOffset <= this.checkpointEnd) return
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
      const length = readFully(this.fs, fd, header, 0, header.length, tail.lastBatchPosition)
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
