/**
 * What is known of the metadata log's end by other means than its bytes: the name of the newest producer snapshot in its
 * folder. A broker leaves one at each clean stop; we leave one behind each append, by a rename, once the append is synced.
 * So in any state of the directory, after a power cut too, records below that offset were there: a log that ends before
 * has lost them, and what went on from there would forget topics and give offsets twice.
 *
 * Crash: before the rename the older name says less than could be said, which harms nobody. The file holds no producers, as
 * a broker's does there.
 */
import { CorruptRecordError } from '../errors.ts'
import type { FileSystem } from '../os/file-system.ts'
import { writeFully } from '../os/file-system.ts'
import { METADATA_LOG_FOLDER, type MetadataLogFiles, segmentFileName } from './metadata-log-files.ts'

/** int16 version 1, CRC-32C of the rest, int32 count: no producer. */
const NO_PRODUCERS = Buffer.from([0, 1, 0x48, 0x67, 0x4b, 0xc7, 0, 0, 0, 0])

/** Called under the metadata lock, behind an append that is synced. That it fails is nobody's reason to fail. */
export function noteMetadataEnd(fs: FileSystem, folder: string, known: number, endOffset: number): void {
  const path = `${folder}/${segmentFileName(endOffset, '.snapshot')}`
  try {
    if (known > 0 && known < endOffset) {
      fs.rename(`${folder}/${segmentFileName(known, '.snapshot')}`, path)
      return
    }
  } catch {
    // Somebody took it away: made anew.
  }
  try {
    const fd = fs.open(path, 'w')
    try {
      writeFully(fs, fd, NO_PRODUCERS, 0, NO_PRODUCERS.length, 0)
    } finally {
      fs.close(fd)
    }
  } catch {
    // A full disk: the next append notes it.
  }
}

/** Records at the log's end are gone, or all of them. */
export class LostMetadataError extends CorruptRecordError {}

const WAY_OUT = 'bring the file back from a copy, or see tkafka repair'

/** What is wrong with a log whose reading ended at `endOffset`; undefined where it reaches what is known. */
export function lostMetadataEnd(
  fs: FileSystem,
  folder: string,
  { knownEnd, segments }: MetadataLogFiles,
  endOffset: number,
  position: number,
): LostMetadataError | undefined {
  if (endOffset >= knownEnd) return undefined
  const name = segmentFileName(knownEnd, '.snapshot')
  // A file of that name that holds something else tells nothing.
  if (!isSnapshot(fs, `${folder}/${name}`)) return undefined
  const lost = knownEnd - endOffset === 1 ? `offset ${endOffset}` : `offsets ${endOffset} to ${knownEnd - 1}`
  const base = segments.at(-1)
  const path = `${folder}/${segmentFileName(base ?? 0)}`
  const what =
    base === undefined
      ? `the file is missing, and with it ${lost}`
      : `the metadata log ends here, and ${lost} are missing`
  return new LostMetadataError(`${what} (${name} tells): ${WAY_OUT}`, base === undefined ? 0 : position, path)
}

/** Nothing was ever written, it seems; but partitions are named in the metadata before they get their folders. */
export function lostMetadata(
  fs: FileSystem,
  logDir: string,
  folder: string,
  { segments }: MetadataLogFiles,
): LostMetadataError | undefined {
  const partitions = fs
    .readdir(logDir)
    .filter((name) => /^[\w.-]+-\d+$/.test(name) && name !== METADATA_LOG_FOLDER)
    .sort()
  if (partitions.length === 0) return undefined
  const some = partitions.slice(0, 3).join(', ') + (partitions.length > 3 ? ', ...' : '')
  const state = segments.length === 0 ? 'the file is missing' : 'the metadata log is empty'
  return new LostMetadataError(
    `${state}, and with it what topics there are (${some}): ${WAY_OUT}`,
    0,
    `${folder}/${segmentFileName(segments.at(-1) ?? 0)}`,
  )
}

function isSnapshot(fs: FileSystem, path: string): boolean {
  try {
    const bytes = fs.readFile(path)
    return bytes.length >= NO_PRODUCERS.length && bytes[0] === 0 && bytes[1] === 1
  } catch {
    return false
  }
}
