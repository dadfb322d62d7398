/**
 * What entering and leaving mean for logs and metadata: making a directory, closing what was written to, and the check
 * of a directory that nobody closed.
 *
 * Making one: `.tkafka` first (so a half-made directory is known to be ours and empty), the metadata log, the marker,
 * meta.properties last (format-directory.ts). Crash: meta.properties is missing, everything is made anew.
 */
import { join } from 'node:path'
import { CorruptRecordError } from '../errors.ts'
import { UnifiedLog } from '../log/unified-log.ts'
import type { TopicImage } from '../metadata/metadata-image.ts'
import { writeFully } from '../os/file-system.ts'
import type { Os } from '../os/os.ts'
import { MADE_BY_TKAFKA_FILE } from './data-dir.ts'
import type { LocalDirectory } from './local-directory.ts'
import type { SessionWork } from './log-dir-session.ts'

const MADE_BY_TKAFKA = `This Kafka log directory was made by tkafka, so tkafka applies the topics' retention to it.
A genuine Kafka broker may take it over at any time; this file may stay.
`

export class DirectoryWork implements SessionWork {
  readonly #os: Os
  readonly #directory: LocalDirectory
  /** The logs that were handed out for writing, by `topic-partition topicId`. */
  readonly #logs: Map<string, UnifiedLog>

  constructor(os: Os, directory: LocalDirectory, logs: Map<string, UnifiedLog>) {
    this.#os = os
    this.#directory = directory
    this.#logs = logs
  }

  async prepare(): Promise<void> {
    const { kind } = this.#directory.refresh()
    if (kind !== 'log-dir') await this.#make()
    await this.#directory.finishDeletions()
  }

  brokerEpoch(): number {
    const image = this.#directory.image()
    return image.brokers.get(image.nodeId)?.epoch ?? -1
  }

  async checkWhole(): Promise<void> {
    const image = this.#directory.image()
    for (const topic of image.topicImages()) {
      for (const { partition } of topic.partitions) this.#mend(topic, partition)
    }
    const { restRecords } = await import('./rest-state.ts')
    const records = restRecords(image)
    if (records.length > 0) await this.#directory.metadata().append((now) => restRecords(now))
  }

  closePartition(name: string): void {
    const dash = name.lastIndexOf('-')
    const topic = this.#directory.image().topic(name.slice(0, dash))
    const partition = Number(name.slice(dash + 1))
    if (topic?.partitions[partition] !== undefined) this.#mend(topic, partition)
  }

  closed(): void {}

  left(): void {
    for (const log of this.#logs.values()) log.close()
    this.#logs.clear()
  }

  /** Cuts a torn tail, closes the files as a broker does. Damage in the middle stays as it is, and is told. */
  #mend(topic: TopicImage, partition: number): void {
    const name = `${topic.name}-${partition}`
    const dir = join(this.#directory.path, name)
    if (this.#os.fs.stat(dir) === undefined) return
    const own = this.#logs.get(`${name} ${topic.id}`)
    const log =
      own ??
      UnifiedLog.open(this.#os, dir, {
        topic: topic.name,
        partition,
        config: this.#directory.logConfig(topic.name),
        leaderEpoch: topic.partitions[partition].leaderEpoch,
        readOnly: false,
        topicId: topic.id,
        checkpoints: this.#directory.checkpoints,
      })
    const locked = log.locked
    try {
      if (!locked) log.lockSync()
      log.closeAsBroker()
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      this.#directory.warn(error.message)
    } finally {
      if (own === undefined) log.close()
      else if (!locked) log.unlock()
    }
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
    const { formatDirectory } = await import('../metadata/format-directory.ts')
    const nodeId = Number(this.#directory.serverProperties().get('node.id') ?? 1)
    formatDirectory(this.#os, path, { nodeId })
    this.#directory.refresh()
  }
}
