/**
 * partition.metadata: `version: 0` and `topic_id: <22 characters>`. Without the right one a broker sets the folder aside
 * and shows an empty partition, so it is the first file in a new folder, written whole (temp, fsync, rename).
 */
import { join } from 'node:path'
import type { FileSystem } from '../os/file-system.ts'
import { SMALL_FILE_BYTES } from '../os/file-system.ts'
import { temporaryOfOurs, writeFileAtomically } from './checkpoint-file.ts'
import { isFileError, isNotPermitted } from './side-file.ts'

export const PARTITION_METADATA_FILE = 'partition.metadata'

/**
 * The topic id in base64url; undefined when missing or unreadable.
 * @throws the system's error where it may not be read: whoever may not know whose folder this is does nothing in it
 */
export function readPartitionMetadata(fs: FileSystem, dir: string): string | undefined {
  try {
    const text = fs.readFile(join(dir, PARTITION_METADATA_FILE), SMALL_FILE_BYTES).toString('utf8')
    if (!/^version: 0$/m.test(text)) return undefined
    return /^topic_id: ([A-Za-z0-9_-]{22})$/m.exec(text)?.[1]
  } catch (error) {
    if (!isFileError(error) || isNotPermitted(error)) throw error
    return undefined
  }
}

export function formatPartitionMetadata(topicId: string): string {
  return `version: 0\ntopic_id: ${topicId}`
}

/** Several may write it at once (the maker of a topic, and who already appends): each under a name of its own. */
export function writePartitionMetadata(fs: FileSystem, dir: string, topicId: string): void {
  const path = join(dir, PARTITION_METADATA_FILE)
  writeFileAtomically(fs, path, Buffer.from(formatPartitionMetadata(topicId)), temporaryOfOurs(path))
}
