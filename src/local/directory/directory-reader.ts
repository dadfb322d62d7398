/**
 * A data directory for those who only want to know what its metadata says: what it is, who runs on it, and the image.
 * A tool that reads records or writes uses LocalDirectory, which knows logs and locks, and takes longer to load.
 */
import { join } from 'node:path'
import { TerseError } from '../../errors.ts'
import type { LogConfig } from '../../log/log-config.ts'
import type { MetaProperties } from '../../metadata/meta-properties.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { MetadataLog } from '../../metadata/metadata-log.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import type { LockHolder } from '../../os/file-lock.ts'
import type { WaitLimit } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import { housekeepingIsOn, readServerProperties } from '../settings/server-properties.ts'
import { hasCleanShutdownFile } from './clean-shutdown-file.ts'
import {
  type DataDirKind,
  explaining,
  inspectDataDir,
  isLogDir,
  type LocatedDir,
  locateDataDir,
  MADE_BY_TKAFKA_FILE,
} from './data-dir.ts'
import { emptyImage } from './empty-image.ts'
import { imageOfFolders } from './image-of-folders.ts'
import type { LogDirs } from './log-dirs.ts'
import { identityByMetadata, tellOfNameless } from './nameless.ts'
import { findBroker } from './running-broker.ts'

export interface LocalDirectoryOptions {
  /** One line for a person, behind everything else (a folder that had to be made anew, a log that was mended). */
  readonly warn?: (line: string) => void
  /** Settings of a topic's logs in place of what metadata and server.properties say: for tests. */
  readonly config?: (topic: string) => LogConfig
  /** All log.dirs of the node, where there are several; the path is that of the one with the metadata. */
  readonly logDirs?: LogDirs | undefined
  /** Whether its path has a server.properties, where that was looked for just now: it is not looked for again. */
  readonly hasProperties?: boolean | undefined
  /** How long locks are waited for, where the user said so. */
  readonly waitLimit?: WaitLimit | undefined
}

export class DirectoryReader {
  /** Absolute. */
  readonly path: string
  readonly os: Os
  readonly options: LocalDirectoryOptions
  #metadata: MetadataLog | undefined
  #nothing: MetadataImage | undefined
  #kind: DataDirKind | undefined
  #serverProperties: Map<string, string> | undefined
  #folderImageTold = false
  /** Of a directory without meta.properties. */
  #byMetadata: MetaProperties | undefined

  /** Which directory is meant, and why that one. @throws TerseError when nothing says */
  static locate(
    dataDirFlag: string | undefined,
    env: Readonly<Record<string, string | undefined>>,
  ): LocatedDir {
    return locateDataDir(dataDirFlag, env)
  }

  /** Looks at nothing yet. */
  constructor(os: Os, path: string, options: LocalDirectoryOptions = {}) {
    this.os = os
    this.path = path
    this.options = options
  }

  /** Metadata that another reader of the same directory has read is not read again. */
  protected takeOver(reader: DirectoryReader): void {
    this.#metadata = reader.#metadata
    this.#byMetadata = reader.#byMetadata
    this.#folderImageTold = reader.#folderImageTold
  }

  /** All log.dirs of the node, where there are several. */
  get logDirs(): LogDirs | undefined {
    return this.options.logDirs
  }

  /** A partition's folder, by its name. */
  folder(name: string): string {
    return this.logDirs === undefined ? join(this.path, name) : this.logDirs.folder(name)
  }

  /** Where a partition's folder is, or is to be made: where the metadata says. */
  newFolder(name: string): string {
    return this.logDirs === undefined ? join(this.path, name) : this.logDirs.newFolder(name, this.image())
  }

  /** Whether the last one that wrote closed all logs. */
  get clean(): boolean {
    return this.logDirs?.isClean(() => this.image()) ?? hasCleanShutdownFile(this.os, this.path)
  }

  warn(line: string): void {
    this.options.warn?.(line)
  }

  /** Whether there is a log directory at the path; false before the first write. @throws TerseError when it is something else */
  exists(): boolean {
    return isLogDir(this.inspect())
  }

  /** Not made by us: its owner's settings may lie elsewhere, so nothing is deleted unasked. */
  get adopted(): boolean {
    return this.exists() && this.os.fs.stat(join(this.path, MADE_BY_TKAFKA_FILE)) === undefined
  }

  /**
   * What the metadata says now; cheap when nothing changed. Empty where there is no directory yet.
   * @throws TerseError when the path is no log directory, cannot be read, or disagrees with its server.properties
   */
  image(): MetadataImage {
    const { kind } = this.inspect()
    if (kind === 'log-dir') return explaining(this.os, this.path, () => this.metadata().image())
    if (kind === 'nameless') {
      this.#tellOfFolders(tellOfNameless(this.path))
      const image = explaining(this.os, this.path, () => this.#namelessImage())
      if (image !== undefined) return image
    }
    if (kind === 'without-metadata') {
      this.#tellOfFolders(
        `${this.path}: ${METADATA_LOG_FOLDER} is not here (one of several log.dirs, or it was lost): topics are told by their folders, without settings, and only read`,
      )
    }
    if (isLogDir({ kind })) return explaining(this.os, this.path, () => imageOfFolders(this.os, this.path))
    this.#nothing ??= emptyImage(Number(this.serverProperties().get('node.id') ?? 1))
    return this.#nothing
  }

  /** Once. */
  #tellOfFolders(line: string): void {
    if (this.#folderImageTold) return
    this.#folderImageTold = true
    this.warn(line)
  }

  /** The metadata of a directory that lost its meta.properties; undefined where that does not say whose it is. */
  #namelessImage(): MetadataImage | undefined {
    this.#byMetadata ??= identityByMetadata(this.os, this.path)
    return this.#byMetadata === undefined ? undefined : this.metadata().image()
  }

  /** Static broker configs from the directory's `server.properties`; empty when there is none. */
  serverProperties(): Map<string, string> {
    if (this.options.hasProperties === false) this.#serverProperties ??= new Map()
    this.#serverProperties ??= explaining(this.os, this.path, () => readServerProperties(this.os, this.path))
    return this.#serverProperties
  }

  /** Whether a broker runs on this directory now: a stat where the clean marker is there, which a broker takes away. */
  brokerIsRunning(): boolean {
    return this.broker() !== undefined
  }

  /** That broker; its pid is -1 where the kernel does not let us see it (another container). */
  broker(): LockHolder | undefined {
    return findBroker(this.os, this.path)
  }

  /** The metadata log itself. Needs a directory that exists. */
  metadata(): MetadataLog {
    this.#metadata ??= MetadataLog.open(this.os, this.path, {
      identity: this.#identity(),
      warn: (line) => this.warn(line),
      checkpointsUnasked: () => housekeepingIsOn(this.serverProperties()),
    })
    return this.#metadata
  }

  #identity(): MetaProperties | undefined {
    if (this.#kind?.kind !== 'log-dir') return this.#byMetadata
    const { meta } = this.#kind
    return this.logDirs === undefined ? meta : { ...meta, otherDirectoryIds: this.logDirs.otherIds }
  }

  /** Inside the gate, alone: finds out again what the directory is. */
  refresh(): DataDirKind {
    this.#kind = undefined
    return this.inspect()
  }

  async close(): Promise<void> {
    this.#metadata?.close()
    this.#metadata = undefined
  }

  /**
   * A directory that was just made has no metadata log yet, and no topics. Where there are partitions, going on without it would
   * set them all aside as strangers, as a broker does.
   */
  #refuseWithoutMetadata(): void {
    const partitions = explaining(this.os, this.path, () => this.os.fs.readdir(this.path))
      .filter((name) => /^[\w.-]+-\d+$/.test(name))
      .sort()
    if (partitions.length === 0) return
    const some = partitions.slice(0, 3).join(', ') + (partitions.length > 3 ? ', ...' : '')
    throw new TerseError(
      `${this.path}: ${METADATA_LOG_FOLDER} is missing, and with it what topics there are (${some}); bring it back from a copy`,
    )
  }

  protected inspect(): DataDirKind {
    // Missing, empty, unfinished: another process may be making it just now.
    if (this.#kind !== undefined && isLogDir(this.#kind)) return this.#kind
    const found = inspectDataDir(this.os, this.path)
    if (found.kind === 'log-dir' && !found.hasMetadata) this.#refuseWithoutMetadata()
    this.#kind = found
    if ('meta' in found) {
      const nodeId = this.serverProperties().get('node.id') ?? this.serverProperties().get('broker.id')
      if (nodeId !== undefined && Number(nodeId) !== found.meta.nodeId) {
        this.#kind = undefined
        throw new TerseError(
          `${this.path}: server.properties says node.id ${nodeId}, meta.properties says ${found.meta.nodeId}`,
        )
      }
    }
    return found
  }
}
