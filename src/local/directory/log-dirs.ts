/**
 * Several log.dirs of one node, read together as their broker has them: one of them holds the metadata, each partition
 * lies in one of them, and each has checkpoints and a clean marker of its own. A single directory has no LogDirs.
 */
import { basename, dirname, join, resolve, sep } from 'node:path'
import { TerseError } from '../../errors.ts'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import {
  META_PROPERTIES_FILE,
  type MetaProperties,
  readMetaProperties,
} from '../../metadata/meta-properties.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import type { Os } from '../../os/os.ts'
import { readServerProperties } from '../settings/server-properties.ts'
import { hasCleanShutdownFile } from './clean-shutdown-file.ts'
import { explaining } from './data-dir.ts'
import { ALSO_OF, type ListedDirs } from './open-partitions.ts'

export class LogDirs implements ListedDirs {
  /** The one with the metadata. */
  readonly primary: string
  /** All of them, as they were named. */
  readonly paths: readonly string[]
  /** directory.id of each of the paths; undefined where a broker has not given it one yet. */
  readonly ids: readonly (string | undefined)[]
  readonly #os: Os
  readonly #others: readonly string[]
  /** By a partition folder's name: the directory where it was found. */
  readonly #found = new Map<string, string>()

  private constructor(
    os: Os,
    paths: readonly string[],
    primary: string,
    ids: readonly (string | undefined)[],
  ) {
    this.#os = os
    this.paths = paths
    this.primary = primary
    this.ids = ids
    this.#others = paths.filter((path) => path !== primary)
  }

  /** @throws TerseError naming the directories that do not belong together */
  static open(os: Os, paths: readonly string[]): LogDirs {
    refuseOverlap(os, paths)
    const metas = paths.map((path) => explaining(os, path, () => metaOf(os, path)))
    const withMetadata = paths.filter((path) => os.fs.stat(join(path, METADATA_LOG_FOLDER)) !== undefined)
    if (withMetadata.length !== 1) {
      const which = withMetadata.length === 0 ? 'none of' : 'more than one of'
      throw new TerseError(
        `${paths.join(', ')}: ${which} these log directories has ${METADATA_LOG_FOLDER}, where one of a node's log.dirs has it`,
      )
    }
    const [primary] = withMetadata
    const own = metas[paths.indexOf(primary)]
    paths.forEach((path, i) => {
      const { clusterId, nodeId, directoryId } = metas[i]
      const differs =
        (clusterId !== own.clusterId && `cluster.id ${clusterId} and ${own.clusterId}`) ||
        (nodeId !== own.nodeId && `node.id ${nodeId} and ${own.nodeId}`)
      if (differs) throw new TerseError(`${path} and ${primary} are not log.dirs of one node: ${differs}`)
      const twin = metas.findIndex((meta) => directoryId !== undefined && meta.directoryId === directoryId)
      if (twin >= 0 && twin < i)
        throw new TerseError(
          `${path} and ${paths[twin]} have the same directory.id: one is a copy of the other`,
        )
    })
    const ids = metas.map(({ directoryId }) => directoryId)
    return new LogDirs(os, paths, primary, ids)
  }

  /** Where the partition's folder is; where it would be in the one with the metadata when it is nowhere. */
  folder(name: string): string {
    return join(this.dirOf(name) ?? this.primary, name)
  }

  /** The same for one that is to be made: in the directory that the metadata names. */
  newFolder(name: string, image: MetadataImage): string {
    const found = this.dirOf(name)
    if (found !== undefined) return join(found, name)
    const dash = name.lastIndexOf('-')
    const partition = image.topic(name.slice(0, dash))?.partitions[Number(name.slice(dash + 1))]
    const id = partition?.directories[partition.replicas.indexOf(image.nodeId)]
    const at = id === undefined ? -1 : this.ids.indexOf(id)
    return join(at < 0 ? this.primary : this.paths[at], name)
  }

  /** For whoever means to write. @throws TerseError where the metadata could not name one of them */
  refuseUnnamed(): void {
    const at = this.ids.indexOf(undefined)
    if (at < 0) return
    throw new TerseError(
      `${this.paths[at]}: meta.properties has no directory.id, so the metadata cannot say what is kept there; start the broker once`,
    )
  }

  /** The same, by what the node registered with. @throws TerseError where a broker keeps no partitions in one of them */
  refuseUnregistered(image: MetadataImage): void {
    const registered = image.brokers.get(image.nodeId)?.logDirs ?? []
    const at = this.ids.findIndex((id) => id !== undefined && !registered.includes(id))
    if (registered.length === 0 || at < 0) return
    const path = this.paths[at]
    const what =
      path === this.primary
        ? 'a broker keeps the metadata alone there (metadata.log.dir), so beside other log.dirs it is only read'
        : `node ${image.nodeId} has not registered it as one of its log.dirs, so beside others it is only read; start the broker once`
    throw new TerseError(`${path}: ${what}`)
  }

  toldBy(names: ReadonlySet<string>): boolean {
    return this.paths.every(
      (path, i) =>
        path === this.primary || names.has(ALSO_OF + this.ids[i]) || hasCleanShutdownFile(this.#os, path),
    )
  }

  /** Of those without the metadata, in the order of `others`. */
  get otherIds(): readonly string[] {
    return this.ids.flatMap((id, i) => (id === undefined || this.paths[i] === this.primary ? [] : [id]))
  }

  /** undefined where no directory has a folder of that name. */
  dirOf(name: string): string | undefined {
    const known = this.#found.get(name)
    if (known !== undefined && this.#has(known, name)) return known
    const found = this.paths.filter((path) => this.#has(path, name))
    if (found.length > 1) {
      throw new TerseError(
        `${found.map((path) => join(path, name)).join(' and ')}: a partition stands in two log directories, so no broker ` +
          'starts on them; move one of the two away',
      )
    }
    if (found.length === 1) this.#found.set(name, found[0])
    return found[0]
  }

  /** Whether each of them was closed in order. A broker leaves no marker where it keeps the metadata alone. */
  isClean(image: () => MetadataImage): boolean {
    const without = this.paths.filter((path) => !hasCleanShutdownFile(this.#os, path))
    return without.length === 0 || (without.join() === this.primary && this.#hasMetadataAlone(image()))
  }

  #hasMetadataAlone(image: MetadataImage): boolean {
    const registered = image.brokers.get(image.nodeId)?.logDirs ?? []
    const own = this.ids[this.paths.indexOf(this.primary)]
    return registered.length > 0 && own !== undefined && !registered.includes(own)
  }

  get others(): readonly string[] {
    return this.#others
  }

  #has(path: string, name: string): boolean {
    return this.#os.fs.stat(join(path, name)) !== undefined
  }
}

/**
 * New partitions in the directories where a broker would put them: each in the one that has the fewest, the first named of
 * those that have as many. A cordoned one gets none while there is another.
 */
export function placedPartitions(
  image: MetadataImage,
  dirs: LogDirs,
  records: readonly MetadataRecord[],
): readonly MetadataRecord[] {
  if (!records.some(({ type }) => type === 'PartitionRecord')) return records
  const cordoned = image.brokers.get(image.nodeId)?.cordonedLogDirs ?? []
  const ids = dirs.ids.filter((id) => id !== undefined)
  const open = ids.filter((id) => !cordoned.includes(id))
  const counts = new Map((open.length > 0 ? open : ids).map((id) => [id, 0]))
  const add = (id: string | undefined) => {
    const count = id === undefined ? undefined : counts.get(id)
    if (id !== undefined && count !== undefined) counts.set(id, count + 1)
  }
  for (const { partitions } of image.topicImages()) {
    for (const { replicas, directories } of partitions) add(directories[replicas.indexOf(image.nodeId)])
  }
  return records.map((record) => {
    if (record.type !== 'PartitionRecord' || record.directories === undefined) return record
    const [[fewest]] = [...counts].sort(([, a], [, b]) => a - b)
    add(fewest)
    const { nodeId } = image
    return {
      ...record,
      directories: record.directories.map((id, i) => (record.replicas[i] === nodeId ? fewest : id)),
    }
  })
}

/** As a broker does, which finds each of them by its canonical path. @throws TerseError */
function refuseOverlap(os: Os, paths: readonly string[]): void {
  paths.forEach((path, i) => {
    const stat = os.fs.stat(path)
    for (const other of paths.slice(0, i)) {
      const found = os.fs.stat(other)
      const isSame = stat !== undefined && stat.ino === found?.ino && stat.dev === found.dev
      if (path === other || isSame) {
        throw new TerseError(
          `${path === other ? path : `${other} and ${path}`}: the same log directory twice`,
        )
      }
      const [outer, inner] = path.startsWith(other) ? [other, path] : [path, other]
      if (inner.startsWith(outer + sep))
        throw new TerseError(
          `${inner} lies in ${outer}: no broker starts on log.dirs of which one holds another`,
        )
    }
  })
}

function metaOf(os: Os, path: string): MetaProperties {
  if (os.fs.stat(path) === undefined) throw new TerseError(`${path}: there is no such log directory`)
  const meta = readMetaProperties(os.fs, path)
  if (meta === undefined) {
    throw new TerseError(
      `${path}: no log directory of a broker (it has no meta.properties), so it is not read beside others`,
    )
  }
  return meta
}

/**
 * The log.dirs that are meant: those of `list` (`A,B`), else those that the server.properties in `path` names, where all
 * of them are there. undefined where it is the one directory alone.
 */
export function locateLogDirs(os: Os, list: string | undefined, path: string): LogDirs | undefined {
  if (list !== undefined) {
    const paths = splitLogDirs(os, list)
    return paths.length > 1 ? LogDirs.open(os, paths) : undefined
  }
  const paths = namedLogDirs(path, readServerProperties(os, path))
  if (paths === undefined || paths.some((one) => os.fs.stat(join(one, META_PROPERTIES_FILE)) === undefined))
    return undefined
  return LogDirs.open(os, paths)
}

/** The paths of `A,B`; one where there is no comma, or a folder bears the whole name, or is to be made in one that does. */
function splitLogDirs(os: Os, text: string): readonly string[] {
  const whole = resolve(text)
  const isOne = (path: string): boolean =>
    os.fs.stat(path) !== undefined ||
    (!basename(path).includes(',') && path.includes(',') && isOne(dirname(path)))
  if (!text.includes(',') || isOne(whole)) return [whole]
  const names = namesIn(text)
  if (names.length < 2) throw new TerseError(`${text}: a comma stands between two log.dirs of one node`)
  return names.map((one) => resolve(one))
}

const namesIn = (list: string): string[] =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** `log.dirs` and `metadata.log.dir` of a server.properties that stands in one of them; undefined where it names no others. */
function namedLogDirs(path: string, properties: ReadonlyMap<string, string>): readonly string[] | undefined {
  const text = properties.get('log.dirs') ?? properties.get('log.dir') ?? ''
  const names = namesIn(text).concat(namesIn(properties.get('metadata.log.dir') ?? ''))
  // A broker takes a relative path from where it was started: the folder around them, or this one.
  for (const from of ['.', join(path, '..'), path]) {
    const paths = new Set(names.map((one) => resolve(from, one)))
    if (paths.has(path)) return paths.size > 1 ? [...paths] : undefined
  }
  return undefined
}
