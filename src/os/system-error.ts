/** What the operating system refused, as one line for a person: the path, what is wrong, and the way out where there is one. */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { ForeignFileError } from './foreign-file.ts'

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'a file may not become larger (ulimit -f, or the file system)',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a file stands where a folder should be',
  EISDIR: 'a folder stands where a file should be',
  EIO: 'the disk cannot be read or written there',
  ELOOP: 'symbolic links lead in a circle',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine',
}

/** undefined when it is no error of the operating system. */
export function systemErrorText(error: unknown): string | undefined {
  if (error instanceof ForeignFileError) return error.message
  const { code, syscall, path, message } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return undefined
  const words = WORDS[code]
  if (words === undefined) return message
  const text = path === undefined ? words : `${path}: ${words}`
  return code === 'EACCES' || code === 'EPERM' ? text + wayOut(path) : text
}

/** What bars the way: the file itself, or the nearest folder above it that can be seen. */
function wayOut(path: string | undefined): string {
  const me = process.geteuid?.()
  if (path === undefined || me === undefined) return ''
  for (let at = path; ; at = dirname(at)) {
    try {
      const stat = statSync(at)
      const whose = at === path ? ['it', 'its'] : [at, `${at}: its`]
      if (stat.uid !== me) return `; ${whose[0]} belongs to uid ${stat.uid}, you are uid ${me}`
      const mode = (stat.mode & 0o777).toString(8).padStart(3, '0')
      return `; ${whose[1]} mode is ${mode}: chmod u+rw${stat.isDirectory() ? 'x' : ''} ${at}`
    } catch {
      if (at === dirname(at)) return ''
    }
  }
}
