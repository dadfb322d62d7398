/** The file system port on node:fs. */
import fs from 'node:fs'
import path from 'node:path'
import { errorCode, isMissing } from './error-code.ts'
import { type FileStat, type FileSystem, LIST_FILE_BYTES, type OpenFlags, readRange } from './file-system.ts'
import { leadsNowhere, notRegular, tooLarge } from './foreign-file.ts'
import { inFolder, openRegular, refusePlantedLinks, retry, trustedFolder } from './guarded-path.ts'

/**
 * The real file system, through synchronous calls.
 *
 * Who owns a new file: a data directory that root's cron touches must stay usable by the user who owns it. So a
 * new file or folder takes the owner, the group and the mode of the folder it is made in (read and write bits for
 * a file), whatever the umask says. The chown is tried only where something differs, and happens on the
 * descriptor of a file that was made with O_EXCL, so a link that somebody planted is never followed.
 * What else guards against planted files is in guarded-path.ts.
 * Folders that everyone may write to (/tmp) lend neither owner nor mode: there the umask decides, as usual.
 */
export const nodeFileSystem: FileSystem = {
  open(file, flags, mode) {
    const base = OPEN_FLAGS[flags]
    if (base === O_RDONLY) return openRegular(file, base).fd
    return inFolder(file, (at, folder) => openToWrite(at, base, mode, folder))
  },

  openUserFile(file) {
    const fd = retry(() => fs.openSync(file, O_RDONLY | (fs.constants.O_NONBLOCK ?? 0)))
    const stat = fs.fstatSync(fd)
    if (stat.isFile()) return fd
    fs.closeSync(fd)
    throw notRegular(file, stat)
  },

  close(fd) {
    try {
      fs.closeSync(fd)
    } catch (error) {
      // Linux has closed the descriptor all the same; trying again could close somebody else's.
      if (errorCode(error) !== 'EINTR') throw error
    }
  },

  read: (fd, buffer, offset, length, position) =>
    retry(() => fs.readSync(fd, buffer, offset, length, position)),
  write: (fd, buffer, offset, length, position) =>
    retry(() => fs.writeSync(fd, buffer, offset, length, position)),
  fstat: (fd): FileStat => fs.fstatSync(fd),

  stat(file) {
    try {
      return fs.statSync(file, QUIET)
    } catch (error) {
      if (errorCode(error) === 'ENOTDIR') return undefined
      throw error
    }
  },

  isLink: (file) => fs.lstatSync(file, QUIET)?.isSymbolicLink() === true,
  readdir: (dir) => retry(() => fs.readdirSync(trustedFolder(dir))),

  readFile(file, mostBytes = LIST_FILE_BYTES) {
    const { fd, stat } = openRegular(file, O_RDONLY)
    try {
      if (stat.size > mostBytes) throw tooLarge(file, stat.size, mostBytes)
      const bytes = Buffer.allocUnsafe(stat.size)
      return bytes.subarray(0, readRange(nodeFileSystem, fd, bytes, 0, bytes.length, 0))
    } finally {
      fs.closeSync(fd)
    }
  },

  readUserFile: (file) => retry(() => fs.readFileSync(file)),

  mkdir: (dir) => inFolder(dir, makeFolder),
  rename: (from, to) => inBothFolders(from, to, (a, b) => fs.renameSync(a, b)),
  link: (from, to) => inBothFolders(from, to, (a, b) => fs.linkSync(a, b)),
  unlink: (file) => inFolder(file, (at) => retry(() => fs.unlinkSync(at))),
  rmdir: (dir) => inFolder(dir, (at) => retry(() => fs.rmdirSync(at))),
  refusePlantedLinks,
  ftruncate: (fd, length) => retry(() => fs.ftruncateSync(fd, length)),
  fsync: (fd) => retry(() => fs.fsyncSync(fd)),
  fdatasync: (fd) => retry(() => fs.fdatasyncSync(fd)),

  fdatasyncAsync: (fd) =>
    new Promise((resolve, reject) => {
      const attempt = () =>
        fs.fdatasync(fd, (error) => {
          if (error === null) resolve()
          else if (error.code === 'EINTR') attempt()
          else reject(error)
        })
      attempt()
    }),

  fsyncDir(dir) {
    // Windows has no such call; its rename is journalled.
    if (process.platform === 'win32') return
    const fd = retry(() => fs.openSync(dir, O_RDONLY | O_DIRECTORY))
    try {
      retry(() => fs.fsyncSync(fd))
    } finally {
      fs.closeSync(fd)
    }
  },

  fchmod: (fd, mode) => fs.fchmodSync(fd, mode),

  networkType(target) {
    try {
      return NETWORK_TYPES[fs.statfsSync(target).type >>> 0]
    } catch {
      return undefined
    }
  },

  freeShare(target) {
    try {
      const { bavail, blocks } = fs.statfsSync(target)
      return blocks === 0 ? undefined : bavail / blocks
    } catch {
      return undefined
    }
  },

  watch(target, onChange) {
    const watcher = fs.watch(target, (_event, name) => onChange(name))
    // Windows reports a removed folder as an error: for the one who watches, something changed.
    watcher.on('error', () => onChange(null))
    return watcher
  },
}

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY } = fs.constants

const OPEN_FLAGS: Record<OpenFlags, number> = {
  r: O_RDONLY,
  'r+': O_RDWR,
  a: O_WRONLY | O_CREAT | O_APPEND,
  'a+': O_RDWR | O_CREAT | O_APPEND,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  'w+': O_RDWR | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_TRUNC | O_EXCL,
  'wx+': O_RDWR | O_CREAT | O_TRUNC | O_EXCL,
  ax: O_WRONLY | O_CREAT | O_APPEND | O_EXCL,
}

/** statfs(2)'s magic numbers, on Linux. */
const NETWORK_TYPES: Readonly<Record<number, string>> = {
  26985: 'NFS',
  20859: 'SMB',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  1397113167: 'AFS',
  12805120: 'Ceph',
}

const QUIET = { throwIfNoEntry: false } as const

/** Opens a file, or makes it where the flags allow that. */
function openToWrite(
  file: string,
  flags: number,
  mode: number | undefined,
  folder: fs.Stats | undefined,
): number {
  if ((flags & O_CREAT) === 0) return openRegular(file, flags, folder).fd
  if ((flags & O_EXCL) !== 0) return create(file, flags, mode, folder)
  // One to be emptied is a temporary one that is not there: an error that Node makes costs a tenth of a millisecond.
  let absent = (flags & O_TRUNC) !== 0 && !fs.existsSync(file)
  for (;;) {
    try {
      if (!absent) return openRegular(file, flags, folder).fd
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    absent = false
    try {
      return create(file, flags | O_EXCL, mode, folder)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
      if (isDanglingLink(file)) throw leadsNowhere(file, fs.readlinkSync(file))
    }
  }
}

/** Makes a file that is not there yet, and hands it to the owner of its folder. */
function create(
  file: string,
  flags: number,
  mode: number | undefined,
  folder = fs.statSync(path.dirname(file)),
): number {
  const lent = lends(folder)
  const wanted = mode ?? (lent ? folder.mode & 0o666 : 0o666)
  const fd = retry(() => fs.openSync(file, flags, wanted))
  if (!lent) return fd
  try {
    handOver(fd, fs.fstatSync(fd), folder, wanted)
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
  return fd
}

function makeFolder(dir: string, parent = fs.statSync(path.dirname(dir))): void {
  const lent = lends(parent)
  const wanted = lent ? parent.mode & 0o777 : 0o755
  fs.mkdirSync(dir, wanted)
  if (!lent) return
  const made = fs.lstatSync(dir)
  if (made.uid === parent.uid && made.gid === parent.gid && (made.mode & 0o777) === wanted) return
  if (process.platform === 'win32') return
  const fd = retry(() => fs.openSync(dir, O_RDONLY | O_DIRECTORY | fs.constants.O_NOFOLLOW))
  try {
    handOver(fd, fs.fstatSync(fd), parent, wanted)
  } finally {
    fs.closeSync(fd)
  }
}

/** Owner, group and mode, through the descriptor: a path may lead elsewhere by now. */
function handOver(fd: number, made: fs.Stats, folder: fs.Stats, mode: number): void {
  if (made.uid !== folder.uid || made.gid !== folder.gid) {
    give((uid, gid) => fs.fchownSync(fd, uid, gid), made, folder)
  }
  // Set-group-ID comes down to a folder by itself; chmod must not lose it.
  if ((made.mode & 0o777) !== mode) fs.fchmodSync(fd, (made.mode & 0o7000) | mode)
}

function inBothFolders(from: string, to: string, act: (from: string, to: string) => void): void {
  inFolder(from, (at) => {
    const side = path.dirname(from) === path.dirname(to)
    if (side) retry(() => act(at, path.join(path.dirname(at), path.basename(to))))
    else inFolder(to, (other) => retry(() => act(at, other)))
  })
}

/** Root gives owner and group; anybody else at most a group of their own, and is not told when that fails. */
function give(chown: (uid: number, gid: number) => void, made: fs.Stats, folder: fs.Stats): void {
  try {
    chown(process.geteuid?.() === 0 ? folder.uid : made.uid, folder.gid)
  } catch (error) {
    const code = errorCode(error)
    // Some file systems (vfat, a few network ones) know no owners.
    if (code !== 'EPERM' && code !== 'ENOSYS' && code !== 'ENOTSUP' && code !== 'EINVAL') throw error
  }
}

/** Whether a folder lends its owner and mode to what is made in it: not /tmp and its like, and not on Windows. */
function lends(folder: fs.Stats): boolean {
  return process.platform !== 'win32' && (folder.mode & 0o1002) === 0
}

function isDanglingLink(file: string): boolean {
  return fs.lstatSync(file, QUIET)?.isSymbolicLink() === true && fs.statSync(file, QUIET) === undefined
}
