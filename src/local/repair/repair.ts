/**
 * `tkafka repair`: mends what `tkafka check` finds. Looks first, mends one thing after another under the locks that a writer
 * takes, and looks again: what is told as done is what was found before and is not there any more.
 * Nothing is deleted: bytes that are taken out end in `.broken` files beside the file they were in.
 */
import { basename, dirname, join } from 'node:path'
import type { Finding, RepairOptions, RepairStep } from '../../client/admin/check-admin.ts'
import { LeaderEpochFileCache } from '../../log/leader-epoch-file-cache.ts'
import { DAMAGE_FILE, markDamage } from '../../log/opening/damage-mark.ts'
import { withLock, withPartitionLock } from '../../log/partition-lock.ts'
import { readPartitionMetadata } from '../../log/partition-metadata.ts'
import { parsePartitionDirName } from '../../log/segment/log-files.ts'
import { readMetaProperties } from '../../metadata/meta-properties.ts'
import { removeTopicRecord } from '../../metadata/topic-records.ts'
import { METADATA_TOPIC } from '../../names/topic-names.ts'
import { whenFree } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import { LocalCheck } from '../check/check.ts'
import { committedEnds } from '../check/committed-ends.ts'
import { endTransactionsOfTheDead } from '../directory/dead-transactions.ts'
import { whyFolderStays } from '../directory/folder-owner.ts'
import { LocalDirectory } from '../directory/local-directory.ts'
import { removeQuietly } from '../directory/open-partitions.ts'
import { isGapless } from '../directory/partition-closing.ts'
import { readQuorum } from '../directory/quorum.ts'
import { breakOff } from './broken-file.ts'
import { mendBatchEpochs } from './epochs.ts'
import { type MendOptions, mendLog, rebuildIndexesOf } from './log.ts'
import { giveUpLostFront } from './lost-front.ts'
import { repairMetadata } from './metadata.ts'
import { nameFoundTopics } from './topics.ts'

/** What is done about each kind of finding; others are left to a person. */
const ACTIONS: Readonly<Record<string, string>> = {
  'torn-tail': 'cut',
  'bad-batch': 'filled',
  'lost-end': 'filled',
  'commit-beyond-end': 'filled',
  'offset-gap': 'filled',
  'lost-start': 'given-up',
  'bad-index': 'rebuilt',
  'bad-time-index': 'rebuilt',
  'missing-index': 'rebuilt',
  'bad-txn-index': 'rebuilt',
  'bad-snapshot': 'set-aside',
  'bad-epochs': 'rebuilt',
  'bad-partition-metadata': 'written',
  'missing-folder': 'written',
  'damage-mark': 'removed-mark',
  leftover: 'finished',
  'unfinished-folder': 'written',
  'bad-checkpoint': 'set-aside',
  'checkpoint-beyond-end': 'written',
  'bad-marker': 'written',
  'not-closed': 'checked',
  'stray-folder': 'set-aside',
  'unnamed-topic': 'written',
  'bad-metadata-checkpoint': 'set-aside',
  'bad-metadata': 'cut',
  'illegal-topic': 'removed-topic',
}

export class LocalRepair {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  async repair(options: RepairOptions): Promise<void> {
    const found = await this.#check(this.#directory, options)
    if (!found.some(({ kind }) => ACTIONS[kind] !== undefined)) {
      for (const finding of found) if (finding.severity === 'error') options.left(finding)
      return
    }
    this.#directory.refuseReadOnly()
    if (options.dryRun) {
      for (const finding of found) {
        if (ACTIONS[finding.kind] !== undefined) options.done(step(finding, undefined))
        else if (finding.severity === 'error') options.left(finding)
      }
      return
    }
    const kept = new Map<string, string>()
    if (found.some(({ topic }) => topic === METADATA_TOPIC) && !this.#hasForeignMetadata()) {
      for (const [file, to] of await repairMetadata(this.#os, this.#directory.path)) kept.set(file, to)
    }
    await this.#mend(found, kept, options)
    const after = await this.#check(this.#again(), options)
    const still = new Set(after.map(identity))
    for (const finding of found) if (!still.has(identity(finding))) options.done(step(finding, kept))
    for (const finding of after) if (finding.severity === 'error') options.left(finding)
  }

  /** The same directory, nothing of it remembered. */
  #again(): LocalDirectory {
    const { path, logDirs } = this.#directory
    return LocalDirectory.open(this.#os, path, { logDirs })
  }

  async #check(directory: LocalDirectory, { topics, asked, progress }: RepairOptions): Promise<Finding[]> {
    const findings: Finding[] = []
    await new LocalCheck(this.#os, directory).check({
      ...(topics === undefined ? {} : { topics }),
      ...(asked === undefined ? {} : { asked }),
      ...(progress === undefined ? {} : { progress }),
      found: (finding) => findings.push(finding),
    })
    return findings
  }

  async #mend(before: readonly Finding[], kept: Map<string, string>, options: RepairOptions): Promise<void> {
    const folders = new Set(before.filter((f) => f.topic !== null).map((f) => this.#folder(f)))
    const brokenBefore = this.#brokenFiles(folders)
    const mends = true
    await this.#directory.session(async () => {
      await this.#mendFound(before, kept, options)
      // What tells of them may have been what was damaged.
      await endTransactionsOfTheDead(this.#os, this.#directory)
    }, mends)
    for (const file of this.#brokenFiles(folders)) {
      const from = file.replace(/\.\d+\.broken$/, '')
      if (!brokenBefore.has(file) && !kept.has(from)) kept.set(from, file)
    }
  }

  /** In a session. */
  async #mendFound(
    before: readonly Finding[],
    kept: Map<string, string>,
    options: RepairOptions,
  ): Promise<void> {
    // Metadata that could not be read hid the partitions; and entering a directory that nobody closed checks it.
    const found = await this.#check(this.#directory, options)
    const unnamed = found.filter(({ kind }) => kind === 'unnamed-topic').map(({ topic }) => topic ?? '')
    if (unnamed.length > 0) await nameFoundTopics(this.#os, this.#directory.path, new Set(unnamed))
    const partitions = new Map<string, Finding[]>()
    for (const finding of [...before, ...found]) {
      const { topic, partition, kind, file } = finding
      if (topic === null || partition === null || topic === METADATA_TOPIC) {
        if (kind === 'bad-checkpoint' && this.#os.fs.stat(file) !== undefined) {
          kept.set(file, breakOff(this.#os, file))
        }
        if (kind === 'illegal-topic') await this.#removeIllegalTopics()
        continue
      }
      const key = `${topic}-${partition}`
      partitions.set(key, [...(partitions.get(key) ?? []), finding])
    }
    for (const findings of partitions.values()) {
      const { topic, partition, file } = findings[0]
      if (findings.some(({ kind }) => kind === 'stray-folder')) this.#setStrayAside(file, kept)
      else await this.#mendPartition(topic ?? '', partition ?? 0, findings, kept)
    }
  }

  /** Nothing of theirs is on the disk under these names, or it is not theirs. */
  async #removeIllegalTopics(): Promise<void> {
    await this.#directory
      .metadata()
      .append(({ parts }) => [...parts.illegalTopics.keys()].map((id) => removeTopicRecord(id)))
  }

  async #mendPartition(
    topic: string,
    partition: number,
    findings: readonly Finding[],
    kept: Map<string, string>,
  ): Promise<void> {
    const os = this.#os
    const directory = this.#directory
    const { checkpoints } = directory
    // Another topic's records: only a person knows where they belong.
    if (findings.some(({ kind, file }) => kind === 'bad-partition-metadata' && this.#isOthers(file))) return
    if (directory.image().topic(topic)?.partitions[partition] === undefined) return
    // Other replicas have what is damaged here: a hole that is filled would hide that from them.
    if (directory.whyNotWritable(topic, partition) !== undefined) return
    const name = `${topic}-${partition}`
    const dir = directory.folder(name)
    // Before it counts as open: what tells of the end holds for a partition that was closed.
    const before = directory.logForReading(topic, partition)
    before.refresh()
    if (before.endDamage?.falseStart === true)
      await whenFree(() => this.#clampCheckpoints(name, before.logEndOffset))
    const endDamage = before.endDamage?.falseStart === true ? undefined : before.endDamage
    if (findings.some(({ kind }) => kind === 'unread-format') || endDamage?.unread === true) return
    if (endDamage !== undefined) markDamage(os, dir, endDamage.error, endDamage.endOffset)
    const isCommitted = findings.some(({ kind }) => kind === 'commit-beyond-end')
    const committedEnd = isCommitted ? (committedEnds(directory).get(name)?.offset ?? 0) : 0
    const knownEnd = Math.max(endDamage?.endOffset ?? 0, committedEnd)
    await whenFree(() => directory.listAsOpen(topic, partition))
    if (os.fs.stat(dir) !== undefined) {
      const { indexIntervalBytes } = directory.logConfig(topic)
      const compacted = !isGapless(directory, topic, partition)
      const options = { compacted, indexIntervalBytes, ...(knownEnd === 0 ? {} : { endOffset: knownEnd }) }
      await mendFiles(os, dir, findings, options, kept)
      if (findings.some(({ kind }) => kind === 'lost-start'))
        await giveUpLostFront(os, dir, name, checkpoints, kept)
    }
    // From the first batch on, not only from where the last check ended.
    await whenFree(() => checkpoints.update('recovery-point', new Map([[name, undefined]])))
    const log = await directory.openForWriting(topic, partition)
    await withLock(log, async () => {
      await log.recover()
      await whenFree(() => this.#clampCheckpoints(name, log.logEndOffset))
    })
  }

  #isOthers(file: string): boolean {
    const folder = dirname(file)
    const id = readPartitionMetadata(this.#os.fs, folder)
    const owner = parsePartitionDirName(basename(folder))?.topic ?? ''
    if (id === undefined || id === this.#directory.image().topic(owner)?.id) return false
    return whyFolderStays(this.#os, this.#directory, folder, id) !== undefined
  }

  /** None may lie beyond the log's end: what is appended next would count as deleted, replicated or cleaned (KAFKA-3330). */
  #clampCheckpoints(name: string, logEndOffset: number): void {
    const { checkpoints } = this.#directory
    for (const which of ['log-start', 'replication', 'cleaner'] as const) {
      if ((checkpoints.offset(which, name) ?? 0) <= logEndOffset) continue
      // Deleted records come back rather than all of them going.
      const right = which === 'log-start' ? undefined : logEndOffset
      checkpoints.update(which, new Map([[name, right]]))
    }
  }

  /** Others keep the metadata, too: they have what is damaged here. */
  #hasForeignMetadata(): boolean {
    const { path } = this.#directory
    const nodeId = readMetaProperties(this.#os.fs, path)?.nodeId ?? -1
    const properties = this.#directory.serverProperties()
    return readQuorum(this.#os, path, nodeId, undefined, properties).source !== undefined
  }

  #folder({ topic, partition }: Finding): string {
    return this.#directory.folder(`${topic}-${partition}`)
  }

  #brokenFiles(folders: ReadonlySet<string>): Set<string> {
    const { fs } = this.#os
    const found = new Set<string>()
    for (const folder of folders) {
      if (fs.stat(folder)?.isDirectory() !== true) continue
      for (const name of fs.readdir(folder)) if (name.endsWith('.broken')) found.add(join(folder, name))
    }
    return found
  }

  /** As a broker does. */
  #setStrayAside(folder: string, kept: Map<string, string>): void {
    if (this.#os.fs.stat(folder) === undefined) return
    const to = `${folder}.${this.#os.randomBytes(16).toString('hex')}-stray`
    this.#os.fs.rename(folder, to)
    this.#os.fs.fsyncDir(dirname(folder))
    kept.set(folder, to)
  }
}

function step(finding: Finding, kept: ReadonlyMap<string, string> | undefined): RepairStep {
  const { kind, topic, partition, file, position, problem } = finding
  return {
    action: ACTIONS[kind] ?? 'gone',
    topic,
    partition,
    file,
    position,
    what: problem,
    kept: kept?.get(file) ?? null,
  }
}

function identity({ kind, file, problem }: Finding): string {
  return `${kind} ${file} ${problem}`
}

/** The files of one partition, under its lock: the log, its indexes, and what else was found to be damaged. */
async function mendFiles(
  os: Os,
  dir: string,
  findings: readonly Finding[],
  options: MendOptions,
  kept: Map<string, string>,
): Promise<void> {
  const files = (kind: RegExp) => new Set(findings.filter((f) => kind.test(f.kind)).map(({ file }) => file))
  await withPartitionLock(os, dir, () => {
    const hasBadEpochs = files(/^bad-epochs$/).size > 0
    const epochs = hasBadEpochs ? [] : new LeaderEpochFileCache(os.fs, dir).entries
    for (const [file, to] of mendLog(os, dir, { ...options, epochs })) kept.set(file, to)
    if (hasBadEpochs) {
      for (const [file, to] of mendBatchEpochs(os, dir)) kept.set(file, to)
    }
    const indexes = files(/^(bad-index|bad-time-index|missing-index)$/)
    if (indexes.size > 0) rebuildIndexesOf(os, dir, indexes, options.indexIntervalBytes)
    for (const file of files(/^(bad-snapshot|bad-epochs|bad-txn-index)$/)) {
      if (os.fs.stat(file) !== undefined) kept.set(file, breakOff(os, file))
    }
    removeQuietly(os, join(dir, DAMAGE_FILE))
    os.fs.fsyncDir(dir)
  })
}
