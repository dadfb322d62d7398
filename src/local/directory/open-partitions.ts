/**
 * `.tkafka-open`: which partitions have been written to since the clean-shutdown marker was taken away.
 *
 * Bytes: a first line `tkafka-open 1 BOOT EPOCH` (the machine's boot id; the BrokerEpoch of this node's newest
 * RegisterBroker record), then lines `topic-partition`, each written with one write as "\nNAME\n": what a full disk
 * tore off cannot run into the next name. Blank lines mean nothing.
 *
 * Invariant: while any process may write to a partition without the marker being there, either this list names the
 * partition, or the list is not valid (missing, no header, another boot, another broker epoch) and the directory is
 * checked whole before anyone relies on it. That is why nothing here is synced: after a power cut the boot id differs.
 * A broker that ran in between has registered anew, so the epoch differs.
 *
 * Crash: it is begun while the marker is still there (or nothing is known anyway), and emptied after the marker came
 * back: what a half-written first line would say does not count. The empty file stays: making and removing one costs
 * more than all else here.
 */
import { join } from 'node:path'
import { isDiskFull } from '../../log/full-disk.ts'
import { isMissing } from '../../os/error-code.ts'
import { writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'

export const OPEN_PARTITIONS_FILE = '.tkafka-open'

export interface OpenPartitions {
  readonly bootId: string
  readonly brokerEpoch: number
  /** Folder names: `topic-partition`. */
  readonly names: Set<string>
}

/**
 * Begins a list entry that names no open partition but one found damaged in a directory that was not shut down cleanly.
 * Such a directory stays unclean until a repair: a broker must not take it for whole.
 */
export const FOUND_DAMAGED = '!'

/**
 * Begins an entry that names, by its directory.id, another of the log.dirs of the node: the list tells what is open there,
 * too. One that began with the single directory knows nothing of the others.
 */
export const ALSO_OF = '@'

/** Of several log.dirs of one node. */
export interface ListedDirs {
  /** Whether all partitions that the list does not name are closed, in each of them. */
  toldBy(names: ReadonlySet<string>): boolean
}

/** Further log.dirs of the node. */
export interface OtherDirs extends ListedDirs {
  readonly others: readonly string[]
  /** directory.id of each. */
  readonly otherIds: readonly string[]
}

/** The list, where it tells what was written to: begun in this boot of the machine, and by no broker's predecessor. */
export function validOpenPartitions(
  os: Os,
  dir: string,
  brokerEpoch: () => number,
  dirs?: ListedDirs,
): OpenPartitions | undefined {
  const list = readOpenPartitions(os, dir)
  if (list === undefined || list.bootId !== os.bootId() || dirs?.toldBy(list.names) === false)
    return undefined
  return list.brokerEpoch === brokerEpoch() ? list : undefined
}

/** undefined when there is no list, or none with a header. */
export function readOpenPartitions(os: Os, dir: string): OpenPartitions | undefined {
  let text: string
  try {
    text = os.fs.readFile(join(dir, OPEN_PARTITIONS_FILE)).toString('utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  const [header, ...lines] = text.split('\n')
  const match = /^tkafka-open 1 (\S+) (-?\d+)$/.exec(header)
  if (match === null || lines.length === 0) return undefined
  // The last line is whole only if a newline follows it.
  lines.pop()
  return { bootId: match[1], brokerEpoch: Number(match[2]), names: new Set(lines.filter((l) => l !== '')) }
}

/** Begins an empty list in place of what was there. */
export function beginOpenPartitions(os: Os, dir: string, bootId: string, brokerEpoch: number): void {
  const fd = os.fs.open(join(dir, OPEN_PARTITIONS_FILE), 'w')
  try {
    const bytes = Buffer.from(`tkafka-open 1 ${bootId} ${brokerEpoch}\n`)
    writeFully(os.fs, fd, bytes, 0, bytes.length, null)
  } finally {
    os.fs.close(fd)
  }
}

/** Adds a partition. On a full disk the list is made invalid instead: cleaning must work with no byte free. */
export function addOpenPartition(os: Os, dir: string, name: string): void {
  try {
    const fd = os.fs.open(join(dir, OPEN_PARTITIONS_FILE), 'a')
    try {
      const bytes = Buffer.from(`\n${name}\n`)
      writeFully(os.fs, fd, bytes, 0, bytes.length, null)
    } finally {
      os.fs.close(fd)
    }
  } catch (error) {
    if (!isDiskFull(error)) throw error
    invalidateOpenPartitions(os, dir)
  }
}

/** Without a valid list the directory counts as unknown, unless the marker is there. Needs no space. */
export function invalidateOpenPartitions(os: Os, dir: string): void {
  const path = join(dir, OPEN_PARTITIONS_FILE)
  if ((os.fs.stat(path)?.size ?? 0) > 0) os.fs.close(os.fs.open(path, 'w'))
}

export function removeQuietly(os: Os, path: string): void {
  try {
    os.fs.unlink(path)
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}
