/**
 * Decides what happens to a partition's folder whose topic id the metadata does not have under that name. If the metadata says that
 * the topic was removed, we set the folder aside, as a broker does. If the metadata has never heard of the id, the metadata is
 * older than the folder (yesterday's copy of `__cluster_metadata-0`): the folder stays, since its records would be lost from view.
 */
import { join } from 'node:path'
import { TerseError } from '../../errors.ts'
import { readPartitionMetadata } from '../../log/partition-metadata.ts'
import { isFileError } from '../../log/side-file.ts'
import { uuidToBytes } from '../../message/uuid.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'

/** Of a file of metadata: larger ones are not searched. */
const MOST_BYTES = 256 * 1024 * 1024

export interface DirectoryOfOwners {
  readonly path: string
  image(): MetadataImage
  /** Where a partition's folder is. */
  folder(name: string): string
}

/** Why a folder with this topic id must stay where it is; undefined where it may be set aside. Reads all metadata. */
export function whyFolderStays(
  os: Os,
  directory: { readonly path: string; image(): MetadataImage },
  folder: string,
  topicId: string,
): string | undefined {
  if (!holdsRecords(os, folder)) return undefined
  const owner = directory.image().topicById(topicId)
  if (owner !== undefined) return `it holds records of topic ${owner.name} (id ${topicId})`
  if (metadataMentions(os, directory.path, topicId)) return undefined
  return `it holds records of a topic (id ${topicId}) that the metadata never knew: the metadata is older than the folder`
}

/** For a reader of a partition in whose place another topic's records stand: they are not what was asked for. */
export function whyForeign(
  os: Os,
  directory: DirectoryOfOwners,
  { topic, partition }: TopicPartition,
): string | undefined {
  const folder = directory.folder(`${topic}-${partition}`)
  const id = readPartitionMetadata(os.fs, folder)
  const why = id === undefined ? undefined : whyFolderStays(os, directory, folder, id)
  return why && `${topic}-${partition}: nothing of it can be read: in its folder, ${why}`
}

/**
 * For one who makes these partitions: nobody could write to one whose folder must stay as it is.
 * @throws TerseError
 */
export function refuseForeignFolders(
  os: Os,
  directory: DirectoryOfOwners,
  topic: string,
  first: number,
  count: number,
): void {
  for (let partition = first; partition < first + count; partition++) {
    const folder = directory.folder(`${topic}-${partition}`)
    if (os.fs.stat(folder)?.isDirectory() !== true) continue
    const id = readPartitionMetadata(os.fs, folder)
    const why = id === undefined ? undefined : whyFolderStays(os, directory, folder, id)
    if (why === undefined) continue
    const wayOut =
      directory.image().topicById(id ?? '') === undefined ? 'tkafka repair names that topic again, or m' : 'm'
    throw new TerseError(`${folder}: ${why}; ${wayOut}ove the folder out of the data directory`)
  }
}

function holdsRecords({ fs }: Os, folder: string): boolean {
  return fs
    .readdir(folder)
    .some((name) => name.endsWith('.log') && (fs.stat(join(folder, name))?.size ?? 0) > 0)
}

/** Whether the topic was made, or removed, as far as the metadata is still there. What cannot be read tells nothing. */
function metadataMentions({ fs }: Os, dir: string, topicId: string): boolean {
  const folder = join(dir, METADATA_LOG_FOLDER)
  const id = uuidToBytes(topicId)
  return fs.readdir(folder).some((name) => {
    if (!/\.(log|checkpoint)$/.test(name)) return false
    try {
      return fs.readFile(join(folder, name), MOST_BYTES).includes(id)
    } catch (error) {
      if (!isFileError(error)) throw error
      return false
    }
  })
}
