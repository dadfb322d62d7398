/**
 * `.kafka_cleanshutdown`, the clean marker: `{"version":0,"brokerEpoch":N}`. Two promises in one: every log may be
 * opened without recovery, and broker N stopped cleanly and so stays eligible to lead. N must be the BrokerEpoch of
 * the newest RegisterBroker record of this node; a wrong one costs the partitions their leader.
 *
 * Invariant: the file is there only while every log in the directory is whole and synced. It is set aside by a rename
 * (`.tkafka-marker`) and comes back by one: its bytes reached the disk long ago, so restoring it costs no fsync. It
 * comes back only if its epoch is the right one; else it is written anew, synced before it gets its
 * name: what bears either name is whole on the disk.
 */
import { join } from 'node:path'
import { errorCode } from '../../os/error-code.ts'
import { openTemporary, SMALL_FILE_BYTES, writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import { removeQuietly } from './open-partitions.ts'

export const CLEAN_SHUTDOWN_FILE = '.kafka_cleanshutdown'
const SET_ASIDE = '.tkafka-marker'

export function hasCleanShutdownFile(os: Os, dir: string): boolean {
  return os.fs.stat(join(dir, CLEAN_SHUTDOWN_FILE)) !== undefined
}

/** Epoch in the marker, undefined when it is missing or not readable. */
export function readCleanShutdownFile(os: Os, dir: string): number | undefined {
  return readEpoch(os, join(dir, CLEAN_SHUTDOWN_FILE))
}

/** Takes the marker away; the caller syncs the folder before the first byte goes into a log. */
export function setAsideCleanShutdownFile(os: Os, dir: string): void {
  os.fs.rename(join(dir, CLEAN_SHUTDOWN_FILE), join(dir, SET_ASIDE))
}

/** Puts the marker back with this epoch. Not synced: a marker lost to a power cut only costs a check. */
export function restoreCleanShutdownFile(os: Os, dir: string, brokerEpoch: number): void {
  const marker = join(dir, CLEAN_SHUTDOWN_FILE)
  const aside = join(dir, SET_ASIDE)
  if (readEpoch(os, aside) === brokerEpoch) {
    os.fs.rename(aside, marker)
    return
  }
  const temp = `${aside}.tmp`
  const fd = openTemporary(os.fs, temp)
  try {
    const bytes = Buffer.from(`{"version":0,"brokerEpoch":${brokerEpoch}}`)
    writeFully(os.fs, fd, bytes, 0, bytes.length, null)
    os.fs.fsync(fd)
  } finally {
    os.fs.close(fd)
  }
  os.fs.rename(temp, marker)
  removeQuietly(os, aside)
}

function readEpoch(os: Os, path: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(os.fs.readFile(path, SMALL_FILE_BYTES).toString('utf8'))
    const epoch = (parsed as { brokerEpoch?: unknown } | null)?.brokerEpoch
    return typeof epoch === 'number' ? epoch : undefined
  } catch (error) {
    const code = errorCode(error)
    if (code === undefined || code === 'ENOENT') return undefined
    throw error
  }
}
