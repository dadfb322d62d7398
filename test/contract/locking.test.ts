import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { waitForLock } from '../../src/os/lock-wait.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { bundleProgram } from '../support/bundle-program.ts'

const { fs, locks } = systemOs
let dir: string
let file: string
let program: string
const children: ChildProcess[] = []
const fds: number[] = []

beforeAll(async () => {
  program = await bundleProgram('lock-child')
})
afterAll(() => rmSync(program, { force: true }))
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-lock-'))
  file = join(dir, '.lock')
  writeFileSync(file, '')
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const fd of fds.splice(0)) fs.close(fd)
  rmSync(dir, { recursive: true, force: true })
})

function open(): number {
  const fd = fs.open(file, 'a+')
  fds.push(fd)
  return fd
}

/** Another process that holds the lock. */
function hold(mode: 'shared' | 'exclusive'): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, file, mode], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  return new Promise((resolve) => child.stdout!.once('data', () => resolve(child)))
}

const ended = (child: ChildProcess): Promise<void> => new Promise((r) => child.once('exit', () => r()))

describe('a lock', () => {
  it('excludes between two descriptors of one process', () => {
    const [a, b] = [open(), open()]
    expect(locks.tryLock(a, 'exclusive')).toBe(true)
    expect(locks.tryLock(b, 'exclusive')).toBe(false)
    expect(locks.tryLock(b, 'shared')).toBe(false)
    locks.unlock(a)
    expect(locks.tryLock(b, 'exclusive')).toBe(true)
  })

  it('is shared by many, and upgraded only by one who is alone', () => {
    const [a, b] = [open(), open()]
    expect(locks.tryLock(a, 'shared')).toBe(true)
    expect(locks.tryLock(b, 'shared')).toBe(true)
    expect(locks.tryLock(a, 'exclusive')).toBe(false)
    const c = open()
    expect(locks.tryLock(c, 'exclusive'), 'the failed upgrade kept the shared lock').toBe(false)
    locks.unlock(b)
    expect(locks.tryLock(a, 'exclusive')).toBe(true)
    expect(locks.tryLock(b, 'shared')).toBe(false)
    expect(locks.tryLock(a, 'shared')).toBe(true)
    expect(locks.tryLock(b, 'shared')).toBe(true)
  })

  it('is gone the moment its holder is killed', async () => {
    const child = await hold('exclusive')
    const fd = open()
    expect(locks.tryLock(fd, 'exclusive')).toBe(false)
    const waiting = waitForLock(systemOs, file, () => locks.tryLock(fd, 'exclusive'))
    const end = ended(child)
    child.kill('SIGKILL')
    await waiting
    await end
    expect(locks.tryLock(open(), 'shared')).toBe(false)
  })

  it('is waited for without holding up the event loop', async () => {
    const [a, b] = [open(), open()]
    locks.tryLock(a, 'exclusive')
    let got = false
    const waiting = waitForLock(systemOs, file, () => locks.tryLock(b, 'exclusive')).then(() => {
      got = true
    })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(got).toBe(false)
    locks.unlock(a)
    await waiting
  })

  it('needs a writable descriptor to be exclusive', () => {
    const fd = fs.open(file, 'r')
    fds.push(fd)
    expect(locks.tryLock(fd, 'shared')).toBe(true)
    expect(() => locks.tryLock(fd, 'exclusive')).toThrow(expect.objectContaining({ code: 'EBADF' }))
  })
})

describe.runIf(process.platform === 'linux')('who holds a lock', () => {
  it('is found by pid, for shared and exclusive holders', async () => {
    expect(locks.holders(file)).toEqual([])
    const children = [await hold('shared'), await hold('shared')]
    const found = locks.holders(file)
    expect(found.map((h) => h.pid).sort()).toEqual(children.map((c) => c.pid).sort())
    expect(found.map((h) => [h.exclusive, h.processLock])).toEqual([
      [false, false],
      [false, false],
    ])
    expect(found[0].command).toContain('lock-child')
  })

  it('is nobody when only those are asked for who lock as a whole process, as a broker does', async () => {
    await hold('exclusive')
    expect(locks.holders(file).map((h) => h.exclusive)).toEqual([true])
    expect(locks.holders(file, 'process')).toEqual([])
  })
})
