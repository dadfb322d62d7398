/**
 * Reads bad bytes a second time, through another descriptor, before they are cut or replaced: a failing disk, cable or memory may give
 * wrong bytes once. If the second reading differs, the file stays as it was, since there is no damage that could be mended.
 *
 * A copy of bytes that are set aside is read back, too: a wrong copy would keep nothing.
 */
import { type CorruptRecordError, TerseError } from '../../errors.ts'
import { type FileSystem, readRange } from '../../os/file-system.ts'
import { findBatchBehind, isGoodBatch } from '../segment/bad-batch.ts'
import { LOG_SUFFIX } from '../segment/log-files.ts'

const CHUNK = 1024 * 1024

/** @throws TerseError where a good batch stands at `position`, or behind it, when it is read again */
export function confirmTorn(
  fs: FileSystem,
  path: string,
  bad: { readonly position: number; readonly nextOffset: number; readonly size: number },
): void {
  const fd = fs.open(path, 'r')
  try {
    const { position, nextOffset, size } = bad
    if (!isGoodBatch(fs, fd, position, size, nextOffset) && findBatchBehind(fs, fd, bad) === undefined) return
  } finally {
    fs.close(fd)
  }
  throw unsteady(path, bad.position)
}

/** Whether a good batch stands where this error says that there is none, when it is read again. */
export function readsWell(fs: FileSystem, { file, position }: CorruptRecordError): boolean {
  if (file === undefined || !file.endsWith(LOG_SUFFIX)) return false
  try {
    const fd = fs.open(file, 'r')
    try {
      return isGoodBatch(fs, fd, position, fs.fstat(fd).size, 0)
    } finally {
      fs.close(fd)
    }
  } catch {
    return false
  }
}

/** Bytes of one file that ought to be those of another, at another place. */
export interface SameBytes {
  readonly from: number
  readonly to: number
  /** Where they begin in the other file. */
  readonly at: number
}

/** @throws TerseError where bytes of `path`, read again, are not what was copied of them to `copy` */
export function confirmCopied(
  fs: FileSystem,
  path: string,
  copy: string,
  ranges: readonly SameBytes[],
): void {
  const fd = fs.open(path, 'r')
  try {
    const copyFd = fs.open(copy, 'r')
    try {
      for (const range of ranges) {
        const differs = difference(fs, fd, copyFd, range)
        if (differs !== undefined) throw unsteady(path, differs)
      }
    } finally {
      fs.close(copyFd)
    }
  } finally {
    fs.close(fd)
  }
}

function difference(
  fs: FileSystem,
  fd: number,
  copyFd: number,
  { from, to, at }: SameBytes,
): number | undefined {
  const length = Math.max(0, Math.min(CHUNK, to - from))
  const [one, other] = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)]
  for (let position = from; position < to; position += length) {
    const wanted = Math.min(length, to - position)
    const found = readRange(fs, fd, one, 0, wanted, position)
    const copied = readRange(fs, copyFd, other, 0, wanted, at + position - from)
    if (found !== wanted || copied !== wanted) return position
    if (one.compare(other, 0, wanted, 0, wanted) !== 0) return position
  }
  return undefined
}

/** For who read bytes twice by himself. */
export function unsteady(path: string, position: number): TerseError {
  return new TerseError(
    `${path}: the bytes from position ${position} on read differently each time: nothing was cut; look after the disk and try again`,
  )
}
