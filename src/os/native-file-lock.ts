/** Kernel file locks through the native module fs-native-extensions. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { TerseError } from '../errors.ts'
import { errorCode } from './error-code.ts'
import type { FileLocks } from './file-lock.ts'
import { describeProcess, findLockHolders } from './lock-holders.ts'
import { ensureNode } from './runtime.ts'

/**
 * Kernel locks from the prebuilt binary of the package fs-native-extensions: F_OFD_SETLK on Linux, LockFileEx on
 * Windows, flock on macOS. The binary is loaded by dlopen, on the first lock that is taken: the package's own
 * resolver costs half of a bare start of Node, this a hundredth.
 */
export const nativeFileLocks: FileLocks = {
  kind: 'kernel',

  tryLock(fd, mode) {
    for (;;) {
      try {
        load().tryLock(fd, 0, 0, mode === 'exclusive')
        return true
      } catch (error) {
        const code = errorCode(error)
        if (code === 'EAGAIN' || code === 'EACCES' || code === 'EBUSY') return false
        if (code !== 'EINTR') throw error
      }
    }
  },

  unlock(fd) {
    load().unlock(fd, 0, 0)
  },

  holders: findLockHolders,
  holder: (pid) => ({ pid, exclusive: true, processLock: false, ...describeProcess(pid) }),
}

/** Whether the binary loads here; false on musl and on processors that it was not built for. */
export function nativeLocksWork(): boolean {
  try {
    load()
    return true
  } catch {
    return false
  }
}

/** The C functions. All take (fd, offset, length, exclusive); length 0 is the whole file. They throw libuv's codes. */
interface Binding {
  tryLock(fd: number, offset: number, length: number, exclusive: boolean): void
  unlock(fd: number, offset: number, length: number): void
}

let binding: Binding | undefined

function load(): Binding {
  if (binding !== undefined) return binding
  ensureNode()
  const file = `prebuilds/${process.platform}-${process.arch}/fs-native-extensions.node`
  const module = { exports: {} as Binding }
  try {
    process.dlopen(module, prebuilt(file))
  } catch (error) {
    throw new TerseError(
      'file locks do not load on this system, so tkafka only reads here ' +
        `(TKAFKA_FALLBACK_LOCKS=1 allows lock files, see docs/locking.md): ${firstLine(error)}`,
    )
  }
  binding = module.exports
  return binding
}

/** Looks where npm puts packages first (ten times quicker than Node's resolver), then asks the resolver. */
function prebuilt(file: string): string {
  const self = import.meta.url
  const start = path.dirname(self.startsWith('file:') ? fileURLToPath(self) : self)
  for (let dir = start; ; dir = path.dirname(dir)) {
    const candidate = path.join(dir, 'node_modules/fs-native-extensions', file)
    if (fs.existsSync(candidate)) return candidate
    if (path.dirname(dir) === dir) break
  }
  return path.join(path.dirname(createRequire(self).resolve('fs-native-extensions/package.json')), file)
}

function firstLine(error: unknown): string {
  return String((error as Error).message).split('\n', 1)[0]
}
