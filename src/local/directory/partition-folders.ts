/**
 * The folders of partitions: `topic-N`, `topic-N.<32 hex>-delete` on their way out, and `.tkafka-deleting`.
 *
 * Bytes of `.tkafka-deleting`: lines `TOPIC-ID NAME PARTITIONS`, appended.
 * Invariant: it names a topic before the topic leaves the metadata, and is removed once no folder of a topic that
 * left is there. A folder is renamed to its -delete form before its first file goes, so that neither a broker nor we
 * ever take half a folder for a partition.
 * Crash: before the metadata changed: the topic is still there, the line says nothing. After: the next writer renames
 * and removes what partition.metadata shows to be of that id. Folders in -delete form are removed by whoever deletes
 * next, or by a broker.
 */
import { basename, dirname, join } from 'node:path'
import { TerseError } from '../../errors.ts'
import { unlessDiskFull } from '../../log/full-disk.ts'
import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import { refuseDamaged } from '../../log/opening/damage-mark.ts'
import {
  PARTITION_METADATA_FILE,
  readPartitionMetadata,
  writePartitionMetadata,
} from '../../log/partition-metadata.ts'
import type { MetadataImage, TopicImage } from '../../metadata/metadata-image.ts'
import { isLegalTopicName } from '../../metadata/topic-drafts.ts'
import { errorCode } from '../../os/error-code.ts'
import { writeFully } from '../../os/file-system.ts'
import { openLockFile } from '../../os/lock-file.ts'
import { waitForLock, whenFree } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'
import { whyFolderStays } from './folder-owner.ts'
import { removeQuietly } from './open-partitions.ts'

const CHECKPOINTS = ['recovery-point', 'log-start', 'replication', 'cleaner'] as const
const DELETING_FILE = '.tkafka-deleting'
const NO_FOLDER = '.tkafka-no-folder-'
const DELETED_FOLDER = /^.+-\d+\.[0-9a-f]{32}-delete$/

export interface DirectoryOfFolders {
  readonly path: string
  readonly checkpoints: LogDirCheckpoints
  image(): MetadataImage
  readonly logDirs: { readonly paths: readonly string[] } | undefined
  folder(name: string): string
  newFolder(name: string): string
}

export class PartitionFolders {
  readonly #os: Os
  readonly #dir: string
  readonly #directory: DirectoryOfFolders
  readonly #checkpoints: LogDirCheckpoints
  readonly #warn: (line: string) => void

  /** Passed over, and told. */
  readonly #foreign = new Set<string>()

  constructor(os: Os, directory: DirectoryOfFolders, warn: (line: string) => void) {
    this.#os = os
    this.#dir = directory.path
    this.#directory = directory
    this.#checkpoints = directory.checkpoints
    this.#warn = warn
  }

  /** The folder, or a path where there is none when the folder belongs to another topic (it counts as not there). */
  forReading(name: string, topicId: string): string {
    const folder = this.#directory.folder(name)
    const id = readPartitionMetadata(this.#os.fs, folder)
    if (id === undefined || id === topicId) return folder
    if (!this.#foreign.has(folder)) {
      this.#foreign.add(folder)
      this.#warn(
        `${folder}: belongs to another topic of that name (id ${id}), so it is passed over; see tkafka check`,
      )
    }
    return join(this.#dir, `${NO_FOLDER}${name}`)
  }

  /**
   * The folder, with the right partition.metadata where there is a folder; the log makes one that is missing.
   * @throws TerseError when its log is known to be damaged, or another topic's records stand there that nobody removed
   */
  forWriting(name: string, topicId: string): string {
    const { fs } = this.#os
    const folder = this.#directory.newFolder(name)
    const id = readPartitionMetadata(fs, folder)
    if (id === topicId) {
      refuseDamaged(this.#os, folder)
      return folder
    }
    if (fs.stat(folder) === undefined) return folder
    if (id !== undefined) {
      const why = whyFolderStays(this.#os, this.#directory, folder, id)
      if (why !== undefined) throw new TerseError(`${folder}: ${why}; see tkafka check`)
      // First, as somebody may hold the checkpoints' lock: then all of this is done again.
      this.#forget([name])
      this.#warn(
        `${folder}: belongs to another topic of that name (id ${id}); set aside as -stray, as a broker does`,
      )
      this.#rename(name, 'stray')
      return folder
    }
    if (fs.readdir(folder).some((file) => file.endsWith('.log'))) {
      this.#warn(
        `${join(folder, PARTITION_METADATA_FILE)}: missing or damaged; written anew, or a broker would set the folder aside`,
      )
    }
    writePartitionMetadata(fs, folder, topicId)
    return folder
  }

  announceDeletion(topics: readonly TopicImage[]): void {
    const { fs } = this.#os
    const lines = topics.map((t) => `\n${t.id} ${t.name} ${t.partitions.length}\n`)
    const file = join(this.#dir, DELETING_FILE)
    const isNew = fs.stat(file) === undefined
    const fd = fs.open(file, 'a')
    try {
      const bytes = Buffer.from(lines.join(''))
      writeFully(fs, fd, bytes, 0, bytes.length, null)
      fs.fdatasync(fd)
      // Or a power cut may leave folders that nobody knows to be deleted.
      if (isNew) fs.fsyncDir(this.#dir)
    } catch (error) {
      // With no byte free a topic must still be deletable; what a crash then leaves behind, a broker sets aside.
      const code = errorCode(error)
      if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    } finally {
      fs.close(fd)
    }
  }

  /** Removes the folders of announced topics that are not in the metadata any more. One stat when there are none. */
  async finishDeletions(image: MetadataImage, more: readonly TopicImage[] = []): Promise<void> {
    const { fs } = this.#os
    const file = join(this.#dir, DELETING_FILE)
    const announced = new Map(announcedDeletions(this.#os, this.#dir).map((one) => [one.id, one]))
    for (const { id, name, partitions } of more)
      announced.set(id, { id, name, partitions: partitions.length })
    if (announced.size === 0 && fs.stat(file) === undefined) return
    let pending = false
    for (const { id, name, partitions } of announced.values()) {
      if (image.topicById(id) !== undefined) {
        pending = true
        continue
      }
      const names = Array.from({ length: partitions }, (_, p) => `${name}-${p}`)
      for (const one of names) if (!(await this.#drop(one, id))) pending = true
      if (image.topic(name) === undefined) await whenFree(() => this.#forget(names))
    }
    // Or a power cut may bring back a folder's old name when half of its files are gone.
    for (const dir of this.#dirs) fs.fsyncDir(dir)
    for (const dir of this.#dirs) this.#removeRenamed(dir)
    if (!pending) removeQuietly(this.#os, file)
  }

  /** Waits for whoever is just writing to it. False: nobody can say whose it is, so it stays, and is looked at again. */
  async #drop(name: string, topicId: string): Promise<boolean> {
    const { fs, locks } = this.#os
    const folder = this.#directory.folder(name)
    if (fs.stat(folder) === undefined) return true
    const whose = this.#whose(folder, topicId)
    if (whose !== 'ours') return whose === 'another' || this.#isNamedAgain(name, folder)
    const path = join(folder, '.tkafka-lock')
    const fd = openLockFile(fs, path)
    try {
      await waitForLock(this.#os, path, () => locks.tryLock(fd, 'exclusive'))
      const now = this.#whose(folder, topicId)
      if (now === 'ours') this.#rename(name, 'delete')
      return now !== 'unsaid' || this.#isNamedAgain(name, folder)
    } finally {
      fs.close(fd)
    }
  }

  /** Of a folder that does not say whose it is: whether a topic of today has the name. Else that is told, and it stays. */
  #isNamedAgain(name: string, folder: string): boolean {
    if (this.#directory.image().topic(name.slice(0, name.lastIndexOf('-'))) !== undefined) return true
    this.#warn(
      `${join(folder, PARTITION_METADATA_FILE)}: missing or damaged, so the folder of the deleted topic stays; ` +
        'remove it, or tkafka repair sets it aside',
    )
    return false
  }

  /** One reading decides: what reads as garbage now may read well the next moment. A folder without logs was being made when its maker was killed. */
  #whose(folder: string, topicId: string): 'ours' | 'another' | 'unsaid' {
    const id = readPartitionMetadata(this.#os.fs, folder)
    if (id !== undefined) return id === topicId ? 'ours' : 'another'
    const names = this.#os.fs.stat(folder) === undefined ? undefined : this.#os.fs.readdir(folder)
    return names?.some((file) => file.endsWith('.log')) === false ? 'ours' : 'unsaid'
  }

  /** A topic made anew under the name begins at 0, as a broker would have it. */
  /** @throws LockBusyError */
  #forget(names: readonly string[]): void {
    const changes = new Map(names.map((name) => [name, undefined]))
    unlessDiskFull(() => {
      for (const which of CHECKPOINTS) this.#checkpoints.update(which, changes)
    })
  }

  #rename(name: string, as: 'delete' | 'stray'): void {
    const suffix = this.#os.randomBytes(16).toString('hex')
    // A folder's name may have 255 bytes; Kafka cuts the topic's name, too.
    const dash = name.lastIndexOf('-')
    const tail = `${name.slice(dash)}.${suffix}-${as}`
    const folder = this.#directory.folder(name)
    this.#os.fs.rename(folder, join(dirname(folder), name.slice(0, Math.min(dash, 255 - tail.length)) + tail))
  }

  get #dirs(): readonly string[] {
    return this.#directory.logDirs?.paths ?? [this.#dir]
  }

  #removeRenamed(dir: string): void {
    const { fs } = this.#os
    for (const name of fs.readdir(dir)) {
      if (!DELETED_FOLDER.test(name)) continue
      const folder = join(dir, name)
      try {
        // Somebody put the partition on another disk: the link goes, what it leads to is not ours to remove.
        if (fs.isLink(folder)) {
          removeQuietly(this.#os, folder)
          continue
        }
        for (const file of fs.readdir(folder)) removeQuietly(this.#os, join(folder, file))
        fs.rmdir(folder)
      } catch (error) {
        // Another one is at it, too; or a folder stands in it that nobody of us made.
        const code = errorCode(error)
        if (code !== 'ENOENT' && code !== 'ENOTEMPTY' && code !== 'EISDIR' && code !== 'EPERM') throw error
      }
    }
  }
}

/** Topics whose deletion was begun, and may not have ended. One stat where there are none. */
export function announcedDeletions(os: Os, dir: string): { id: string; name: string; partitions: number }[] {
  const file = join(dir, DELETING_FILE)
  return os.fs.stat(file) === undefined ? [] : parse(os.fs.readFile(file).toString('utf8'))
}

/** Anybody may have written the file: what is no topic's name must not become a folder's. */
function parse(text: string): { id: string; name: string; partitions: number }[] {
  return [...text.matchAll(/^(\S{22}) (\S+) (\d{1,7})$/gm)]
    .map(([, id, name, partitions]) => ({ id, name, partitions: Number(partitions) }))
    .filter(({ name }) => isLegalTopicName(name))
}

/** Whether `forReading` found another topic's folder in the place. */
export function isNoFolder(path: string): boolean {
  return basename(path).startsWith(NO_FOLDER)
}
