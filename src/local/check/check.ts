/**
 * `tkafka check`: reads a data directory whole and tells what is wrong with it. Changes nothing and takes no lock:
 * where something is found in a partition that somebody is writing to, it is looked at again.
 */
import { join } from 'node:path'
import type { CheckOptions, CheckSummary } from '../../client/admin/check-admin.ts'
import { CorruptRecordError, TerseError } from '../../errors.ts'
import { META_PROPERTIES_FILE } from '../../metadata/meta-properties.ts'
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts'
import { nodeList } from '../../metadata/replica-place.ts'
import { isMissing } from '../../os/error-code.ts'
import { ForeignFileError } from '../../os/foreign-file.ts'
import type { Os } from '../../os/os.ts'
import { systemErrorText } from '../../os/system-error.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { findLostPartition } from '../directory/lost-partition.ts'
import { NOBODY } from '../directory/nameless.ts'
import { isGapless } from '../directory/partition-closing.ts'
import { checkCommits } from './commits.ts'
import { checkFolder, checkHome, checkMetadataIsElsewhere, checkRoot } from './directory.ts'
import { checkMetadata } from './metadata.ts'
import { type CheckedPartition, checkPartition } from './partition.ts'
import { recordCheck } from './records.ts'
import { CheckReport, NO_PARTITION, type Place } from './report.ts'

/** Looks at a partition that changes under the check. */
const TRIES = 6
const PAUSE_MS = 20

export class LocalCheck {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  /** @throws TerseError where there is no log directory */
  async check(options: CheckOptions): Promise<CheckSummary> {
    const report = new CheckReport()
    const directory = this.#directory
    let exists = false
    try {
      exists = directory.exists()
    } catch (error) {
      const path = join(directory.path, META_PROPERTIES_FILE)
      if (!(error instanceof TerseError) || this.#os.fs.stat(path) === undefined) throw error
      report.error(
        NO_PARTITION,
        'bad-meta-properties',
        path,
        null,
        error.message,
        'no tool can use the directory',
      )
      report.tell(options, 0)
      return report.summary()
    }
    if (!exists) throw new TerseError(`${directory.path}: there is no log directory yet, so nothing to check`)
    report.mendElsewhere(directory.status().kind)
    if (options.topics === undefined) {
      options.progress?.('metadata', 0, 1)
      const identity = directory.status().kind === 'nameless' ? NOBODY : undefined
      await this.#steady(report, () => checkMetadata(this.#os, report, directory.path, identity))
      checkMetadataIsElsewhere(report, directory)
      report.tell(options, 0)
    }
    const image = this.#image()
    if (image === undefined) return report.summary()
    const topics = [...image.topicImages()].filter(({ name }) => options.topics?.(name) ?? true)
    if (options.topics !== undefined && topics.length === 0) {
      const asked = options.asked === undefined ? '' : ` ${options.asked}`
      throw new TerseError(`Could not match any topic with --topic${asked}`)
    }
    const ends = new Map<string, CheckedPartition>()
    const total = topics.reduce((sum, topic) => sum + topic.partitions.length, 0)
    for (const topic of topics) {
      report.topics++
      for (const { partition } of topic.partitions) {
        const name = `${topic.name}-${partition}`
        if (this.#directory.elsewhere(topic.name, partition) !== undefined) continue
        options.progress?.(name, report.partitions, total)
        const before = report.findings.length
        const checked = await this.#steady(report, () => this.#readable(report, topic, partition))
        this.#mendByReplicas(report, before, topic.name, partition)
        if (checked !== undefined) ends.set(name, checked)
        report.partitions++
        report.tell(options, before)
      }
    }
    if (options.topics === undefined) {
      const before = report.findings.length
      checkRoot(this.#os, report, directory, image, ends)
      report.tell(options, before)
    }
    const before = report.findings.length
    checkCommits(report, directory, ends)
    report.tell(options, before)
    return report.summary()
  }

  /** undefined when the metadata cannot be read: that was told. */
  #image(): MetadataImage | undefined {
    try {
      return this.#directory.image()
    } catch (error) {
      if (error instanceof CorruptRecordError) return undefined
      throw error
    }
  }

  /** A partition that one may not read, or the disk does not give, is told; the others are checked. */
  #readable(report: CheckReport, topic: TopicImage, partition: number): CheckedPartition | undefined {
    try {
      return this.#partition(report, topic, partition)
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException
      const foreign = error instanceof ForeignFileError
      if (!foreign && code !== 'EACCES' && code !== 'EPERM' && code !== 'EIO') throw error
      const place = { topic: topic.name, partition }
      const file = path ?? this.#directory.folder(`${topic.name}-${partition}`)
      const problem = (systemErrorText(error) ?? String(code)).replace(`${file}: `, '')
      let mend = 'give the file to who uses the directory (chown), or check as its owner'
      if (code === 'EIO') mend = 'look at the disk, or take the partition from a backup'
      if (foreign) mend = 'look at what stands there, and put it elsewhere'
      const meaning = 'what is in this partition could not be checked'
      const kind = 'unreadable'
      report.add(place, { severity: 'error', kind, file, position: null, problem, meaning, mend })
      return undefined
    }
  }

  #partition(report: CheckReport, topic: TopicImage, partition: number): CheckedPartition | undefined {
    const { fs } = this.#os
    const { checkpoints } = this.#directory
    const place = { topic: topic.name, partition }
    const dir = this.#directory.folder(`${topic.name}-${partition}`)
    // The topic went while we were looking.
    if (this.#directory.image().topicById(topic.id) === undefined) return undefined
    if (fs.stat(dir)?.isDirectory() !== true) {
      this.#missing(report, place, topic.name, partition)
      return undefined
    }
    const log = this.#directory.logForReading(topic.name, partition)
    log.refresh()
    const { endDamage } = log
    log.releaseFiles()
    const image = this.#directory.image()
    checkHome(report, place, dir, image)
    const saysWhose = this.#directory.status().kind !== 'zookeeper'
    if (
      !checkFolder(
        this.#os,
        report,
        place,
        this.#directory,
        saysWhose ? topic.id : undefined,
        endDamage !== undefined,
      )
    )
      return undefined
    const record = recordCheck(report, place, topic.partitions.length)
    return checkPartition(this.#os, report, {
      place,
      dir,
      compacted: !isGapless(this.#directory, topic.name, partition),
      logStartOffset: checkpoints.offset('log-start', `${topic.name}-${partition}`) ?? 0,
      clean: this.#directory.clean,
      // The checkpoints are looked at by themselves.
      ...(endDamage === undefined || endDamage.falseStart === true ? {} : { endDamage }),
      ...(record === undefined ? {} : { record }),
    })
  }

  /** Damage of one of several replicas is not mended here: the others have what is missing. */
  #mendByReplicas(report: CheckReport, from: number, topic: string, partition: number): void {
    if (report.findings.length === from) return
    const { nodeId } = this.#directory.image()
    const replicas = this.#directory.image().topic(topic)?.partitions[partition]?.replicas ?? []
    if (replicas.length < 2 || !replicas.includes(nodeId)) return
    const others = nodeList(replicas.filter((id) => id !== nodeId))
    const mend = `move ${topic}-${partition} away: its broker fetches it anew from ${others}, if that is in sync`
    report.findings = report.findings.map((one, i) => (i < from ? one : { ...one, mend }))
  }

  #missing(report: CheckReport, place: Place, topic: string, partition: number): void {
    const lost = findLostPartition(this.#os, this.#directory, topic, partition)
    if (lost === undefined) return
    const { folder, known, inMaking } = lost
    if (known === undefined) {
      report.note(
        place,
        'unfinished-folder',
        folder,
        inMaking
          ? 'the folder is not made yet: whoever was making it was stopped, or is at it'
          : 'the folder is missing; nothing tells that it ever held a record',
        'it reads as empty; the first one that writes to the partition makes it, and so does a broker',
        `tkafka repair --topic ${topic}`,
      )
      return
    }
    report.error(
      place,
      'missing-folder',
      folder,
      null,
      `the folder is missing, and with it offsets up to ${known.offset - 1} (${known.source} tells)`,
      `its records are gone; what is written next gets offset ${known.offset}, from a broker perhaps 0`,
    )
  }

  /** Looks again as long as something is found that was not there, or stands elsewhere, a moment ago. */
  async #steady<T>(report: CheckReport, look: () => T): Promise<T | undefined> {
    const { batches, records, files, bytes } = report
    const before = report.findings.length
    let last = ''
    for (let tries = 1; ; tries++) {
      let result: T | undefined
      try {
        result = look()
      } catch (error) {
        // A segment that was deleted while it was read.
        if (!isMissing(error) || tries === TRIES) throw error
        report.findings.length = before
        Object.assign(report, { batches, records, files, bytes })
        continue
      }
      if (report.findings.length === before) return result
      const now = JSON.stringify(report.findings.slice(before))
      if (now === last || tries === TRIES) return result
      last = now
      report.findings.length = before
      Object.assign(report, { batches, records, files, bytes })
      await this.#os.clock.sleep(PAUSE_MS)
    }
  }
}
