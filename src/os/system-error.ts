/** What the operating system refused, as one line for a person: the path, what is wrong, and the way out where there is one. */
import { statSync } from 'node:fs'

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the disk',
  EDQUOT: 'the disk quota is used up',
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a file stands where a folder should be',
  EISDIR: 'a folder stands where a file should be',
  EIO: 'the disk cannot be read or written there',
  EMFILE: 'too many open files; raise the limit (ulimit -n)',
  ENFILE: 'too many open files on this machine',
}

/** undefined when it is no error of the operating system. */
export function systemErrorText(error: unknown): string | undefined {
  const { code, syscall, path, message } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return undefined
  const words = WORDS[code]
  if (words === undefined) return message
  const text = path === undefined ? words : `${path}: ${words}`
  return code === 'EACCES' || code === 'EPERM' ? text + wayOut(path) : text
}

function wayOut(path: string | undefined): string {
  if (path === undefined) return ''
  try {
    const stat = statSync(path)
    const me = process.geteuid?.()
    if (me === undefined) return ''
    if (stat.uid !== me) return `; it belongs to uid ${stat.uid}, you are uid ${me}`
    const mode = (stat.mode & 0o777).toString(8).padStart(3, '0')
    return `; its mode is ${mode}: chmod u+rw ${path}`
  } catch {
    return ''
  }
}
