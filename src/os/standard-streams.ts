import fs from 'node:fs'

const nap = new Int32Array(new SharedArrayBuffer(4))

/**
 * Writes all of `bytes` to a standard stream and returns when the kernel has them. A full pipe whose other end set
 * it non-blocking answers EAGAIN: wait a little longer each time. Throws Node's errors otherwise (EPIPE, ENOSPC, EIO).
 */
export function writeStandardStream(fd: number, bytes: Uint8Array): void {
  let done = 0
  let wait = 1
  while (done < bytes.length) {
    try {
      done += fs.writeSync(fd, bytes, done, bytes.length - done)
      wait = 1
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(nap, 0, 0, wait)
      if (wait < 20) wait *= 2
    }
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

/** Columns of the terminal on this descriptor, else what COLUMNS says, else 80. */
export function terminalColumns(fd: number, env: NodeJS.ProcessEnv): number {
  if (isTerminal(fd)) {
    const { WriteStream } = process.getBuiltinModule('node:tty') as typeof import('node:tty')
    const stream = fd === 1 ? process.stdout : fd === 2 ? process.stderr : new WriteStream(fd)
    if (stream.columns > 0) return stream.columns
  }
  return Number(env.COLUMNS) || 80
}
