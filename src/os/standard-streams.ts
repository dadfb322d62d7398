/** Standard output and error: written at once, also to pipes and terminals that are slow. */
import fs from 'node:fs'

const napping = new Int32Array(new SharedArrayBuffer(4))

/** One call of write(2) for bytes[start, end of bytes). Returns how many were taken. */
function writeSome(fd: number, bytes: Uint8Array, start: number): number {
  return fs.writeSync(fd, bytes, start, bytes.length - start)
}

/** Blocks this thread. */
function nap(ms: number): void {
  Atomics.wait(napping, 0, 0, ms)
}

/**
 * A descriptor for the same pipe whose writes never block; undefined where `fd` is none. It is opened through /proc, which
 * gives a description of its own: making `fd` itself non-blocking would be seen by everybody who shares it.
 */
function neverBlocking(fd: number): number | undefined {
  try {
    if (!fs.fstatSync(fd).isFIFO()) return undefined
    return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK)
  } catch {
    // No /proc, another user's pipe, or a reader that is gone, which the first write finds.
    return undefined
  }
}

/**
 * Whether a standard stream is a terminal. node:tty (7 ms) is loaded only for what fstat calls a character device, and
 * not for the null device, where scripts send what they do not want to see.
 */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fs.fstatSync(fd)
    if (!stat.isCharacterDevice() || stat.rdev === fs.statSync('/dev/null').rdev) return false
  } catch {
    return false
  }
  return (process.getBuiltinModule('node:tty') as typeof import('node:tty')).isatty(fd)
}

/** Devices of memory: null, zero, full. */
const MEMORY_MAJOR = 1

/**
 * Closes each standard stream whose terminal is gone. Node gives terminals their settings back as it exits, and aborts, core and
 * all, where that fails; what is closed it passes over.
 */
export function leaveHungUpTerminals(): void {
  for (const fd of [0, 1, 2]) {
    try {
      const stat = fs.fstatSync(fd)
      if (stat.isCharacterDevice() && stat.rdev >> 8 !== MEMORY_MAJOR && !isTerminal(fd)) fs.closeSync(fd)
    } catch {
      // It is closed.
    }
  }
}

/** Columns of the terminal on this descriptor, else what COLUMNS says, else 80. */
function terminalColumns(fd: number, env: NodeJS.ProcessEnv): number {
  if (isTerminal(fd)) {
    const { WriteStream } = process.getBuiltinModule('node:tty') as typeof import('node:tty')
    // The process has its own streams of 1 and 2; a second one would set up the descriptor anew.
    const own = fd === 1 ? process.stdout : process.stderr
    const stream = fd === 1 || fd === 2 ? own : new WriteStream(fd)
    if (stream.columns > 0) return stream.columns
  }
  return Number(env.COLUMNS) || 80
}

/** What the command line's outputs need of the machine. */
export const standardStreams = {
  write: writeSome,
  nap,
  neverBlocking,
  putFirst: async (pipeFd: number, byte: Uint8Array, stop?: AbortSignal): Promise<boolean> =>
    (await import('./output-reader.ts')).putFirst(pipeFd, byte, stop),
  isTerminal,
  columns: (fd: number) => terminalColumns(fd, process.env),
}
