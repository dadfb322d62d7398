import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { releaseHeldFile, removeIfFree, tryHoldFile } from '../../../src/group/lock-file.ts'
import type { FileSystem } from '../../../src/os/file-system.ts'
import { systemOs } from '../../../src/os/system-os.ts'

/** Changes nothing. */
function probe(file: string): 'held' | 'free' | 'gone' {
  if (!fs.existsSync(file)) return 'gone'
  const fd = fs.openSync(file, 'r')
  try {
    return systemOs.locks.tryLock(fd, 'shared') ? 'free' : 'held'
  } finally {
    fs.closeSync(fd)
  }
}

describe('held files', () => {
  let dir: string
  let file: string
  beforeEach(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-held-'))
    file = path.join(dir, 'x')
  })
  afterEach(() => fs.rmSync(dir, { recursive: true }))

  test('only one holds a file, and giving it up removes it', () => {
    const held = tryHoldFile(systemOs, file)
    expect(held).toBeDefined()
    expect(tryHoldFile(systemOs, file)).toBeUndefined()
    expect(probe(file)).toBe('held')
    expect(removeIfFree(systemOs, file)).toBe(false)
    if (held) releaseHeldFile(systemOs, held)
    expect(probe(file)).toBe('gone')
  })

  test('a leftover is free, and is removed', () => {
    fs.writeFileSync(file, 'leftover')
    expect(probe(file)).toBe('free')
    expect(removeIfFree(systemOs, file)).toBe(true)
    expect(fs.existsSync(file)).toBe(false)
  })

  test('a file that is unlinked between open and lock is not held: a new one is made', () => {
    let raced = false
    const racing: FileSystem = {
      ...systemOs.fs,
      open: (name, flags, mode) => {
        const fd = systemOs.fs.open(name, flags, mode)
        if (!raced) {
          raced = true
          fs.unlinkSync(name)
        }
        return fd
      },
    }
    const held = tryHoldFile({ fs: racing, locks: systemOs.locks }, file)
    expect(held && systemOs.fs.fstat(held.fd).ino).toBe(fs.statSync(file).ino)
    expect(tryHoldFile(systemOs, file)).toBeUndefined()
    if (held) releaseHeldFile(systemOs, held)
  })

  test('one who holds an unlinked file does not remove the new one of that name', () => {
    const old = tryHoldFile(systemOs, file)
    fs.unlinkSync(file)
    const fresh = tryHoldFile(systemOs, file)
    if (old) releaseHeldFile(systemOs, old)
    expect(probe(file)).toBe('held')
    if (fresh) releaseHeldFile(systemOs, fresh)
  })
})
