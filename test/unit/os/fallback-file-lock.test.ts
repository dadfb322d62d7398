import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { osWithLockFiles, systemOs } from '../../../src/os/system-os.ts'

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-fallback-'))
  file = join(dir, 'a')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('lock files in place of kernel locks', () => {
  it('exclude, share, upgrade and downgrade as kernel locks do', () => {
    const { fs, locks } = osWithLockFiles()
    const [a, b] = [fs.open(file, 'a+'), fs.open(file, 'a+')]
    expect(locks.tryLock(a, 'exclusive')).toBe(true)
    expect(locks.tryLock(b, 'shared')).toBe(false)
    expect(locks.tryLock(a, 'shared')).toBe(true)
    expect(locks.tryLock(b, 'shared')).toBe(true)
    expect(locks.tryLock(b, 'exclusive')).toBe(false)
    fs.close(a)
    expect(locks.tryLock(b, 'exclusive')).toBe(true)
    fs.close(b)
    expect(readdirSync(dir)).toEqual(['a'])
  })

  it('are worth nothing when their process is dead, also when its pid was given out again', () => {
    const { fs, locks } = osWithLockFiles()
    const fd = fs.open(file, 'a+')
    writeFileSync(join(dir, '.tkafka-held.a.999999999.5.3.x'), '')
    writeFileSync(join(dir, `.tkafka-held.a.${process.pid}.1.99.x`), '')
    expect(locks.tryLock(fd, 'exclusive')).toBe(true)
    expect(readdirSync(dir)).toHaveLength(2)
    fs.close(fd)
  })

  it.runIf(process.platform === 'linux')('give way to a kernel lock', () => {
    const { fs, locks } = osWithLockFiles()
    const kernel = systemOs.fs.open(file, 'a+')
    systemOs.locks.tryLock(kernel, 'shared')
    const fd = fs.open(file, 'a+')
    expect(locks.tryLock(fd, 'shared')).toBe(false)
    systemOs.fs.close(kernel)
    expect(locks.tryLock(fd, 'shared')).toBe(true)
    fs.close(fd)
  })
})
