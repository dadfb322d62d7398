/**
 * A data directory for those who administer, produce and consume: what it is, its metadata, its logs, and the session in which it is
 * written to. log/ decides what is written into a partition, log-dir-session.ts decides who may enter.
 */
import { KafkaError, TerseError } from '../../errors.ts'
import { DEFAULT_LOG_CONFIG, type LogConfig } from '../../log/log-config.ts'
import { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import { UnifiedLog } from '../../log/unified-log.ts'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import type { MetadataImage, PartitionImage, TopicImage } from '../../metadata/metadata-image.ts'
import { whyElsewhere, whyNotWritable } from '../../metadata/replica-place.ts'
import { LockWaits, tellOfHolder, whenFree } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import { resolveTopicConfig } from '../settings/topic-config-resolver.ts'
import { explained, explaining, makeDataDir } from './data-dir.ts'
import { endTransactionsOfTheDead } from './dead-transactions.ts'
import { DirectoryReader, type LocalDirectoryOptions } from './directory-reader.ts'
import { type DirectoryStatus, directoryStatus } from './directory-status.ts'
import { DirectoryWork } from './directory-work.ts'
import { LogDirSession } from './log-dir-session.ts'
import { placedPartitions } from './log-dirs.ts'
import { findLostPartition, tellOfLost } from './lost-partition.ts'
import { warnOfNetworkDisk } from './network-disk.ts'
import { finishPartitionFolder, makePartitionFolders } from './new-partitions.ts'
import { closingOf, isGapless, notedEnds } from './partition-closing.ts'
import { isNoFolder, PartitionFolders } from './partition-folders.ts'
import { announcePartitions } from './partitions-in-making.ts'
import { allocateProducerId, takeProducerIdBlock } from './producer-id-allocator.ts'
import { type Quorum, readQuorum, refuseForeignMetadata } from './quorum.ts'
import { whyReadOnly } from './read-only.ts'
import { uncleanFrom } from './unclean-end.ts'

export type { LocalDirectoryOptions } from './directory-reader.ts'

export class LocalDirectory extends DirectoryReader {
  readonly checkpoints: LogDirCheckpoints
  /** How its client waits for locks, and for how long. */
  readonly waits: LockWaits
  readonly #session: LogDirSession
  readonly #folders: PartitionFolders
  #propertiesChecked = false
  readonly #logs = new Map<string, UnifiedLog>()
  readonly #readers = new Map<string, UnifiedLog>()

  static open(os: Os, path: string, options: LocalDirectoryOptions = {}): LocalDirectory {
    return new LocalDirectory(os, path, options)
  }

  /** The same directory with logs and locks; metadata that was read is not read again. */
  static of(reader: DirectoryReader): LocalDirectory {
    if (reader instanceof LocalDirectory) return reader
    const whole = new LocalDirectory(reader.os, reader.path, reader.options)
    whole.takeOver(reader)
    return whole
  }

  private constructor(os: Os, path: string, options: LocalDirectoryOptions) {
    const waits = new LockWaits((line) => this.warn(line), options.waitLimit)
    super({ ...os, waits }, path, options)
    this.checkpoints = new LogDirCheckpoints(this.os, path, notedEnds(this.os, this), this.logDirs)
    this.#folders = new PartitionFolders(this.os, this, (line) => this.warn(line))
    this.#session = new LogDirSession(
      this.os,
      path,
      new DirectoryWork(this.os, this, this.#logs),
      this.logDirs,
    )
    this.waits = waits
  }

  /** Says who holds a lock that is waited for by other means. */
  tellOfHolder(file: string, what: string, pid: number | undefined): void {
    tellOfHolder(this.os, file, what, pid === undefined ? undefined : this.os.locks.holder?.(pid))
  }

  /** Becomes a writer, who (but one who `mends`) ends dead transactions; counted. Makes the directory. @throws TerseError that says why not */
  async enter(mends = false): Promise<void> {
    const isFirst = !this.#session.entered
    if (isFirst) {
      await this.checkServerProperties()
      this.#prepareToEnter()
      warnOfNetworkDisk(this.os, this.path, (line) => this.warn(line))
    }
    await this.#session.enter().catch((error: unknown) => {
      throw explained(this.os, this.path, error)
    })
    if (isFirst && !mends) await endTransactionsOfTheDead(this.os, this)
  }

  /** The pair of `enter`. The last one out closes what was written to and puts the clean marker back. */
  async leave(): Promise<void> {
    try {
      // A help for those who come next: that it fails is no failure.
      const stored = async () => this.metadata().storeImageIfDue()
      await stored().catch(() => {})
      await this.#session.leave()
    } catch (error) {
      throw explained(this.os, this.path, error)
    }
  }

  /** Does `work` as a writer: `enter` before, `leave` behind it, however it ends. */
  async session<T>(work: () => Promise<T>, mends = false): Promise<T> {
    await this.enter(mends)
    try {
      return await work()
    } finally {
      await this.leave()
    }
  }

  async alter(build: (image: MetadataImage) => readonly MetadataRecord[]): Promise<MetadataImage> {
    if (this.exists()) this.refuseForeignMetadata()
    return this.session(async () => {
      try {
        await whenFree(() => this.#session.verify())
        return await this.metadata().append((image) => {
          const built = build(image)
          const records = this.logDirs === undefined ? built : placedPartitions(image, this.logDirs, built)
          announcePartitions(this.os, this.path, records)
          return records
        })
      } catch (error) {
        throw explained(this.os, this.path, error)
      }
    })
  }

  /** A folder that is missing (that is told), or is of an older topic of that name, reads as an empty log. */
  logForReading(topic: string, partition: number): UnifiedLog {
    const [topicImage, partitionImage, image] = this.#partition(topic, partition)
    const name = `${topic}-${partition}`
    const key = `${name} ${topicImage.id}`
    const known = this.#readers.get(key)
    // Another topic's folder was in the way: it may have gone meanwhile.
    if (known !== undefined && !isNoFolder(known.dir)) return known
    const elsewhere = this.elsewhere(topic, partition, image)
    if (elsewhere !== undefined) {
      throw new KafkaError('KAFKA_STORAGE_ERROR', `${this.path}: ${name} is not here: ${elsewhere} keeps it`)
    }
    const folder = this.#folders.forReading(name, topicImage.id)
    if (this.os.fs.stat(folder) === undefined && !isNoFolder(folder)) {
      const lost = findLostPartition(this.os, this, topic, partition)
      const line = lost && tellOfLost(lost)
      if (line !== undefined) this.warn(line)
    }
    const log = UnifiedLog.open(this.os, folder, {
      topic,
      partition,
      config: DEFAULT_LOG_CONFIG,
      leaderEpoch: partitionImage.leaderEpoch,
      readOnly: true,
      topicId: topicImage.id,
      checkpoints: this.checkpoints,
      gapless: () => isGapless(this, topic, partition),
      uncleanFrom: () => uncleanFrom(this.os, this, name),
      closing: () => closingOf(this.os, this, name),
    })
    this.#readers.set(key, log)
    return log
  }

  /**
   * By whom a partition is kept whose records are not in this directory, though the metadata names it: other nodes, or
   * another of the log.dirs. undefined where they are here, or should be.
   */
  elsewhere(topic: string, partition: number, image = this.image()): string | undefined {
    const found = image.topic(topic)?.partitions[partition]
    if (found === undefined) return undefined
    const hasFolder = () => this.os.fs.stat(this.folder(`${topic}-${partition}`)) !== undefined
    const where = whyElsewhere(image, found, hasFolder)
    return where === undefined || hasFolder() ? undefined : where
  }

  /** Why nothing may be written to a partition here, in one line; undefined where it may. */
  whyNotWritable(topic: string, partition: number, image = this.image()): string | undefined {
    const found = image.topic(topic)?.partitions[partition]
    if (found === undefined) return undefined
    const why = whyNotWritable(
      image,
      found,
      () => this.os.fs.stat(this.folder(`${topic}-${partition}`)) !== undefined,
    )
    return why && `${this.path}: ${topic}-${partition} ${why}; start the brokers and use --bootstrap-server`
  }

  /** Whose the metadata log is. */
  quorum(): Quorum {
    const found = this.inspect()
    const image = this.image()
    if (found.kind !== 'log-dir') return { voters: [image.nodeId], leaderId: undefined, source: undefined }
    return readQuorum(this.os, this.path, image.nodeId, image, this.serverProperties())
  }

  /** @throws TerseError where a change of the metadata would be lost when the brokers start */
  refuseForeignMetadata(): void {
    const image = this.image()
    refuseForeignMetadata(this.path, image.nodeId, this.quorum(), image)
  }

  /**
   * Needs a session. Lists the partition as open (the first one in a clean directory takes the marker away) and sees
   * to its folder. Config and leader epoch follow the metadata at each call. Good until `leave`, which closes it.
   * @throws LockBusyError where somebody else is entering or leaving just now: `openForWriting` waits for that
   */
  logForWriting(topic: string, partition: number): UnifiedLog {
    const [topicImage, partitionImage, image] = this.#partition(topic, partition)
    const name = `${topic}-${partition}`
    const refusal = this.whyNotWritable(topic, partition, image)
    if (refusal !== undefined) throw new TerseError(refusal)
    return explaining(this.os, this.path, () => {
      const config = this.logConfig(topic)
      const key = `${name} ${topicImage.id}`
      const known = this.#logs.get(key)
      if (known !== undefined) {
        this.#session.writing(name)
        known.config = config
        known.leaderEpoch = partitionImage.leaderEpoch
        return known
      }
      this.#beginLostAnew(topic, partition)
      const session = this.#session
      const log = UnifiedLog.open(this.os, this.#folders.forWriting(name, topicImage.id), {
        topic,
        partition,
        config,
        leaderEpoch: partitionImage.leaderEpoch,
        readOnly: false,
        get namesDurableBefore() {
          return session.cleanUntil
        },
        warn: (line) => this.warn(line),
        topicId: topicImage.id,
        isTopic: () => this.image().topicById(topicImage.id) !== undefined,
        checkpoints: this.checkpoints,
        closing: () => closingOf(this.os, this, name),
      })
      // Before it is listed as open: what tells of the end holds for a partition that was closed.
      log.refuseLostEnd()
      this.#session.writing(name)
      this.#logs.set(key, log)
      return log
    })
  }

  async openForWriting(topic: string, partition: number): Promise<UnifiedLog> {
    return whenFree(() => this.logForWriting(topic, partition))
  }

  /**
   * Says that a partition's files are about to be changed, as `logForWriting` does by itself. Needs a session.
   * @throws LockBusyError
   */
  listAsOpen(topic: string, partition: number): void {
    this.#session.writing(`${topic}-${partition}`)
  }

  /** The folders of a topic that was just made, as a broker makes them at once. Needs a session. */
  makePartitionFolders(topic: TopicImage): void {
    explaining(this.os, this.path, () => makePartitionFolders(this.os, this, topic, this.image()))
  }

  logConfig(topic: string): LogConfig {
    if (this.options.config !== undefined) return this.options.config(topic)
    return resolveTopicConfig(this.image(), this.serverProperties(), topic)
  }

  /** A producer id that nobody used before. Needs a session. */
  async nextProducerId(): Promise<number> {
    try {
      return await allocateProducerId(this.os, this.path, {
        nextUncovered: () => this.image().nextProducerId,
        takeBlock: async () => {
          let first = 0
          await this.alter((image) => {
            first = image.nextProducerId
            return [takeProducerIdBlock(image)]
          })
          return first
        },
      })
    } catch (error) {
      throw explained(this.os, this.path, error)
    }
  }

  /**
   * Removes topics from the metadata and their folders from the disk. Crash between the two: the next writer removes
   * the folders (partition-folders.ts). Offsets that groups committed for them are the caller's to remove.
   */
  async deleteTopics(names: readonly string[]): Promise<void> {
    if (this.exists()) this.refuseForeignMetadata()
    await this.session(async () => {
      const topics = names.map((name) => this.#topic(name))
      this.#folders.announceDeletion(topics)
      await this.alter(() => topics.map((topic) => ({ type: 'RemoveTopicRecord', topicId: topic.id })))
      for (const topic of topics) this.#closeLogs(` ${topic.id}`)
      await this.#folders.finishDeletions(this.image(), topics)
    })
  }

  status(): DirectoryStatus {
    const { kind } = this.inspect()
    return directoryStatus(this.os, this.path, kind, this.exists() && !this.adopted, () => this.clean)
  }

  /** Closes every log that was handed out; leaves when somebody forgot to. */
  override async close(): Promise<void> {
    try {
      while (this.#session.entered) await this.leave()
    } finally {
      this.#closeLogs('')
      await super.close()
    }
  }

  finishDeletions(): Promise<void> {
    return this.#folders.finishDeletions(this.image())
  }

  /** Only for a process that is alone: makes what a partition's folder lacks. */
  mendFolder(topic: string, partition: number): void {
    const [topicImage, partitionImage] = this.#partition(topic, partition)
    if (this.elsewhere(topic, partition) !== undefined) return
    this.#beginLostAnew(topic, partition, false)
    finishPartitionFolder(this.os, this.newFolder(`${topic}-${partition}`), topicImage, partitionImage)
  }

  /** Says what went with a missing folder; what is written next goes on at the last offset that is known of. */
  #beginLostAnew(topic: string, partition: number, telling = true): void {
    const lost = findLostPartition(this.os, this, topic, partition)
    if (lost === undefined) return
    const { folder, known, inMaking } = lost
    if (known !== undefined) {
      this.checkpoints.update('log-start', new Map([[`${topic}-${partition}`, known.offset]]))
      this.warn(
        `${folder}: the partition's folder was missing, and with it offsets up to ${known.offset - 1} ` +
          `(${known.source} tells); made anew, going on at offset ${known.offset}`,
      )
    } else if (telling && !inMaking)
      this.warn(`${folder}: the partition's folder was missing; made anew, empty`)
  }

  /** For whoever means to write. Once, as the file is read once. @throws TerseError naming file, setting and value */
  async checkServerProperties(): Promise<void> {
    // What is no log directory says so first.
    this.inspect()
    const properties = this.serverProperties()
    if (properties.size === 0 || this.#propertiesChecked) return
    const { checkServerProperties } = await import('../settings/server-properties-check.ts')
    checkServerProperties(this.path, properties)
    this.#propertiesChecked = true
  }

  /** @throws TerseError where a directory of this kind is never written to */
  refuseReadOnly(): void {
    const readOnly = whyReadOnly(this.path, this.inspect())
    if (readOnly !== undefined) throw new TerseError(readOnly)
  }

  #prepareToEnter(): void {
    const found = this.inspect()
    this.logDirs?.refuseUnnamed()
    if (found.kind === 'missing') makeDataDir(this.os, this.path)
    this.refuseReadOnly()
    if (found.kind !== 'log-dir') return
    const newer = this.image().newerThanKnown
    if (newer !== undefined) {
      throw new TerseError(
        `${this.path}: its metadata is newer than this tkafka knows (${newer}), so it is only read; update tkafka`,
      )
    }
    this.logDirs?.refuseUnregistered(this.image())
  }

  #topic(name: string): TopicImage {
    const topic = this.image().topic(name)
    if (topic === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return topic
  }

  #partition(topic: string, partition: number): [TopicImage, PartitionImage, MetadataImage] {
    const image = this.image()
    const topicImage = image.topic(topic)
    const found = topicImage?.partitions[partition]
    if (topicImage === undefined || found === undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    return [topicImage, found, image]
  }

  #closeLogs(keyEnd: string): void {
    for (const logs of [this.#logs, this.#readers]) {
      for (const [key, log] of logs) {
        if (!key.endsWith(keyEnd)) continue
        log.close()
        logs.delete(key)
      }
    }
  }
}
