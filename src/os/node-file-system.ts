import fs from 'node:fs'
import path from 'node:path'
import type { FileStat, FileSystem, OpenFlags } from './file-system.ts'

/**
 * The real file system, through synchronous calls.
 *
 * Who owns a new file: a data directory that root's cron touches must stay usable by the user who owns it. So a
 * new file or folder takes the owner, the group and the mode of the folder it is made in (read and write bits for
 * a file), whatever the umask says. The chown is tried only where something differs, and happens on the
 * descriptor of a file that was made with O_EXCL, so a link that somebody planted is never followed.
 * Folders that everyone may write to (/tmp) lend neither owner nor mode: there the umask decides, as usual.
 */
export const nodeFileSystem: FileSystem = {
  open(file, flags, mode) {
    const base = OPEN_FLAGS[flags]
    if ((base & O_CREAT) === 0) return retry(() => fs.openSync(file, base))
    if ((base & O_EXCL) !== 0) return create(file, base, mode)
    // One to be emptied is a temporary one that is not there: an error that Node makes costs a tenth of a millisecond.
    let absent = (base & O_TRUNC) !== 0 && !fs.existsSync(file)
    for (;;) {
      try {
        if (!absent) return retry(() => fs.openSync(file, base & ~O_CREAT))
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
      }
      absent = false
      try {
        return create(file, base | O_EXCL, mode)
      } catch (error) {
        if (codeOf(error) !== 'EEXIST' || isDanglingLink(file)) throw error
      }
    }
  },

  close(fd) {
    try {
      fs.closeSync(fd)
    } catch (error) {
      // Linux has closed the descriptor all the same; trying again could close somebody else's.
      if (codeOf(error) !== 'EINTR') throw error
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
      if (codeOf(error) === 'ENOTDIR') return undefined
      throw error
    }
  },

  readdir: (dir) => retry(() => fs.readdirSync(dir)),
  readFile: (file) => retry(() => fs.readFileSync(file)),

  mkdir(dir) {
    const parent = fs.statSync(path.dirname(dir))
    const lent = lends(parent)
    fs.mkdirSync(dir, lent ? parent.mode & 0o777 : 0o755)
    if (!lent) return
    const made = fs.lstatSync(dir)
    if (made.uid !== parent.uid || made.gid !== parent.gid) {
      give((uid, gid) => fs.lchownSync(dir, uid, gid), made, parent)
    }
    // Set-group-ID comes down from the parent by itself; chmod here must not lose it.
    if (((made.mode ^ parent.mode) & 0o777) !== 0) {
      fs.chmodSync(dir, (made.mode & 0o7000) | (parent.mode & 0o777))
    }
  },

  rename: (from, to) => retry(() => fs.renameSync(from, to)),
  link: (from, to) => retry(() => fs.linkSync(from, to)),
  unlink: (file) => retry(() => fs.unlinkSync(file)),
  rmdir: (dir) => retry(() => fs.rmdirSync(dir)),
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
    const fd = retry(() => fs.openSync(dir, O_RDONLY))
    try {
      retry(() => fs.fsyncSync(fd))
    } finally {
      fs.closeSync(fd)
    }
  },

  chown: (file, uid, gid) => fs.chownSync(file, uid, gid),
  chmod: (file, mode) => fs.chmodSync(file, mode),

  networkType(target) {
    try {
      return NETWORK_TYPES[fs.statfsSync(target).type >>> 0]
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

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = fs.constants

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

/** Makes a file that is not there yet, and hands it to the owner of its folder. */
function create(file: string, flags: number, mode: number | undefined): number {
  const folder = fs.statSync(path.dirname(file))
  const lent = lends(folder)
  const wanted = mode ?? (lent ? folder.mode & 0o666 : 0o666)
  const fd = retry(() => fs.openSync(file, flags, wanted))
  if (!lent) return fd
  try {
    const made = fs.fstatSync(fd)
    if (made.uid !== folder.uid || made.gid !== folder.gid) {
      give((uid, gid) => fs.fchownSync(fd, uid, gid), made, folder)
    }
    if ((made.mode & 0o777) !== wanted) fs.fchmodSync(fd, wanted)
  } catch (error) {
    fs.closeSync(fd)
    throw error
  }
  return fd
}

/** Root gives owner and group; anybody else at most a group of their own, and is not told when that fails. */
function give(chown: (uid: number, gid: number) => void, made: fs.Stats, folder: fs.Stats): void {
  try {
    chown(process.geteuid?.() === 0 ? folder.uid : made.uid, folder.gid)
  } catch (error) {
    const code = codeOf(error)
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

function retry<T>(call: () => T): T {
  for (;;) {
    try {
      return call()
    } catch (error) {
      if (codeOf(error) !== 'EINTR') throw error
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
