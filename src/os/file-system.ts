/**
 * The file system as a port. Everything tkafka does to a disk goes through this interface, so that a test can
 * fail the Nth call, tear a write or forget what was not synced. Calls are synchronous: an ordinary read or write
 * of a local file is quicker than the detour over the thread pool (4 to 16 times, measured).
 *
 * Errors are Node's (`code` ENOENT, EACCES, ENOSPC, EIO, ...), unchanged, and ForeignFileError.
 */
import { errorCode } from './error-code.ts'

export interface FileSystem {
  /**
   * A file of a data directory. `flags` as in open(2), in Node's words; a new file takes the folder's owner and mode.
   * @throws ForeignFileError for what is no regular file, or is reached through a link that somebody else planted
   */
  open(path: string, flags: OpenFlags, mode?: number): number
  /** A file that the user named on the command line, for reading: through any link, but regular. */
  openUserFile(path: string): number
  close(fd: number): void
  /** Reads up to `length` bytes at `position`; returns how many, 0 at the end. */
  read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number
  /** One write(2): may be short. Use `writeFully` unless you mean exactly one call. */
  write(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number
  fstat(fd: number): FileStat
  /** undefined when there is nothing at `path`. */
  stat(path: string): FileStat | undefined
  /** Whether a symbolic link stands at `path`, wherever it leads. */
  isLink(path: string): boolean
  /** Names only, unsorted. */
  readdir(path: string): string[]
  /**
   * A small file of a data directory, whole.
   * @throws EIO where the file goes on and its bytes do not come: half a checkpoint, index or list would be believed, and written back
   * @throws ForeignFileError as `open` does, and where it has more than `mostBytes` (else LIST_FILE_BYTES)
   */
  readFile(path: string, mostBytes?: number): Buffer
  /** What the user named on the command line, to its end: through links, from FIFOs, from /dev/stdin. */
  readUserFile(path: string): Buffer
  mkdir(path: string): void
  rename(from: string, to: string): void
  unlink(path: string): void
  /** A second name for a file; absent or throwing where the file system knows no such thing. */
  link?(from: string, to: string): void
  rmdir(path: string): void
  ftruncate(fd: number, length: number): void
  fsync(fd: number): void
  fdatasync(fd: number): void
  /** fdatasync on the thread pool, for syncing behind a writer that goes on. */
  fdatasyncAsync(fd: number): Promise<void>
  /** Makes created, renamed and removed names in this folder durable. */
  fsyncDir(path: string): void
  fchmod(fd: number, mode: number): void
  /** Throws a ForeignFileError where a link on the way to the folder was planted by somebody else. */
  refusePlantedLinks(path: string): void
  /** The name of the network file system that holds `path`; undefined for a local one, or where nobody can tell. */
  networkType?(path: string): string | undefined
  /** What share of the disk that holds `path` is free for us, 0 to 1; undefined where nobody can tell. */
  freeShare?(path: string): number | undefined
  /** Calls back on changes of a file or of names and files in a folder. Throws ENOSPC or EMFILE when watches ran out. */
  watch(path: string, onChange: (name: string | null) => void): { close(): void }
}

/** The most that a file of one fact has (a marker, meta.properties, partition.metadata): genuine ones have a few hundred bytes. */
export const SMALL_FILE_BYTES = 1 << 20
/** The most that a list has: a line a partition, a leader epoch or a producer. Genuine ones have 50 bytes a line. */
export const LIST_FILE_BYTES = 64 << 20

export type OpenFlags = 'r' | 'r+' | 'a' | 'a+' | 'w' | 'w+' | 'wx' | 'wx+' | 'ax'

export interface FileStat {
  readonly size: number
  readonly ino: number
  readonly dev: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly mtimeMs: number
  /** When its name, owner or content last changed: a rename counts, other than with mtimeMs. */
  readonly ctimeMs?: number
  /** When it was made; 0 or absent where the file system does not keep it. */
  readonly birthtimeMs?: number
  isDirectory(): boolean
  isFile(): boolean
}

/** A temporary file, always new: what bears its name is left over from a crash, or somebody planted it, and goes. */
export function openTemporary(fs: FileSystem, path: string): number {
  for (;;) {
    try {
      return fs.open(path, 'wx')
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    }
    fs.unlink(path)
  }
}

/** Writes all of `length` bytes, over short writes; throws what the file system throws, with what was written before still there. */
export function writeFully(
  fs: FileSystem,
  fd: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number | null,
): void {
  let done = 0
  while (done < length) {
    const at = position === null ? null : position + done
    done += someWritten(fs.write(fd, buffer, offset + done, length - done, at))
  }
}

/** What a write(2) returned; a disk that takes no byte and gives no error would be asked for ever. */
export function someWritten(bytes: number): number {
  if (bytes > 0) return bytes
  throw Object.assign(new Error('EIO: i/o error, write took no byte'), { code: 'EIO', syscall: 'write' })
}

/**
 * Reads a range that the file's size says is there; fewer bytes come back only where somebody cut the file meanwhile.
 * Taking an early end for the end of the file would make good bytes behind it look torn.
 * @throws EIO where the file goes on and its bytes do not come
 */
export function readRange(
  fs: FileSystem,
  fd: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
): number {
  let done = readFully(fs, fd, buffer, offset, length, position)
  while (done < length && fs.fstat(fd).size > position + done) {
    // Somebody may have appended in between: the bytes come then.
    const more = readFully(fs, fd, buffer, offset + done, length - done, position + done)
    if (more === 0) throw shortRead()
    done += more
  }
  return done
}

export function shortRead(): Error {
  return Object.assign(new Error('EIO: i/o error, the file goes on but reading ended'), {
    code: 'EIO',
    syscall: 'read',
  })
}

/** Reads until `length` bytes or the end of the file; returns how many. */
export function readFully(
  fs: FileSystem,
  fd: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
): number {
  let done = 0
  while (done < length) {
    const n = fs.read(fd, buffer, offset + done, length - done, position + done)
    if (n === 0) break
    done += n
  }
  return done
}
