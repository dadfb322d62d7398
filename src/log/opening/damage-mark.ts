/**
 * `.tkafka-damaged` in a partition's folder: damage of its log that a check or a refused writer found.
 *
 * Bytes: the name of the segment's file, then the message, a line each; where the damage is at the log's end a third line
 * `end N`: the log held records below N. Invariant: a partition that bears it gets no appends, or a later repair could
 * not tell the good records behind the damage from new ones, and offsets would be given twice. Readers find damage in the
 * middle where it is; of the end they ask known-end.ts. A mark without `end` counts for nothing once that segment is
 * gone, one with it once the log reaches N again (somebody brought the file back); a repair removes both.
 * Crash: while it is being written: whoever found the damage is not done, and the next one finds it again.
 */
import { basename, join } from 'node:path'
import { type CorruptRecordError, TerseError } from '../../errors.ts'
import { SMALL_FILE_BYTES, writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import { isDiskFull } from '../full-disk.ts'
import { unlinkIfThere } from '../side-file.ts'
import { readsWell } from './second-reading.ts'

export const DAMAGE_FILE = '.tkafka-damaged'
export const WAY_OUT = 'nothing is appended to a damaged partition: see tkafka repair'

/** Marks the partition, with the log's known end where that is what is damaged; false when it was marked before. */
export function markDamage(os: Os, folder: string, error: CorruptRecordError, knownEnd?: number): boolean {
  const mark = join(folder, DAMAGE_FILE)
  if ((os.fs.stat(mark)?.size ?? 0) > 0) return false
  // It stays until a repair: what reads well the second time must not get it.
  if (knownEnd === undefined && readsWell(os.fs, error)) return false
  const end = knownEnd === undefined ? '' : `end ${knownEnd}\n`
  const fd = os.fs.open(mark, 'w')
  try {
    const bytes = Buffer.from(`${basename(error.file ?? '')}\n${error.message}\n${end}`)
    writeFully(os.fs, fd, bytes, 0, bytes.length, null)
  } catch (failure) {
    if (!isDiskFull(failure)) throw failure
  } finally {
    os.fs.close(fd)
  }
  return true
}

/** The end that a mark says the log had; undefined without such a mark. */
export function markedEnd(os: Os, folder: string): number | undefined {
  const end = readMark(os, folder)?.end
  return end === undefined ? undefined : Number(end)
}

/**
 * Damage in the middle only: damage at the end is judged anew by the log itself.
 * @throws TerseError when the partition is marked and the damage may still be there
 */
export function refuseDamaged(os: Os, folder: string): void {
  const mark = readMark(os, folder)
  if (mark === undefined || mark.end !== undefined) return
  if (mark.file !== '' && os.fs.stat(join(folder, mark.file)) === undefined) {
    unlinkIfThere(os.fs, join(folder, DAMAGE_FILE))
    return
  }
  throw new TerseError(`${mark.message}; ${WAY_OUT}`)
}

function readMark(os: Os, folder: string): { file: string; message: string; end?: string } | undefined {
  const path = join(folder, DAMAGE_FILE)
  if (os.fs.stat(path) === undefined) return undefined
  const [file, message = '', last = ''] = os.fs.readFile(path, SMALL_FILE_BYTES).toString('utf8').split('\n')
  const end = /^end (\d+)$/.exec(last)?.[1]
  return { file, message, ...(end === undefined ? {} : { end }) }
}
