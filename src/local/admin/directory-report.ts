/** The report that `tkafka status` prints: as many facts as can be found out, also of a broken directory. */

import { metadataVersionAt } from '../../config/feature-levels.ts'
import { brokerTakesFolder } from '../../log/segment/log-files.ts'
import { isInternalTopic } from '../../names/topic-names.ts'
import type { LockHolder } from '../../os/file-lock.ts'
import type { Os } from '../../os/os.ts'
import { systemErrorText } from '../../os/system-error.ts'
import type { LocatedDir } from '../directory/data-dir.ts'
import { LocalDirectory } from '../directory/local-directory.ts'
import type { LogDirs } from '../directory/log-dirs.ts'
import { LocalGroups } from './group-admin.ts'

export interface DirectoryReport {
  readonly path: string
  /** `--data-dir`, TKAFKA_DATA_DIR, XDG_DATA_HOME or HOME. */
  readonly why: string
  readonly exists: boolean
  /** undefined where there is none yet, or where that could not be read. */
  readonly madeBy?: 'tkafka' | 'Kafka'
  readonly kind?: string
  readonly clusterId?: string
  readonly nodeId?: number
  /** `4.3-IV0`. */
  readonly metadataVersion?: string
  readonly quorum?: 'static' | 'dynamic'
  readonly state?: 'absent' | 'clean' | 'open' | 'unknown'
  readonly openPartitions: readonly string[]
  readonly holders: readonly (LockHolder & { readonly broker: boolean })[]
  readonly topics: number
  readonly internalTopics: number
  readonly partitions: number
  /** Of these, how many are in this directory: others may be on other nodes, or in another of the log.dirs. */
  readonly partitionsHere: number
  /** Ids of all brokers and controllers that the metadata and `quorum-state` name, this node among them. */
  readonly nodes: readonly number[]
  /** Offsets between start and end of the topics that are not internal. */
  readonly records: number
  /** Some of these topics are compacted, or were: there may be fewer records than offsets; `check` counts them. */
  readonly compacted: boolean
  /** Bytes of all segments. */
  readonly bytes: number
  readonly groups: number
  readonly serverProperties: boolean
  /** Folders beside which no broker starts: lost+found, .git. */
  readonly foreignFolders: readonly string[]
  /** One line each; a directory without any is whole, as far as was looked. */
  readonly problems: readonly string[]
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/** Never throws for what the directory is like; reads only, takes no lock. */
export async function reportDirectory(
  os: Os,
  { path, why }: LocatedDir,
  logDirs?: LogDirs,
): Promise<DirectoryReport> {
  const problems: string[] = []
  const report: Mutable<DirectoryReport> = {
    path: logDirs?.paths.join(', ') ?? path,
    why,
    exists: false,
    openPartitions: [],
    holders: [],
    topics: 0,
    internalTopics: 0,
    partitions: 0,
    partitionsHere: 0,
    nodes: [],
    records: 0,
    compacted: false,
    bytes: 0,
    groups: 0,
    serverProperties: false,
    foreignFolders: [],
    problems,
  }
  const directory = LocalDirectory.open(os, path, {
    warn: (line) => problems.push(line),
    logDirs,
  })
  const attempt = async (action: () => void | Promise<void>) => {
    try {
      await action()
    } catch (error) {
      const message = systemErrorText(error) ?? (error as Error).message
      // One fault shows in many places: it is told once.
      if (!problems.includes(message)) problems.push(message)
    }
  }
  try {
    await attempt(() => {
      report.exists = directory.exists()
      report.serverProperties = directory.serverProperties().size > 0
      const { kind, state, openPartitions, holders, broker, madeByUs } = directory.status()
      report.kind = kind
      if (!report.exists) return
      report.madeBy = madeByUs ? 'tkafka' : 'Kafka'
      report.state = state
      report.openPartitions = openPartitions
      report.holders = holders.map((one) => ({ ...one, broker: one.pid === broker?.pid }))
    })
    if (report.exists) {
      await attempt(() => describeMetadata(directory, report))
      await attempt(() => measure(directory, report, problems))
      await attempt(async () => {
        report.groups = (await new LocalGroups(os, directory).listGroups()).length
      })
      for (const dir of logDirs?.paths ?? [path]) await attempt(() => weigh(os, dir, report))
    }
  } finally {
    await attempt(() => directory.close())
  }
  return report
}

function describeMetadata(directory: LocalDirectory, report: Mutable<DirectoryReport>): void {
  const image = directory.image()
  report.clusterId = image.clusterId
  report.nodeId = image.nodeId
  report.quorum = image.kraftVersion > 0 ? 'dynamic' : 'static'
  const nodes = new Set([image.nodeId, ...image.brokers.keys(), ...directory.quorum().voters])
  report.nodes = [...nodes].sort((a, b) => a - b)
  const level = image.metadataVersion
  if (level > 0)
    report.metadataVersion = metadataVersionAt(level)?.version ?? `level ${level}, newer than known`
}

function measure(directory: LocalDirectory, report: Mutable<DirectoryReport>, problems: string[]): void {
  const image = directory.image()
  for (const topic of image.topicImages()) {
    const internal = isInternalTopic(topic.name)
    if (internal) report.internalTopics++
    else report.topics++
    for (const { partition } of topic.partitions) {
      report.partitions++
      if (directory.elsewhere(topic.name, partition) !== undefined) continue
      report.partitionsHere++
      if (internal) continue
      try {
        const log = directory.logForReading(topic.name, partition)
        report.compacted ||=
          directory.logConfig(topic.name).compact ||
          directory.checkpoints.offset('cleaner', `${topic.name}-${partition}`) !== undefined
        report.records += log.logEndOffset - log.logStartOffset
        if (log.endDamage !== undefined) problems.push(log.endDamage.error.message)
      } catch (error) {
        problems.push(systemErrorText(error) ?? (error as Error).message)
      }
    }
  }
}

function weigh(os: Os, path: string, report: Mutable<DirectoryReport>): void {
  const foreign: string[] = []
  for (const folder of os.fs.readdir(path).sort()) {
    const taken = brokerTakesFolder(folder)
    if (taken && !/-\d+$/.test(folder)) continue
    if (os.fs.stat(`${path}/${folder}`)?.isDirectory() !== true) continue
    if (!taken) {
      foreign.push(folder)
      continue
    }
    for (const file of os.fs.readdir(`${path}/${folder}`)) {
      if (file.endsWith('.log')) report.bytes += os.fs.stat(`${path}/${folder}/${file}`)?.size ?? 0
    }
  }
  report.foreignFolders = [...report.foreignFolders, ...foreign]
}
