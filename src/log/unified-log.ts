/**
 * One partition's log on disk, for many processes without a daemon.
 *
 * The disk is the truth: ends and segments held here are a cache, looked at anew under the partition's lock
 * (`.tkafka-lock` in the folder, whole file) before anything is written. Readers take no lock and change nothing.
 * A crash at any point leaves whole batches and at most a torn tail, which the next writer cuts before its first append.
 */
import { dirname } from 'node:path'
import type { Int64 } from '../bytes/int64.ts'
import { type CorruptRecordError, TerseError } from '../errors.ts'
import { LockBusyError } from '../os/lock-wait.ts'
import type { Os } from '../os/os.ts'
import type { FetchedData } from '../record/fetched-data.ts'
import { unlessDiskFull } from './full-disk.ts'
import { LeaderEpochFileCache } from './leader-epoch-file-cache.ts'
import type { LocalLog } from './local-log.ts'
import type { LogAppendInfo } from './log-append-info.ts'
import { LogAppender } from './log-appender.ts'
import { type ClosedLog, closedLog, closeLikeBroker } from './log-closer.ts'
import type { LogConfig } from './log-config.ts'
import { LogDirCheckpoints } from './log-dir-checkpoints.ts'
import { LogFlusher } from './log-flusher.ts'
import { LogReader } from './log-reader.ts'
import { LogRoller } from './log-roller.ts'
import { type LogSettings, settingsOf } from './log-settings.ts'
import { newLogStart, noteLogStart } from './log-start.ts'
import { validateBatches } from './log-validator.ts'
import type { EndDamage } from './opening/end-damage.ts'
import { judgedLog } from './opening/known-end.ts'
import { bringInOrder, mendTail } from './opening/log-preparation.ts'
import type { RecoveryReport } from './opening/log-recovery.ts'
import { PartitionFolder } from './partition-folder.ts'
import { PartitionLock } from './partition-lock.ts'
import type { ProducerStateEntry } from './producers/producer-snapshot.ts'
import { ProducerStateKeeper } from './producers/producer-state-keeper.ts'
import { basesBelow, deleteSegments } from './segment/segment-files.ts'
import { describeSegments, type SegmentInfo, sizeOfSegments } from './segment/segment-info.ts'
import { findMaxTimestamp, findOffsetByTimestamp, type TimestampAndOffset } from './timestamp-lookup.ts'
import type { AppendOptions, ReadOptions, UnifiedLogOptions } from './unified-log-options.ts'

export class UnifiedLog {
  readonly dir: string
  readonly topic: string
  readonly partition: number
  readonly readOnly: boolean
  readonly #os: Os
  readonly #folder: PartitionFolder
  readonly #settings: LogSettings
  readonly #checkpoints: LogDirCheckpoints
  readonly #local: LocalLog
  readonly #epochs: LeaderEpochFileCache
  readonly #producers: ProducerStateKeeper
  readonly #flusher: LogFlusher
  readonly #roller: LogRoller
  readonly #appender: LogAppender
  readonly #reader: LogReader
  readonly #lock: PartitionLock
  /** What `prepare` ensures holds until the lock is released. */
  #prepared = false
  #logStartOffset: number | undefined

  private constructor(os: Os, dir: string, options: UnifiedLogOptions) {
    this.#os = os
    this.dir = dir
    this.topic = options.topic
    this.partition = options.partition
    this.readOnly = options.readOnly
    this.#folder = new PartitionFolder(os, dir, options)
    this.#settings = settingsOf(options)
    this.#checkpoints = options.checkpoints ?? new LogDirCheckpoints(os, dirname(dir))
    this.#local = judgedLog(os, dir, this.#settings.topicPartition, this.#checkpoints, options)
    this.#epochs = new LeaderEpochFileCache(os.fs, dir, options.warn)
    this.#producers = new ProducerStateKeeper(this.#local, this.#settings)
    this.#flusher = new LogFlusher(this.#local, this.#settings)
    this.#roller = new LogRoller(this.#local, this.#settings, this.#producers, this.#flusher)
    this.#appender = new LogAppender(
      this.#local,
      this.#settings,
      this.#epochs,
      this.#producers,
      this.#roller,
      this.#flusher,
    )
    this.#reader = new LogReader(this.#local, this.#settings.topicPartition, this.#producers, options.gapless)
    this.#lock = new PartitionLock(os, dir)
  }

  /** Touches nothing yet. A missing folder is an empty log for a reader, and made by a writer's first lock. */
  static open(os: Os, partitionDir: string, options: UnifiedLogOptions): UnifiedLog {
    return new UnifiedLog(os, partitionDir, options)
  }

  get config(): LogConfig {
    return this.#settings.config
  }

  set config(config: LogConfig) {
    this.#settings.config = config
  }

  get leaderEpoch(): number {
    return this.#settings.leaderEpoch
  }

  set leaderEpoch(epoch: number) {
    this.#settings.leaderEpoch = epoch
  }

  /** Offsets are as of the last look at the disk (the first use looks; `refresh` looks again). */
  get logStartOffset(): number {
    return this.#known.startOffset(this.#logStartOffset ?? 0)
  }

  get logEndOffset(): number {
    return Math.max(this.#known.endOffset, this.logStartOffset)
  }

  /** With one replica all that is written counts as replicated. */
  get highWatermark(): number {
    return this.logEndOffset
  }

  /** First offset of the oldest open transaction, else the log end. */
  get lastStableOffset(): number {
    const { firstUnstableOffset } = this.#producers.get(this.logStartOffset)
    return Math.max(firstUnstableOffset ?? this.logEndOffset, this.logStartOffset)
  }

  get producers(): readonly ProducerStateEntry[] {
    return [...this.#producers.get(this.logStartOffset).producers.values()]
  }

  get openTransactions(): [number, number][] {
    return this.#producers.get(this.logStartOffset).openTransactions()
  }

  /** Damage in the middle that was met so far: the log is not to be appended to. */
  get corruption(): CorruptRecordError | undefined {
    return this.#known.corrupt
  }

  get endDamage(): EndDamage | undefined {
    return this.#known.endDamage
  }

  refuseLostEnd(): void {
    this.#known.refuseLostEnd()
  }

  /** Looks at the disk again; cheap when nothing changed (a few stats). Returns true when something did. */
  refresh(): boolean {
    // A writer that took an unread log start for 0 would begin an emptied log at 0 again.
    const starts = this.#checkpoints.offsets('log-start', !this.readOnly)
    const start = starts.get(this.#settings.topicPartition)
    const moved = start !== this.#logStartOffset
    if (moved) this.#local.judgeAgain()
    this.#logStartOffset = start
    return this.#local.refresh() || moved
  }

  get locked(): boolean {
    return this.#lock.held
  }

  /** Takes `.tkafka-lock` if it is free. Makes the folder first when there is none. */
  tryLock(): boolean {
    this.#ensureFolder()
    return this.#lock.tryLock()
  }

  async lock(): Promise<void> {
    if (!this.tryLock()) await this.#lock.lock()
  }

  /** Only for a process that is alone in the log. @throws LockBusyError where that is not so */
  lockSync(): void {
    if (!this.tryLock()) throw new LockBusyError(this.dir, () => this.lock().then(() => this.unlock()))
  }

  unlock(): void {
    this.#prepared = false
    this.#lock.unlock()
  }

  /**
   * Appends whole encoded batches buffer[start, end). Needs the lock. Base offsets and leader epoch are patched in
   * the caller's buffer. One write for each segment touched. Throws KafkaError (nothing was written),
   * PartialAppendError (disk full or failing: says what was), TerseError when the partition is known to be corrupt.
   */
  append(buffer: Buffer, start: number, end: number, options: AppendOptions = {}): LogAppendInfo {
    this.#prepare()
    // Where this fails, what is in the log is looked at before anything else is done to it.
    this.#prepared = false
    this.#local.refuseCorrupt()
    const now = this.#os.clock.now()
    let batches = { buffer, start, end, logAppendTime: -1 }
    if (options.validate === true) {
      batches = validateBatches(buffer, start, end, this.config, this.#settings.topicPartition, now)
    }
    const info = this.#appender.append(
      batches.buffer,
      batches.start,
      batches.end,
      this.logStartOffset,
      batches.logAppendTime,
      options.freshProducerId ?? false,
    )
    this.#prepared = true
    return info
  }

  /**
   * Whole batches from the one that holds `offset`, about `maxBytes` of them, at least one. Throws KafkaError
   * OFFSET_OUT_OF_RANGE, or CorruptRecordError (read again before) when stored bytes at `offset` are damaged.
   */
  read(offset: number, maxBytes: number, options: ReadOptions = {}): FetchedData {
    if (offset >= this.#known.tail.nextOffset) this.refresh()
    const limit = options.isolation === 'read_committed' ? this.lastStableOffset : undefined
    return this.#reader.read(offset, maxBytes, this.logStartOffset, limit, options)
  }

  /** Behind a CorruptRecordError of read(offset): the next offset from which reading can go on. */
  skipCorrupt(offset: number): number {
    if (!this.#local.isLoaded) this.refresh()
    return this.#reader.skipCorrupt(offset)
  }

  /** First record with a timestamp at or above `timestamp` (ms). */
  offsetForTimestamp(timestamp: Int64): TimestampAndOffset | undefined {
    return findOffsetByTimestamp(this.#local, timestamp, this.logStartOffset)
  }

  /** The first record with the largest timestamp. */
  maxTimestampOffset(): TimestampAndOffset | undefined {
    return findMaxTimestamp(this.#local, this.logStartOffset)
  }

  leaderEpochFor(offset: number): number {
    return this.#epochs.epochFor(offset)
  }

  get latestEpoch(): number {
    return this.#epochs.latestEpoch ?? -1
  }

  /** Begins a new segment (needs the lock). Nothing happens on an empty active segment. */
  roll(): void {
    this.#prepare()
    this.#local.refuseCorrupt()
    this.#prepared = false
    this.#roller.roll(this.logStartOffset)
  }

  /** Syncs all that this process wrote since the last flush, and the folder's names for new files. */
  flush(): void {
    this.#flusher.flush()
  }

  /** The same on the thread pool; what is written meanwhile is left for the next one. */
  flushInBackground(): Promise<void> {
    return this.#flusher.flushInBackground()
  }

  /**
   * Moves the log start offset up (needs the lock), on a full disk, too (log-start.ts); segments wholly below it are
   * deleted. -1 means the high watermark. Returns the log start offset.
   */
  deleteRecordsBefore(offset: number): number {
    this.#prepare(false)
    const target = newLogStart(offset, this.highWatermark, this.#settings.topicPartition)
    if (target > this.logStartOffset) {
      const starts = new Map([[this.#settings.topicPartition, target]])
      const note = () => this.#checkpoints.update('log-start', starts)
      const changed = () => this.#flusher.folderChanged()
      noteLogStart(this.#local, this.#roller, { from: this.logStartOffset, to: target }, note, changed)
      this.#logStartOffset = target
    }
    this.deleteSegments(basesBelow(this.#local, this.logStartOffset))
    return this.logStartOffset
  }

  /** Deletes segments (needs the lock): renames all their files, unlinks them when file.delete.delay.ms is 0. */
  deleteSegments(baseOffsets: readonly number[]): void {
    this.#prepare(false)
    if (baseOffsets.length === 0) return
    deleteSegments(this.#local, this.config.fileDeleteDelayMs, baseOffsets, (base) =>
      this.#roller.begin(base),
    )
    this.#flusher.folderChanged()
    this.#producers.forget()
    unlessDiskFull(() => this.#epochs.truncateFromStart(this.logStartOffset))
  }

  scanSegments(): SegmentInfo[] {
    return describeSegments(this.#known)
  }

  get size(): number {
    return sizeOfSegments(this.#known)
  }

  /** Best effort: poll slowly beside it. Throws when watches ran out. */
  onChange(callback: () => void): { close(): void } {
    return this.#folder.watch(callback)
  }

  /**
   * What a broker does at a clean stop (needs the lock). Returns what belongs into the root's checkpoints. Throws the
   * CorruptRecordError of damage in the middle, or the SideFileError of an index that cannot be brought in order, when
   * all else is done.
   */
  closeAsBroker(): ClosedLog {
    // Also where this process prepared it: an index that could not be written then is looked at again.
    this.#prepared = false
    this.refresh()
    if (this.#local.endDamage !== undefined) throw this.#local.endDamage.error
    this.#prepare()
    const recoveryPoint = this.#checkpoints.offset('recovery-point', this.#settings.topicPartition) ?? 0
    this.#flusher.syncForeignNames()
    closeLikeBroker(
      this.#local,
      this.#settings,
      this.#roller,
      this.logStartOffset,
      recoveryPoint,
      (segment) => this.#flusher.isSynced(segment),
    )
    this.#flusher.flush()
    const { corrupt } = this.#local
    const unclosed = corrupt ?? this.#local.segments.find(({ indexFault }) => indexFault)?.indexFault
    if (unclosed !== undefined) throw unclosed
    return closedLog(this.#local, this.logStartOffset, this.logEndOffset)
  }

  /**
   * Checks every batch from the recovery point on, for a directory that nobody closed: a torn end is cut, indexes,
   * aborted transactions and epochs are mended, damage in the middle is told. Needs the lock.
   */
  async recover(): Promise<RecoveryReport> {
    const { recoverSegments } = await import('./opening/log-recovery.ts')
    this.refresh()
    if (this.#local.endDamage === undefined) this.#prepare(false)
    const from = this.#checkpoints.offset('recovery-point', this.#settings.topicPartition) ?? 0
    const report = recoverSegments(this.#local, this.#settings, this.#epochs, this.logStartOffset, from)
    this.#producers.forget()
    this.#prepared = false
    this.#flusher.folderChanged()
    this.#flusher.flush()
    return report
  }

  /** Closes descriptors; what was read stays known, and they are opened again when needed. */
  releaseFiles(): void {
    if (!this.#flusher.isBusy) this.#local.close()
  }

  /** Releases lock, descriptors and watches. Safe to call twice. */
  close(): void {
    this.#folder.closeWatches()
    this.unlock()
    this.#lock.close()
    // A descriptor in use by a background sync must not be closed under it: its number may be given away.
    if (this.#flusher.isBusy) void this.#flusher.idle().then(() => this.#local.close())
    else this.#local.close()
  }

  /** Looked at, if never before. */
  get #known(): LocalLog {
    if (!this.#local.isLoaded) this.refresh()
    return this.#local
  }

  #ensureFolder(): void {
    if (this.readOnly) throw new TerseError(`${this.dir}: opened for reading only`)
    this.#prepared = false
    if (this.#folder.ensure()) this.#flusher.folderChanged(true)
  }

  /** Under the lock, once: what others did, what a crash left behind. With `repair` the tail is ready to append to. */
  #prepare(repair = true): void {
    if (!this.#lock.held) throw new TerseError(`${this.dir}: written to without its lock`)
    if (this.#prepared) return
    this.refresh()
    this.#local.refuseLostEnd()
    if (bringInOrder(this.#local, this.config, this.#logStartOffset ?? 0, (base) => this.#begin(base))) {
      this.#producers.forget()
      this.#flusher.folderChanged()
    }
    if (!repair || this.#local.corrupt !== undefined) return
    mendTail(this.#local, this.#settings)
    this.#epochs.forget()
    this.#prepared = true
  }

  #begin(baseOffset: number): void {
    this.#folder.ensureMetadata()
    this.#roller.begin(baseOffset)
    this.#producers.forget()
  }
}
