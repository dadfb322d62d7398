/**
 * The file system as a port. Everything tkafka does to a disk goes through this interface, so that a test can
 * fail the Nth call, tear a write or forget what was not synced. Calls are synchronous: an ordinary read or write
 * of a local file is quicker than the detour over the thread pool (4 to 16 times, measured).
 *
 * Errors are Node's (`code` ENOENT, EACCES, ENOSPC, EIO, ...), unchanged.
 */
export interface FileSystem {
  /** `flags` as in open(2), in Node's words. The file's mode follows the folder's owner, see `createMode`. */
  open(path: string, flags: OpenFlags, mode?: number): number
  close(fd: number): void
  /** Reads up to `length` bytes at `position`; returns how many, 0 at the end. */
  read(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number
  /** One write(2): may be short. Use `writeFully` unless you mean exactly one call. */
  write(fd: number, buffer: Uint8Array, offset: number, length: number, position: number | null): number
  fstat(fd: number): FileStat
  /** undefined when there is nothing at `path`. */
  stat(path: string): FileStat | undefined
  /** Names only, unsorted. */
  readdir(path: string): string[]
  readFile(path: string): Buffer
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
  chown(path: string, uid: number, gid: number): void
  chmod(path: string, mode: number): void
  /** The name of the network file system that holds `path`; undefined for a local one, or where nobody can tell. */
  networkType?(path: string): string | undefined
  /** Calls back on changes of a file or of names and files in a folder. Throws ENOSPC or EMFILE when watches ran out. */
  watch(path: string, onChange: (name: string | null) => void): { close(): void }
}

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
  isDirectory(): boolean
  isFile(): boolean
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
    done += fs.write(fd, buffer, offset + done, length - done, position === null ? null : position + done)
  }
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
