/**
 * What entering and leaving mean for logs and metadata: making a directory, closing what was written to, and the check
 * of a directory that nobody closed.
 *
 * Making one: `.tkafka` first (so a half-made directory is known to be ours and empty), the metadata log, the marker,
 * meta.properties last (format-directory.ts). Crash: meta.properties is missing, everything is made anew.
 */
import { basename, join } from 'node:path'
import { count } from '../../count.ts'
import { CorruptRecordError, TerseError } from '../../errors.ts'
import { isDiskFull } from '../../log/full-disk.ts'
import type { LogConfig } from '../../log/log-config.ts'
import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import { DAMAGE_FILE, markDamage, markedEnd } from '../../log/opening/damage-mark.ts'
import { readPartitionMetadata } from '../../log/partition-metadata.ts'
import { isFileError, isNotPermitted, SideFileError } from '../../log/side-file.ts'
import { UnifiedLog } from '../../log/unified-log.ts'
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts'
import type { MetadataLog } from '../../metadata/metadata-log.ts'
import { writeFully } from '../../os/file-system.ts'
import { LockWaitError, whenFree } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import { MADE_BY_TKAFKA_FILE } from './data-dir.ts'
import type { CheckedDirectory, SessionWork } from './log-dir-session.ts'
import { finishPartitionsInMaking } from './new-partitions.ts'
import { type ListedDirs, removeQuietly } from './open-partitions.ts'
import { closingOf } from './partition-closing.ts'
import type { Quorum } from './quorum.ts'

const MADE_BY_TKAFKA = `This Kafka log directory was made by tkafka, so tkafka applies the topics' retention to it.
A genuine Kafka broker may take it over at any time; this file may stay.
`

type PartitionState = 'closed' | 'damaged' | 'unclosed' | 'damaged and unclosed'

/** What entering and leaving need of a directory: LocalDirectory has it. */
export interface WorkedDirectory {
  readonly path: string
  readonly checkpoints: LogDirCheckpoints
  readonly clean: boolean
  readonly logDirs: ListedDirs | undefined
  exists(): boolean
  folder(name: string): string
  newFolder(name: string): string
  warn(line: string): void
  finishDeletions(): Promise<void>
  image(): MetadataImage
  metadata(): MetadataLog
  quorum(): Quorum
  /** Only for a process that is alone: makes what a partition's folder lacks. */
  mendFolder(topic: string, partition: number): void
  logConfig(topic: string): LogConfig
  serverProperties(): ReadonlyMap<string, string>
  /** Forgets what was found out about the path. */
  refresh(): unknown
}

export class DirectoryWork implements SessionWork {
  readonly #os: Os
  readonly #directory: WorkedDirectory
  /** The logs that were handed out for writing, by `topic-partition topicId`. */
  readonly #logs: Map<string, UnifiedLog>
  readonly #recoveryPoints = new Map<string, number>()

  constructor(os: Os, directory: WorkedDirectory, logs: Map<string, UnifiedLog>) {
    this.#os = os
    this.#directory = directory
    this.#logs = logs
  }

  async prepare(): Promise<void> {
    if (!this.#directory.exists()) await this.#make()
    else this.#directory.checkpoints.mend((line) => this.#directory.warn(line))
    await this.#directory.finishDeletions()
    this.finish()
  }

  finish(): void {
    finishPartitionsInMaking(this.#os, this.#directory)
  }

  brokerEpoch(): number {
    const image = this.#directory.image()
    return image.brokers.get(image.nodeId)?.epoch ?? -1
  }

  async checkWhole(): Promise<CheckedDirectory> {
    const directory = this.#directory
    if (directory.quorum().source !== undefined) {
      // A broker that recovers tells the others that it may have lost records; we cannot.
      throw new TerseError(
        `${directory.path}: was not closed in order, and is one of several: start its broker, which recovers it with the others`,
      )
    }
    directory.checkpoints.noted?.forget()
    const damaged: string[] = []
    const unclosed: string[] = []
    const image = directory.image()
    for (const topic of image.topicImages()) {
      for (const { partition } of topic.partitions) {
        const state = await this.#checkPartition(topic, partition)
        if (state === 'damaged' || state === 'damaged and unclosed')
          damaged.push(`${topic.name}-${partition}`)
        if (state === 'unclosed' || state === 'damaged and unclosed')
          unclosed.push(`${topic.name}-${partition}`)
      }
    }
    await this.closed()
    const { emptyPreallocatedIndexes, restRecords } = await import('./rest-state.ts')
    emptyPreallocatedIndexes(this.#os, directory.path)
    if (restRecords(image).length > 0) await directory.metadata().append(restRecords)
    return { damaged, unclosed }
  }

  /** A partition that cannot be read is told, and stays open: those who write elsewhere have no part in that. */
  async #checkPartition(topic: TopicImage, partition: number): Promise<PartitionState> {
    const dir = this.#directory.folder(`${topic.name}-${partition}`)
    try {
      this.#directory.mendFolder(topic.name, partition)
      const log = this.#open(topic, partition)
      if (log === undefined) return 'closed'
      try {
        await log.lock()
        return await this.#recover(log)
      } finally {
        log.close()
      }
    } catch (error) {
      if (!isFileError(error) || isDiskFull(error) || error instanceof TerseError) throw error
      this.#directory.warn(tellUnclosed(dir, error))
      return 'unclosed'
    }
  }

  async #recover(log: UnifiedLog): Promise<PartitionState> {
    const { cutBytes, corrupt } = await log.recover()
    if (cutBytes > 0)
      this.#directory.warn(
        `${log.dir}: ${count(cutBytes, 'torn byte at the end was', 'torn bytes at the end were')} cut`,
      )
    for (const error of corrupt) this.#damaged(log, error)
    const closed = log.endDamage !== undefined || this.#close(log)
    if (corrupt.length === 0) return closed ? 'closed' : 'unclosed'
    return closed ? 'damaged' : 'damaged and unclosed'
  }

  isDamaged(name: string): boolean {
    // A name from `.tkafka-open`, where anybody may have written it.
    if (basename(name) !== name) return false
    const folder = this.#directory.folder(name)
    const isMarked = this.#os.fs.stat(join(folder, DAMAGE_FILE)) !== undefined
    if (isMarked && markedEnd(this.#os, folder) === undefined) return true
    const dash = name.lastIndexOf('-')
    const topic = this.#directory.image().topic(name.slice(0, dash))
    const log = topic === undefined ? undefined : this.#open(topic, Number(name.slice(dash + 1)))
    try {
      // Of a format that is not read here: no mark says so, for nothing in such a folder is changed.
      if (log?.endDamage !== undefined) return true
      // Somebody brought the file back.
      if (isMarked) removeQuietly(this.#os, join(folder, DAMAGE_FILE))
      return false
    } finally {
      log?.close()
    }
  }

  async closePartition(name: string): Promise<boolean> {
    const dash = name.lastIndexOf('-')
    const topic = this.#directory.image().topic(name.slice(0, dash))
    if (topic === undefined) return true
    const own = this.#logs.get(`${name} ${topic.id}`)
    const log = own ?? this.#open(topic, Number(name.slice(dash + 1)))
    if (log === undefined) return true
    const locked = log.locked
    try {
      if (!locked) await log.lock()
      return this.#close(log) && log.endDamage === undefined
    } catch (error) {
      // This process closes what it wrote itself. Another user's partition stays listed until a process may read and write it.
      if (own !== undefined || !isFileError(error)) throw error
      if (!isDiskFull(error) && !isNotPermitted(error)) this.#directory.warn(tellUnclosed(log.dir, error))
      return false
    } finally {
      if (own === undefined) log.close()
      else if (!locked) log.unlock()
    }
  }

  /**
   * Recovery points move only when a segment was rolled: they tell a check where to begin, and the active segment is
   * looked at anyway.
   */
  async closed(): Promise<void> {
    await whenFree(() => this.#directory.checkpoints.update('recovery-point', this.#recoveryPoints))
    this.#recoveryPoints.clear()
    this.#directory.checkpoints.noted?.write()
  }

  left(): void {
    for (const log of this.#logs.values()) log.close()
    this.#logs.clear()
  }

  /** undefined where there is no such folder, or it belongs to a topic that is no more. */
  #open(topic: TopicImage, partition: number): UnifiedLog | undefined {
    const dir = this.#directory.folder(`${topic.name}-${partition}`)
    if (topic.partitions[partition] === undefined) return undefined
    if (this.#os.fs.stat(dir)?.isDirectory() !== true) return undefined
    const id = readPartitionMetadata(this.#os.fs, dir)
    if (id !== undefined && id !== topic.id) return undefined
    return UnifiedLog.open(this.#os, dir, {
      topic: topic.name,
      partition,
      config: this.#directory.logConfig(topic.name),
      leaderEpoch: topic.partitions[partition].leaderEpoch,
      readOnly: false,
      topicId: topic.id,
      isTopic: () => this.#directory.image().topicById(topic.id) !== undefined,
      checkpoints: this.#directory.checkpoints,
      closing: () => closingOf(this.#os, this.#directory, `${topic.name}-${partition}`),
      warn: (line) => this.#directory.warn(line),
    })
  }

  /**
   * Cuts a torn tail, closes the files as a broker does. Damage in the middle stays as it is, and is told. False where a
   * file beside the log is not in order, which was told: no clean marker may vouch for it.
   */
  #close(log: UnifiedLog): boolean {
    const name = `${log.topic}-${log.partition}`
    try {
      const { recoveryPoint, activeBaseOffset } = log.closeAsBroker()
      const { checkpoints } = this.#directory
      const topicId = this.#directory.image().topic(log.topic)?.id
      if (topicId !== undefined) checkpoints.noted?.closed(name, topicId, recoveryPoint)
      const before = checkpoints.offset('recovery-point', name) ?? 0
      if (before < activeBaseOffset) this.#recoveryPoints.set(name, recoveryPoint)
    } catch (error) {
      if (error instanceof SideFileError) return false
      if (!(error instanceof CorruptRecordError)) throw error
      this.#damaged(log, error)
    }
    return true
  }

  #damaged(log: UnifiedLog, error: CorruptRecordError): void {
    const { endDamage } = log
    if (endDamage?.unread === true) this.#directory.warn(`${error.message}; it stays as it is`)
    else if (markDamage(this.#os, log.dir, error, endDamage?.endOffset)) this.#directory.warn(error.message)
  }

  async #make(): Promise<void> {
    const { fs } = this.#os
    const { path } = this.#directory
    const fd = fs.open(join(path, MADE_BY_TKAFKA_FILE), 'w')
    try {
      const bytes = Buffer.from(MADE_BY_TKAFKA)
      writeFully(fs, fd, bytes, 0, bytes.length, null)
    } finally {
      fs.close(fd)
    }
    fs.fsyncDir(path)
    const { formatDirectory } = await import('../../metadata/format-directory.ts')
    const { futureClusterId } = await import('./future-cluster-id.ts')
    const nodeId = Number(this.#directory.serverProperties().get('node.id') ?? 1)
    formatDirectory(this.#os, path, { nodeId, clusterId: futureClusterId(this.#os, path) })
    this.#directory.refresh()
  }
}

function tellUnclosed(dir: string, error: unknown): string {
  const { path, message } = SideFileError.of(dir, error)
  const why = message.startsWith(`${path}: `) ? message.slice(path.length + 2) : message
  const what = error instanceof LockWaitError ? 'was not closed' : 'was not read to its end'
  return `${dir}: ${what}, so it is left as it is and the directory counts as in use: ${why}`
}
