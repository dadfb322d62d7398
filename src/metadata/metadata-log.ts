/**
 * The metadata log of a data directory, as an image to read and a place to append to. Disk is the truth: nothing is
 * remembered across calls but where reading stopped, and that is checked against the disk each time.
 */
import { CorruptRecordError, TerseError } from '../errors.ts'
import type { MetadataRecord } from '../message/metadata-records.ts'
import { isMissing } from '../os/error-code.ts'
import { openLockFile } from '../os/lock-file.ts'
import { waitForLock } from '../os/lock-wait.ts'
import type { Os } from '../os/os.ts'
import type { MetaProperties } from './meta-properties.ts'
import { readMetaProperties } from './meta-properties.ts'
import { MetadataImage } from './metadata-image.ts'
import { listMetadataLog, METADATA_LOG_FOLDER, segmentFileName } from './metadata-log-files.ts'
import { MetadataLogReader } from './metadata-log-reader.ts'

/** Checkpoint once the log behind the last one is this large, and four times as large as that one. */
const CHECKPOINT_AFTER_BYTES = 1024 * 1024
const CHECKPOINT_AFTER_FACTOR = 4
const ATTEMPTS = 5

export interface MetadataLogOptions {
  /** For tests: checkpoint, roll and split earlier than otherwise. */
  readonly checkpointAfterBytes?: number
  readonly segmentBytes?: number
  readonly maxBatchBytes?: number
  /** meta.properties, where the caller has read it. */
  readonly identity?: MetaProperties
  /** One line for a person: something was mended. */
  readonly warn?: (line: string) => void
  /** Whether an append that finds the log grown writes a checkpoint by itself (default: yes). */
  readonly checkpointsUnasked?: () => boolean
}

export class MetadataLog {
  readonly logDir: string
  private readonly os: Os
  private readonly options: MetadataLogOptions
  private readonly reader: MetadataLogReader
  private properties: MetaProperties | undefined
  private current: MetadataImage | undefined
  /** Ids of illegal topics that were told. */
  private readonly told = new Set<string>()

  private constructor(os: Os, logDir: string, options: MetadataLogOptions) {
    this.os = os
    this.logDir = logDir
    this.options = options
    this.properties = options.identity
    this.reader = new MetadataLogReader(os.fs, logDir)
  }

  /** `logDir` is the data directory. Nothing is read or made yet. */
  static open(os: Os, logDir: string, options: MetadataLogOptions = {}): MetadataLog {
    return new MetadataLog(os, logDir, options)
  }

  /** meta.properties. Throws TerseError where the directory has none. */
  identity(): MetaProperties {
    if (this.properties === undefined || this.properties.directoryId === undefined) {
      const others = this.properties?.otherDirectoryIds
      this.properties = readMetaProperties(this.os.fs, this.logDir)
      if (this.properties !== undefined && others !== undefined)
        this.properties = { ...this.properties, otherDirectoryIds: others }
    }
    if (this.properties === undefined) {
      throw new TerseError(`${this.logDir} is not a Kafka log directory: it has no meta.properties`)
    }
    return this.properties
  }

  /** True for a directory of Kafka's ZooKeeper era. */
  get isZooKeeperEra(): boolean {
    return this.identity().version === 0
  }

  /**
   * The image at the log's end; reads only what was added since the last call.
   * @throws CorruptRecordError with file and position where bytes in the middle of the log are damaged.
   * @throws TerseError where the directory is no log directory, or one of the ZooKeeper era: that has no metadata log,
   * its topics are its folders.
   */
  image(): MetadataImage {
    const identity = this.identity()
    this.refuseZooKeeperEra()
    let changed: boolean
    try {
      changed = this.reader.refresh()
    } catch (error) {
      // Perhaps seen in the middle of a change: a segment dropped behind a new checkpoint, a tail written over.
      if (!(error instanceof CorruptRecordError) && !isMissing(error)) throw error
      this.reader.tail = undefined
      changed = this.reloaded()
    }
    if (changed || this.current === undefined) {
      this.current = new MetadataImage(identity, this.reader.replay.image())
      this.tellOfIllegalTopics(this.current)
    }
    return this.current
  }

  /**
   * Appends the records that `build` makes of the newest image, all or none, under the metadata lock; resolves with
   * the image behind them once they are synced. `build` may run more than once; it may throw to give up, and nothing is
   * written then. An empty list writes nothing.
   */
  async append(build: (image: MetadataImage) => readonly MetadataRecord[]): Promise<MetadataImage> {
    this.refuseZooKeeperEra()
    return this.locked(async () => {
      const { appendRecords } = await import('./metadata-append.ts')
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const image = this.image()
        this.refuseNewer(image)
        const records = build(image)
        if (records.length === 0) return image
        const target = { ...this.options, os: this.os, reader: this.reader, image }
        if (appendRecords(target, records)) {
          if (this.checkpointIsDue() && this.options.checkpointsUnasked?.() !== false) await this.checkpoint()
          const newest = this.image()
          if (this.reader.storedImageIsDue) await this.storeImage()
          return newest
        }
        this.reader.tail = undefined
      }
      throw new TerseError(
        `${this.logDir}: what was written to the metadata log is not there; is a broker running on this directory?`,
      )
    })
  }

  /** Whether so much was appended since the last checkpoint that the next one is worth it. Reads only. */
  get isGrown(): boolean {
    return this.checkpointIsDue()
  }

  /** What was appended since the last checkpoint. Reads only. */
  get bytesBehindCheckpoint(): number {
    this.image()
    return this.reader.replayedBytes
  }

  /** Bytes of the log's segments and checkpoints, number of segments, first offset of the log. */
  size(): { bytes: number; segments: number; startOffset: number } {
    const folder = `${this.logDir}/${METADATA_LOG_FOLDER}`
    const { segments = [], checkpoints = [] } = listMetadataLog(this.os.fs, folder) ?? {}
    const names = [...segments.map((base) => segmentFileName(base)), ...checkpoints.map(({ name }) => name)]
    const bytes = names.reduce((sum, name) => sum + (this.os.fs.stat(`${folder}/${name}`)?.size ?? 0), 0)
    return { bytes, segments: segments.length, startOffset: segments[0] ?? 0 }
  }

  /** Writes a checkpoint of the newest image, goes on in a new segment and drops what the checkpoint makes needless. */
  async writeCheckpoint(): Promise<void> {
    this.refuseZooKeeperEra()
    await this.locked(() => this.checkpoint())
  }

  /**
   * Stores the image beside the log where those who come next would have much to replay. For whoever may write and has
   * read the log anyway; does nothing where nothing was read.
   */
  async storeImageIfDue(): Promise<void> {
    if (!this.reader.storedImageIsDue) return
    await this.locked(async () => {
      this.image()
      if (this.reader.storedImageIsDue) await this.storeImage()
    })
  }

  close(): void {
    this.reader.tail = undefined
    this.current = undefined
  }

  private async checkpoint(): Promise<void> {
    const image = this.image()
    this.refuseNewer(image)
    // A transaction that never ended is not in the image; the next append aborts it.
    if (this.reader.isEmpty || this.reader.replay.inTransaction) return
    const { checkpointAndTrim } = await import('./metadata-append.ts')
    checkpointAndTrim({ os: this.os, reader: this.reader, image })
    this.reader.tail = undefined
  }

  /** Needs the lock and the newest image. */
  private async storeImage(): Promise<void> {
    const { reader } = this
    const { place } = reader
    const parts = this.current?.parts
    if (place === undefined || parts === undefined || parts.newerThanKnown !== undefined) return
    const { writeStoredImage } = await import('./stored-image-writer.ts')
    reader.stored(writeStoredImage(this.os.fs, reader.folder, place, parts))
  }

  private tellOfIllegalTopics({ parts }: MetadataImage): void {
    for (const [id, name] of parts.illegalTopics) {
      if (this.told.has(id)) continue
      this.told.add(id)
      this.options.warn?.(
        `${this.logDir}: the metadata has a topic named ${JSON.stringify(name)}, which is no topic's name; it is passed over`,
      )
    }
  }

  private checkpointIsDue(): boolean {
    this.image()
    const { replayedBytes, checkpointSize } = this.reader
    const floor = this.options.checkpointAfterBytes ?? CHECKPOINT_AFTER_BYTES
    return replayedBytes > Math.max(floor, CHECKPOINT_AFTER_FACTOR * checkpointSize)
  }

  /** Runs `action` under the metadata lock: `.tkafka-lock` in the log's folder, the whole file, freed by the kernel. */
  private async locked<T>(action: () => Promise<T>): Promise<T> {
    const { fs, locks } = this.os
    const folder = `${this.logDir}/${METADATA_LOG_FOLDER}`
    if (fs.stat(folder) === undefined) {
      this.identity()
      fs.mkdir(folder)
      fs.fsyncDir(this.logDir)
    }
    const path = `${folder}/.tkafka-lock`
    const fd = openLockFile(fs, path)
    try {
      await waitForLock(this.os, path, () => locks.tryLock(fd, 'exclusive'))
      return await action()
    } finally {
      fs.close(fd)
    }
  }

  private reloaded(): boolean {
    try {
      this.reader.load()
    } catch (error) {
      this.reader.tail = undefined
      throw error
    }
    return true
  }

  private refuseNewer(image: MetadataImage): void {
    if (image.newerThanKnown === undefined) return
    throw new TerseError(
      `${this.logDir}: metadata newer than known (${image.newerThanKnown}); it can only be read`,
    )
  }

  private refuseZooKeeperEra(): void {
    if (!this.isZooKeeperEra) return
    throw new TerseError(
      `${this.logDir} is a log directory of Kafka's ZooKeeper era: its topics are not in the directory, so it can only be read`,
    )
  }
}
