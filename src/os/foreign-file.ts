/**
 * The error for something in a data directory that stands under the name of one of our files and may not be opened: a folder, a
 * FIFO, a socket, a device, a link that somebody else planted, a second name of somebody else's file, or far too many bytes.
 *
 * Code decides by the class or by `code`; `message` is the one line for a person.
 */
import type { Stats } from 'node:fs'

/** ENOTREG and EPLANTED are ours; the others are the system's words for the same thing. */
export type ForeignFileCode = 'EISDIR' | 'ENOTREG' | 'ELOOP' | 'EPLANTED' | 'EFBIG'

export class ForeignFileError extends Error {
  readonly code: ForeignFileCode
  readonly path: string
  readonly syscall = 'open'

  constructor(code: ForeignFileCode, path: string, what: string) {
    super(`${path}: ${what}`)
    this.name = 'ForeignFileError'
    this.code = code
    this.path = path
  }
}

export function notRegular(path: string, stat: Stats | undefined): ForeignFileError {
  if (stat?.isDirectory()) {
    return new ForeignFileError('EISDIR', path, 'a folder stands where a file should be')
  }
  return new ForeignFileError('ENOTREG', path, `${kindOf(stat)} stands where a file should be; remove it`)
}

/** `where` the link leads, as it says itself. */
export function plantedLink(path: string, where: string, uid: number): ForeignFileError {
  return new ForeignFileError(
    'EPLANTED',
    path,
    `a symbolic link made by uid ${uid} to what is not that user's (${where}), so it is not followed; remove it`,
  )
}

export function leadsNowhere(path: string, where: string): ForeignFileError {
  return new ForeignFileError('ELOOP', path, `a symbolic link that leads nowhere (${where}); remove it`)
}

export function secondName(path: string, owner: number, folderOwner: number): ForeignFileError {
  return new ForeignFileError(
    'EPLANTED',
    path,
    `a hard link to a file of uid ${owner} in a folder of uid ${folderOwner}, so nothing is written to it; remove it`,
  )
}

export function tooLarge(path: string, size: number, most: number): ForeignFileError {
  return new ForeignFileError(
    'EFBIG',
    path,
    `${size} bytes long, where such a file has at most ${most}; it is not read`,
  )
}

function kindOf(stat: Stats | undefined): string {
  if (stat?.isFIFO()) return 'a FIFO'
  if (stat?.isSocket()) return 'a socket'
  if (stat?.isCharacterDevice() || stat?.isBlockDevice()) return 'a device'
  return 'something that is no file'
}
