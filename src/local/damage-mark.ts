/**
 * `.tkafka-damaged` in a partition's folder: damage in the middle of its log that a check found.
 *
 * Bytes: the name of the segment's file, then the message, a line each. Invariant: a partition that bears it gets no
 * appends, or a later repair could not tell the good records behind the damage from new ones. Readers need it not:
 * they find the damage where it is. It counts for nothing once that segment is gone; a repair removes it.
 * Crash: while it is being written: the check that found the damage is not done, and finds it again.
 */
import { basename, join } from 'node:path'
import { type CorruptRecordError, TerseError } from '../errors.ts'
import { SMALL_FILE_BYTES, writeFully } from '../os/file-system.ts'
import type { Os } from '../os/os.ts'
import { isDiskFull, removeQuietly } from './open-partitions.ts'

export const DAMAGE_FILE = '.tkafka-damaged'

/** Marks the partition; false when it was marked before. */
export function markDamage(os: Os, folder: string, error: CorruptRecordError): boolean {
  const mark = join(folder, DAMAGE_FILE)
  if ((os.fs.stat(mark)?.size ?? 0) > 0) return false
  const fd = os.fs.open(mark, 'w')
  try {
    const bytes = Buffer.from(`${basename(error.file ?? '')}\n${error.message}\n`)
    writeFully(os.fs, fd, bytes, 0, bytes.length, null)
  } catch (failure) {
    if (!isDiskFull(failure)) throw failure
  } finally {
    os.fs.close(fd)
  }
  return true
}

/** @throws TerseError when the partition is marked and the damage may still be there */
export function refuseDamaged(os: Os, folder: string): void {
  const mark = join(folder, DAMAGE_FILE)
  if (os.fs.stat(mark) === undefined) return
  const [file, message = ''] = os.fs.readFile(mark, SMALL_FILE_BYTES).toString('utf8').split('\n')
  if (file !== '' && os.fs.stat(join(folder, file)) === undefined) {
    removeQuietly(os, mark)
    return
  }
  throw new TerseError(`${message}; nothing is appended to a damaged partition: see tkafka repair`)
}
