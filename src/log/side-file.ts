/**
 * Files beside a log that only speed it up or describe it: indexes, snapshots, checkpoints. What counts is the log; so an
 * error of one of them is a class of its own, and whoever works on a log catches it and goes on where that is right.
 */
import { TerseError } from '../errors.ts'
import { errorCode, isMissing } from '../os/error-code.ts'
import type { FileSystem } from '../os/file-system.ts'
import { systemErrorText } from '../os/system-error.ts'

/** Codes of a whole disk or process in trouble: making this one file anew would help nothing. */
const NOT_THE_FILES_FAULT = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE', 'ENOMEM', 'EROFS'])

export class SideFileError extends TerseError {
  override name = 'SideFileError'
  readonly path: string
  /** The system's, ENOSPC for example. */
  readonly code: string
  readonly syscall: string

  private constructor(path: string, cause: NodeJS.ErrnoException) {
    super(messageOf(path, cause), { cause })
    this.path = path
    this.code = cause.code ?? ''
    this.syscall = cause.syscall ?? 'open'
  }

  /** @throws the error itself, where it is one of the program */
  static of(path: string, error: unknown): SideFileError {
    if (error instanceof SideFileError) return error
    if (!isFileError(error)) throw error
    return new SideFileError(path, error)
  }

  /** Whether a new file in its place would do. */
  get isItsOwn(): boolean {
    return !NOT_THE_FILES_FAULT.has(this.code)
  }
}

/** An error that a file gave, not the program: the system's, or a refusal to open what is no regular file. */
export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  if (!(error instanceof Error)) return false
  const code = errorCode(error)
  return error instanceof TerseError || (typeof code === 'string' && !code.startsWith('ERR_INVALID'))
}

export function isNotPermitted(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'EACCES' || code === 'EPERM'
}

export function unlinkIfThere(fs: FileSystem, path: string): boolean {
  try {
    fs.unlink(path)
    return true
  } catch (error) {
    if (!isMissing(error)) throw error
    return false
  }
}

/** For what does no harm where it is: a stray file, or a folder of that name. */
export function unlinkStray(fs: FileSystem, path: string): void {
  try {
    fs.unlink(path)
  } catch (error) {
    if (!isFileError(error)) throw error
  }
}

function messageOf(path: string, cause: NodeJS.ErrnoException): string {
  const { code, syscall } = cause
  // Calls on descriptors name no path.
  const named = Object.assign(new Error(cause.message), { code, syscall, path })
  const text = syscall === undefined ? undefined : systemErrorText(named)
  if (text === undefined) return cause.message.startsWith(path) ? cause.message : `${path}: ${cause.message}`
  return text.startsWith(path) ? text : `${path}: ${text}`
}
