/**
 * A partition's folder: made by its first writer, watched by its readers.
 *
 * Bytes: the folder, then its partition.metadata (partition-metadata.ts). Crash between the two: a folder that does not say whose
 * it is; the next writer writes the file (`ensureMetadata`).
 */
import { KafkaError } from '../errors.ts'
import type { Os } from '../os/os.ts'
import { readPartitionMetadata, writePartitionMetadata } from './partition-metadata.ts'

/** Of the topic to which a folder belongs. */
export interface FolderTopic {
  readonly topicId?: string
  readonly isTopic?: () => boolean
}

export class PartitionFolder {
  readonly #os: Os
  readonly #dir: string
  readonly #topicId: string | undefined
  readonly #isTopic: (() => boolean) | undefined
  readonly #watches = new Set<{ close(): void }>()

  constructor(os: Os, dir: string, { topicId, isTopic }: FolderTopic) {
    this.#os = os
    this.#dir = dir
    this.#topicId = topicId
    this.#isTopic = isTopic
  }

  /**
   * Makes it where there is none, with its partition.metadata first. Returns true when it did.
   * @throws KafkaError where the topic was deleted meanwhile: its folder would stand in the way of one of the same name
   */
  ensure(): boolean {
    if (this.#os.fs.stat(this.#dir) !== undefined) return false
    // Metadata change first, then the folder goes: once it is gone the metadata can tell.
    if (this.#isTopic?.() === false) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION')
    this.#os.fs.mkdir(this.#dir)
    this.ensureMetadata()
    return true
  }

  /** A crash may have come between the folder and its first file. */
  ensureMetadata(): void {
    const { fs } = this.#os
    if (this.#topicId === undefined || readPartitionMetadata(fs, this.#dir) !== undefined) return
    writePartitionMetadata(fs, this.#dir, this.#topicId)
  }

  watch(callback: () => void): { close(): void } {
    const watch = this.#os.fs.watch(this.#dir, callback)
    this.#watches.add(watch)
    return {
      close: () => {
        this.#watches.delete(watch)
        watch.close()
      },
    }
  }

  closeWatches(): void {
    for (const watch of this.#watches) watch.close()
    this.#watches.clear()
  }
}
