/**
 * `NAME.N.broken`: a file that is set aside so that nobody reads it, under the first number that is free.
 *
 * Bytes: those of the file, which only gets another name, in one rename. Crash: it has the old name or the new one.
 */
import { BROKEN_SUFFIX } from '../../log/segment/log-files.ts'
import type { Os } from '../../os/os.ts'

/** Renames a file so that nobody reads it. */
export function breakOff(os: Os, path: string): string {
  const to = freeName(os, path)
  os.fs.rename(path, to)
  return to
}

export function freeName(os: Os, path: string): string {
  let n = 0
  while (os.fs.stat(`${path}.${n}${BROKEN_SUFFIX}`) !== undefined) n++
  return `${path}.${n}${BROKEN_SUFFIX}`
}
