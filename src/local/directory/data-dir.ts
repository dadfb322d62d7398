/**
 * Finds the data directory that is meant, and tells what kind it is (a node's directory, empty, missing, something else). All of
 * it happens before anybody reads a log or takes a lock.
 */
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { TerseError } from '../../errors.ts'
import {
  META_PROPERTIES_FILE,
  type MetaProperties,
  readMetaProperties,
} from '../../metadata/meta-properties.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import { errorCode } from '../../os/error-code.ts'
import { ForeignFileError } from '../../os/foreign-file.ts'
import type { Os } from '../../os/os.ts'

export interface LocatedDir {
  readonly path: string
  /** For `tkafka status`: `--data-dir`, `TKAFKA_DATA_DIR`, `XDG_DATA_HOME` or `HOME`. */
  readonly why: string
}

/**
 * `--data-dir`, else TKAFKA_DATA_DIR, else $XDG_DATA_HOME/tkafka, else ~/.local/share/tkafka.
 * @throws TerseError when none of them says where (cron may come without HOME), or the flag is empty
 */
export function locateDataDir(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): LocatedDir {
  // A script's variable that is not set: taking another directory instead would be a guess, and could destroy data.
  if (flag === '') throw new TerseError('--data-dir is empty: name a directory, or leave the flag out')
  if (flag !== undefined) return { path: resolve(flag), why: '--data-dir' }
  const named = env.TKAFKA_DATA_DIR
  if (named !== undefined && named !== '') return { path: resolve(named), why: 'TKAFKA_DATA_DIR' }
  // The XDG rules: a relative path there counts as none.
  const xdg = env.XDG_DATA_HOME
  if (xdg !== undefined && isAbsolute(xdg)) return { path: join(xdg, 'tkafka'), why: 'XDG_DATA_HOME' }
  const home = env.HOME ?? (process.platform === 'win32' ? env.USERPROFILE : undefined)
  if (home !== undefined && isAbsolute(home)) return { path: join(home, '.local/share/tkafka'), why: 'HOME' }
  throw new TerseError(
    'no data directory: HOME is not set (cron may start without it); use --data-dir DIR or set TKAFKA_DATA_DIR',
  )
}

/** What stands at the path. */
export type DataDirKind =
  | { readonly kind: 'missing' | 'empty' }
  /** Made by us but not to the end: the maker was killed. */
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'log-dir'; readonly meta: MetaProperties; readonly hasMetadata: boolean }
  /** `version=0`: a directory of a broker in the ZooKeeper era; it has no metadata log. */
  | { readonly kind: 'zookeeper'; readonly meta: MetaProperties }
  /** A broker's, without `__cluster_metadata-0`: one of several log.dirs, or that folder is lost. Never written to. */
  | { readonly kind: 'without-metadata'; readonly meta: MetaProperties }
  /** A log directory whose meta.properties is missing or empty. Never written to. */
  | { readonly kind: 'nameless' }

/** Says that we made this directory, so that its retention is ours to apply. Written first, before meta.properties. */
export const MADE_BY_TKAFKA_FILE = '.tkafka'

/**
 * A directory that was formatted and never used has no metadata log yet; the first write makes it. One that a broker
 * worked in, and that we did not make, has it in another of its log.dirs, where a second one would do harm.
 */
function isForeignAndUsed({ fs }: Os, path: string): boolean {
  if (fs.stat(join(path, MADE_BY_TKAFKA_FILE)) !== undefined) return false
  return fs.readdir(path).some((name) => LEFT_BY_A_BROKER.test(name))
}

const LEFT_BY_A_BROKER = /^(?:\.kafka_cleanshutdown|.+-offset-checkpoint|[\w.-]+-\d+)$/

const PARTITION_FOLDER = /^[\w.-]+-\d+$/
const SEGMENT_FILE = /^\d{20}\.(?:log|index)$/

/**
 * Whether there are partitions, or the metadata of a broker, beside no meta.properties. What a killed maker of a new
 * directory leaves has neither: taking the one for the other would begin the metadata anew, and lose every topic.
 */
function holdsLogs({ fs }: Os, path: string, names: readonly string[]): boolean {
  const made = names.includes(MADE_BY_TKAFKA_FILE)
  return names.some((name) => {
    if (!PARTITION_FOLDER.test(name) || (made && name === METADATA_LOG_FOLDER)) return false
    const folder = join(path, name)
    if (fs.stat(folder)?.isDirectory() !== true) return false
    return fs.readdir(folder).some((file) => SEGMENT_FILE.test(file))
  })
}

/** Whether there is a log directory of any kind that can be read. */
export function isLogDir({ kind }: Pick<DataDirKind, 'kind'>): boolean {
  return kind === 'log-dir' || kind === 'zookeeper' || kind === 'without-metadata' || kind === 'nameless'
}

/** @throws TerseError naming the path: a file, not a log directory, no permission */
export function inspectDataDir(os: Os, path: string): DataDirKind {
  return explaining(os, path, () => {
    const stat = os.fs.stat(path)
    if (stat === undefined) return missingUnlessUnderFile(os, path)
    if (!stat.isDirectory()) throw new TerseError(`${path}: a file, not a directory`)
    const meta = readMetaProperties(os.fs, path)
    if (meta?.version === 0) return { kind: 'zookeeper', meta }
    if (meta !== undefined) {
      const hasMetadata = os.fs.stat(join(path, METADATA_LOG_FOLDER)) !== undefined
      if (!hasMetadata && isForeignAndUsed(os, path)) return { kind: 'without-metadata', meta }
      return { kind: 'log-dir', meta, hasMetadata }
    }
    const names = os.fs.readdir(path)
    if (holdsLogs(os, path, names)) return { kind: 'nameless' }
    if (names.includes(MADE_BY_TKAFKA_FILE)) return { kind: 'unfinished' }
    const foreign = names.filter((n) => !n.startsWith('.tkafka') && !HARMLESS.has(n))
    if (foreign.length === 0) return { kind: 'empty' }
    const some = foreign.sort().slice(0, 3).join(', ') + (foreign.length > 3 ? ', ...' : '')
    throw new TerseError(
      `${path}: not a Kafka log directory (it has no ${META_PROPERTIES_FILE}, but ${some}); name another with --data-dir`,
    )
  })
}

/** Nothing is there yet, and a folder can be. */
function missingUnlessUnderFile(os: Os, path: string): DataDirKind {
  for (let dir = dirname(path); ; dir = dirname(dir)) {
    const stat = os.fs.stat(dir)
    if (stat === undefined && dir !== dirname(dir)) continue
    if (stat?.isDirectory() === false) {
      throw new TerseError(`${path}: a file stands where a folder should be (${dir})`)
    }
    return { kind: 'missing' }
  }
}

/** May stand in a directory that is still to be made one of Kafka's. */
const HARMLESS = new Set(['.lock', 'server.properties', 'lost+found', '.DS_Store'])

/** Makes the directory with its parents; each takes its parent's owner and mode. */
export function makeDataDir(os: Os, path: string): void {
  explaining(os, path, () => {
    const missing: string[] = []
    for (let dir = path; os.fs.stat(dir) === undefined; dir = dirname(dir)) missing.push(dir)
    for (const dir of missing.reverse()) {
      try {
        os.fs.mkdir(dir)
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error
      }
      os.fs.fsyncDir(dirname(dir))
    }
  })
}

/** Turns the file system's refusals into a line that names the directory and the way out. */
export function explaining<T>(os: Os, path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw explained(os, path, error)
  }
}

export function explained(os: Os, directory: string, error: unknown): unknown {
  if (error instanceof ForeignFileError && error.code !== 'EISDIR') return new TerseError(error.message)
  const { code, path: at } = error as NodeJS.ErrnoException
  // In another log.dir of the node it is not the first one that is to be named.
  const isElsewhere = at !== undefined && !isAround(directory, at) && !isAround(at, directory)
  const path = isElsewhere ? dirname(at) : directory
  const where = at === undefined || at === path ? '' : ` (${at})`
  if (code === 'EACCES' || code === 'EPERM') {
    return new TerseError(`${path}: permission denied${where}${ownerOf(os, path) || wayOut(os, at)}`)
  }
  if (code === 'EROFS') return new TerseError(`${path}: the file system is read-only${where}`)
  if (code === 'ENOTDIR') {
    const shown = at === join(path, 'server.properties') ? '' : where
    return new TerseError(`${path}: a file stands where a folder should be${shown}`)
  }
  if (code === 'ENOENT' && (error as NodeJS.ErrnoException).syscall === 'mkdir') {
    return new TerseError(`${path}: no folder can be made there`)
  }
  if (code === 'EISDIR') {
    return new TerseError(`${path}: a folder stands where a file should be${where}`)
  }
  if (code === 'ENOSPC') return new TerseError(`${path}: no space left on the disk${where}`)
  if (code === 'EDQUOT') return new TerseError(`${path}: the disk quota is used up${where}`)
  return error
}

const isAround = (outer: string, inner: string): boolean => `${inner}/`.startsWith(`${outer}/`)

/** For one file inside a directory that is ours. */
function wayOut(os: Os, path: string | undefined): string {
  const me = process.geteuid?.()
  if (path === undefined || me === undefined) return ''
  // A folder that bars the way to what is in it is what is to be named.
  for (let at = path; ; at = dirname(at)) {
    try {
      const stat = os.fs.stat(at)
      if (stat === undefined) continue
      const [whose, its] = at === path ? ['that file', 'its'] : [at, `${at}: its`]
      if (stat.uid !== me) return `; ${whose} belongs to uid ${stat.uid}, you are uid ${me}`
      const mode = (stat.mode & 0o777).toString(8).padStart(3, '0')
      return `; ${its} mode is ${mode}: chmod u+rw${stat.isDirectory() ? 'x' : ''} ${at}`
    } catch {
      if (at === dirname(at)) return ''
    }
  }
}

function ownerOf(os: Os, path: string): string {
  try {
    for (let dir = path; ; dir = dirname(dir)) {
      const stat = os.fs.stat(dir)
      if (stat === undefined) continue
      const me = process.geteuid?.()
      if (me === undefined || stat.uid === me) return ''
      return `; ${dir === path ? 'it' : dir} belongs to uid ${stat.uid}, you are uid ${me}`
    }
  } catch {
    return ''
  }
}
