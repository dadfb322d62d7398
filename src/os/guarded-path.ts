/**
 * Opening and changing files in folders that somebody else may write to: root's cron in a user's directory, a user in a
 * directory of his group. Only regular files are opened, and no link is followed that its maker could not have used
 * himself (docs/security.md).
 *
 * What a path names may change between a look and the call that follows. So what is opened is looked at afterwards,
 * through its descriptor; and where others may write to a folder, the folder is held open, and what happens in it goes
 * through `/proc/self/fd/N/NAME`: that is openat(2), which Node does not offer. Where there is no /proc, the look comes
 * before the call and a race remains.
 */
import fs from 'node:fs'
import path from 'node:path'
import { errorCode } from './error-code.ts'
import { leadsNowhere, notRegular, plantedLink, secondName } from './foreign-file.ts'

const { O_RDONLY, O_CREAT, O_TRUNC, O_DIRECTORY } = fs.constants
// Windows knows neither.
const O_NOFOLLOW = fs.constants.O_NOFOLLOW ?? 0
const O_NONBLOCK = fs.constants.O_NONBLOCK ?? 0
/** open(2) on Linux; Node does not name it. It needs no right to read the folder. */
const O_PATH = 0o10000000

const QUIET = { throwIfNoEntry: false } as const

export interface OpenedFile {
  readonly fd: number
  readonly stat: fs.Stats
}

/** What is done in a folder: `at` names the file, `folder` is where it lies (undefined where there is none). */
type InFolder<T> = (at: string, folder: fs.Stats | undefined) => T

/** Calls back with a path to `file` that nobody can turn elsewhere. Errors name `file`. */
export function inFolder<T>(file: string, act: InFolder<T>): T {
  const dir = path.dirname(file)
  const me = process.geteuid?.()
  const folder = me === undefined ? fs.statSync(dir, QUIET) : lstat(dir)
  if (folder === undefined || me === undefined) return act(file, folder)
  if (folder.isDirectory() && folder.uid === me && (folder.mode & 0o022) === 0) return act(file, folder)
  if (!folder.isDirectory() && !folder.isSymbolicLink()) return act(file, folder)
  const real = folder.isSymbolicLink() ? followed(dir, folder).target : dir
  const name = path.basename(file)
  if (!hasProc()) return act(path.join(real, name), fs.statSync(real))
  return inHeldFolder(real, folder, file, act)
}

function inHeldFolder<T>(real: string, named: fs.Stats, file: string, act: InFolder<T>): T {
  const fd = retry(() => fs.openSync(real, O_PATH | O_DIRECTORY | O_NOFOLLOW))
  const at = `/proc/self/fd/${fd}/${path.basename(file)}`
  try {
    const held = fs.fstatSync(fd)
    if (named.isSymbolicLink() && !mayLead(named, held))
      throw plantedLink(path.dirname(file), real, named.uid)
    return act(at, held)
  } catch (error) {
    throw renamed(error, at, file)
  } finally {
    fs.closeSync(fd)
  }
}

/** Opens a file that is there. `flags` without O_CREAT; with O_TRUNC it is emptied once it is known to be a file. */
export function openRegular(at: string, flags: number, folder?: fs.Stats): OpenedFile {
  const asked = (flags & ~(O_TRUNC | O_CREAT)) | O_NONBLOCK
  let fd: number
  try {
    fd = retry(() => fs.openSync(at, asked | O_NOFOLLOW))
  } catch (error) {
    const link = LINK_CODES.has(errorCode(error)) ? lstat(at) : undefined
    if (link?.isSymbolicLink()) return checked(openLink(at, link, asked), at, flags, folder)
    // A FIFO that nobody reads, a socket, a device without a driver.
    if (errorCode(error) === 'ENXIO' || errorCode(error) === 'ENODEV') throw notRegular(at, lstat(at))
    throw error
  }
  return checked({ fd, stat: fs.fstatSync(fd) }, at, flags, folder)
}

/** O_NOFOLLOW on a link: Linux and macOS, FreeBSD, NetBSD. */
const LINK_CODES = new Set<string | undefined>(['ELOOP', 'EMLINK', 'EFTYPE'])

function checked(opened: OpenedFile, at: string, flags: number, folder: fs.Stats | undefined): OpenedFile {
  const { fd, stat } = opened
  try {
    if (!stat.isFile()) throw notRegular(at, stat)
    // The only name of a file is ours to write to, whoever made it. One that has others may have been given this one.
    if (stat.nlink > 1 && folder !== undefined && stat.uid !== folder.uid && (flags & 3) !== O_RDONLY) {
      throw secondName(at, stat.uid, folder.uid)
    }
    if ((flags & O_TRUNC) !== 0 && stat.size > 0) retry(() => fs.ftruncateSync(fd, 0))
    return opened
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
}

function openLink(at: string, link: fs.Stats, flags: number): OpenedFile {
  const { target, stat } = followed(at, link)
  // Before it is opened: opening alone can move a tape.
  if (!stat.isFile()) throw notRegular(at, stat)
  const fd = retry(() => fs.openSync(target, flags | O_NOFOLLOW))
  const opened = fs.fstatSync(fd)
  if (mayLead(link, opened)) return { fd, stat: opened }
  fs.closeSync(fd)
  throw plantedLink(at, target, link.uid)
}

/** @throws ForeignFileError when the link leads nowhere, or to what its maker has no rights on */
export function followed(at: string, link: fs.Stats): { target: string; stat: fs.Stats } {
  let target: string
  let stat: fs.Stats
  try {
    target = fs.realpathSync.native(at)
    stat = fs.statSync(target)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') throw leadsNowhere(at, whereTo(at))
    throw error
  }
  // A link with several names may have been given this one by somebody else than its owner.
  const given = link.nlink > 1 && fs.statSync(path.dirname(at)).uid !== link.uid
  if (given || !mayLead(link, stat)) throw plantedLink(at, target, link.uid)
  return { target, stat }
}

/** A link of our own or of root's leads anywhere; anybody else's only to what belongs to its maker. */
function mayLead(link: fs.Stats, target: fs.Stats): boolean {
  return link.uid === target.uid || link.uid === 0 || link.uid === process.geteuid?.()
}

/** Refuses a folder that is reached through a planted link, wherever on its way the link stands. */
export function refusePlantedLinks(dir: string): void {
  if (process.geteuid === undefined) return
  for (let at = path.resolve(dir); at !== path.dirname(at); at = path.dirname(at)) {
    const stat = lstat(at)
    if (stat?.isSymbolicLink()) followed(at, stat)
  }
}

/** The folder's real path when it is a link that may be followed, else the path as it is. */
export function trustedFolder(dir: string): string {
  const stat = process.geteuid === undefined ? undefined : lstat(dir)
  return stat?.isSymbolicLink() ? followed(dir, stat).target : dir
}

let proc: boolean | undefined

function hasProc(): boolean {
  proc ??= process.platform === 'linux' && fs.existsSync('/proc/self/fd')
  return proc
}

function lstat(file: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(file, QUIET)
  } catch (error) {
    // The call itself says what is wrong, and of which file.
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}

function whereTo(link: string): string {
  try {
    return fs.readlinkSync(link)
  } catch {
    return '?'
  }
}

/** The error as it would be without the detour over the held folder. */
function renamed(error: unknown, at: string, file: string): unknown {
  if (!(error instanceof Error)) return error
  const { path: named } = error as NodeJS.ErrnoException
  if (named === undefined) return error
  const folder = path.dirname(at)
  const clean = (text: string) => text.replaceAll(at, file).replaceAll(folder, path.dirname(file))
  Object.assign(error, { path: clean(named), message: clean(error.message) })
  return error
}

export function retry<T>(call: () => T): T {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if (errorCode(error) !== 'EINTR') throw error
    }
  }
}
