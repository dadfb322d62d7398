/** A call that fails while a lock is taken or let go leaves no lock behind: a program that goes on must not keep itself, or others, out. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { releaseHeldFiles, tryHoldFile } from '../../src/group/lock-file.ts'
import { DirectoryLock } from '../../src/local/directory/directory-lock.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { CleanerLock } from '../../src/log/cleaner/cleaner-lock.ts'
import { PartitionLock } from '../../src/log/partition-lock.ts'
import type { FileSystem } from '../../src/os/file-system.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'

let dir: string
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'tkafka-held-locks-'))
})
afterEach(() => fs.rmSync(dir, { recursive: true }))

/** A machine where this call fails as long as `fails` says so. */
function failing(name: keyof FileSystem, fails: (path: unknown) => boolean): Os {
  const real = systemOs.fs[name] as (...args: unknown[]) => unknown
  const port = {
    ...systemOs.fs,
    [name]: (...args: unknown[]) => {
      if (fails(args[0]))
        throw Object.assign(new Error(`EIO: i/o error, ${name}`), { code: 'EIO', syscall: name })
      return real.apply(systemOs.fs, args)
    },
  }
  return { ...systemOs, fs: port }
}

const open = () => fs.readdirSync('/proc/self/fd').length

describe('a lock that was taken, and whose file cannot be looked at then', () => {
  it("of the directory is let go, a partition's and a cleaner's too", () => {
    const os = failing('stat', () => true)
    const path = join(dir, '.lock')
    expect(() => new DirectoryLock(os, path).try('exclusive')).toThrow('EIO')
    expect(new DirectoryLock(systemOs, path).try('exclusive')).toBe(true)

    expect(() => new PartitionLock(os, dir).tryLock()).toThrow('EIO')
    expect(new PartitionLock(systemOs, dir).tryLock()).toBe(true)

    expect(() => CleanerLock.tryTake(os, dir)).toThrow('EIO')
    expect(CleanerLock.tryTake(systemOs, dir)).toBeDefined()
  })

  it.runIf(process.platform === 'linux')('leaves no descriptor open', () => {
    const os = failing('fstat', () => true)
    const before = open()
    for (let i = 0; i < 5; i++) {
      expect(() => new DirectoryLock(os, join(dir, '.lock')).try('shared')).toThrow('EIO')
      expect(() => new PartitionLock(os, dir).tryLock()).toThrow('EIO')
      expect(() => CleanerLock.tryTake(os, dir)).toThrow('EIO')
    }
    expect(open()).toBe(before)
  })
})

describe('who cannot leave in order', () => {
  it.each(['stat', 'readFile'] as const)('lets the directory go all the same (%s fails)', async (name) => {
    let broken = false
    const directory = LocalDirectory.open(
      failing(name, () => broken),
      join(dir, 'data'),
    )
    await directory.enter()
    broken = true
    await directory.leave().catch(() => {})
    // As a broker takes it at its start.
    expect(new DirectoryLock(systemOs, join(dir, 'data/.lock')).try('exclusive')).toBe(true)
    expect(new DirectoryLock(systemOs, join(dir, 'data/.tkafka-gate')).try('exclusive')).toBe(true)
  })

  it('of a group lets each claim go, though the first cannot be removed', () => {
    const [one, other] = [join(dir, 'one'), join(dir, 'other')]
    const os = failing('unlink', (path) => path === one)
    const held = [tryHoldFile(os, one)!, tryHoldFile(os, other)!]
    expect(() => releaseHeldFiles(os, held)).toThrow('EIO')
    expect(tryHoldFile(systemOs, one)).toBeDefined()
    expect(tryHoldFile(systemOs, other)).toBeDefined()
  })
})
