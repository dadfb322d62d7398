import { execFileSync } from 'node:child_process'
import fsSync, {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTemporary } from '../../../src/os/file-system.ts'
import { nodeFileSystem as fs } from '../../../src/os/node-file-system.ts'
import { systemErrorText } from '../../../src/os/system-error.ts'

const USER = 12345
const isRoot = process.geteuid?.() === 0

let dir: string
/** Folder of a user, in which root works. */
let theirs: string
/** What must never change. */
let victim: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-guard-'))
  chmodSync(dir, 0o755)
  theirs = join(dir, 'theirs')
  victim = join(dir, 'victim')
  mkdirSync(theirs)
  fsSync.writeFileSync(victim, 'precious')
  if (isRoot) chownSync(theirs, USER, USER)
})
afterEach(() => {
  expect(readFileSync(victim, 'utf8')).toBe('precious')
  rmSync(dir, { recursive: true, force: true })
})

function plantLink(target: string, name = 'file', uid = USER): string {
  const path = join(theirs, name)
  fsSync.symlinkSync(target, path)
  lchownSync(path, uid, uid)
  return path
}

const WRITING = ['r+', 'a', 'a+', 'w', 'w+'] as const
const refused = (code: string, path: string) => expect.objectContaining({ code, path })

describe('what is no regular file (B4)', () => {
  it.each(['r', ...WRITING] as const)('a FIFO opened with %s is named at once, not waited for', (flags) => {
    const path = join(theirs, 'file')
    execFileSync('mkfifo', [path])
    expect(() => fs.open(path, flags)).toThrow(refused('ENOTREG', path))
    expect(() => fs.readFile(path)).toThrow(`${path}: a FIFO stands where a file should be; remove it`)
  })

  it('a socket, a device and a folder are named', async () => {
    const path = join(theirs, 'file')
    const server = createServer().listen(path)
    await new Promise((resolve) => server.once('listening', resolve))
    expect(() => fs.open(path, 'r')).toThrow(/a socket stands where a file should be/)
    server.close()
    expect(() => fs.open('/dev/null', 'r')).toThrow(/a device stands where a file should be/)
    expect(() => fs.open(theirs, 'r')).toThrow(refused('EISDIR', theirs))
    expect(() => fs.open('/dev/zero', 'r+')).toThrow(refused('ENOTREG', '/dev/zero'))
  })

  it('a small file that is huge is named with its size, and not read', () => {
    const path = join(theirs, 'file')
    fsSync.writeFileSync(path, '')
    fsSync.truncateSync(path, 100 * 2 ** 30)
    expect(() => fs.readFile(path, 4096)).toThrow(refused('EFBIG', path))
    expect(() => fs.readFile(path)).toThrow(/107374182400 bytes long/)
  })

  it('every such refusal is one line for a person', () => {
    let told: unknown
    try {
      fs.open(theirs, 'r')
    } catch (error) {
      told = error
    }
    expect(systemErrorText(told)).toBe(`${theirs}: a folder stands where a file should be`)
  })
})

describe.runIf(isRoot)('root in the folder of a user (C1)', () => {
  it.each(['r', ...WRITING] as const)(
    'opens nothing with %s through a link of that user to a file of root',
    (flags) => {
      const path = plantLink(victim)
      expect(() => fs.open(path, flags)).toThrow(refused('EPLANTED', path))
    },
  )

  it.each(['r', ...WRITING] as const)('a link in a circle, opened with %s, is named', (flags) => {
    const path = plantLink('file')
    expect(() => fs.open(path, flags)).toThrow(refused('ELOOP', path))
  })

  it.each(WRITING)('a link to nowhere, opened with %s, makes nothing there', (flags) => {
    const path = plantLink(join(dir, 'nowhere'))
    expect(() => fs.open(path, flags)).toThrow(refused('ELOOP', path))
    expect(fs.stat(join(dir, 'nowhere'))).toBeUndefined()
  })

  it.each(WRITING)('writes nothing with %s to a second name of a file of root', (flags) => {
    const path = join(theirs, 'file')
    fsSync.linkSync(victim, path)
    expect(() => fs.open(path, flags)).toThrow(refused('EPLANTED', path))
    fs.close(fs.open(path, 'r'))
  })

  it('writes to a file that another user made there, and to one that has two names there', () => {
    const path = join(theirs, 'file')
    fsSync.writeFileSync(path, 'x')
    fs.close(fs.open(path, 'a'))
    chownSync(path, USER, USER)
    fsSync.linkSync(path, join(theirs, 'second'))
    fs.close(fs.open(path, 'w'))
    expect(readFileSync(path, 'utf8')).toBe('')
  })

  it('follows a link that the user made to a file of his own, or that root made', () => {
    const target = join(dir, 'target')
    fsSync.writeFileSync(target, '')
    chownSync(target, USER, USER)
    const path = plantLink(target)
    const fd = fs.open(path, 'a')
    fs.write(fd, Buffer.from('x'), 0, 1, null)
    fs.close(fd)
    expect(fs.readFile(path, 10).toString()).toBe('x')
    chownSync(target, 0, 0)
    expect(() => fs.open(path, 'a')).toThrow(refused('EPLANTED', path))
    lchownSync(path, 0, 0)
    fs.close(fs.open(path, 'w'))
    expect(readFileSync(target, 'utf8')).toBe('')
  })

  it('a second name of a link that root made elsewhere is not followed', () => {
    const roots = join(dir, 'roots')
    fsSync.symlinkSync(victim, roots)
    const path = join(theirs, 'file')
    fsSync.linkSync(roots, path)
    expect(() => fs.open(path, 'w')).toThrow(refused('EPLANTED', path))
  })

  it('a temporary file takes the place of a planted link and leaves what it led to', () => {
    const path = plantLink(victim)
    fs.close(openTemporary(fs, path))
    expect(fs.isLink(path)).toBe(false)
    expect(fsSync.statSync(path).uid).toBe(USER)
  })

  it.each([
    ['opens for writing', (folder: string) => fs.open(join(folder, 'victim'), 'r+')],
    ['makes a file', (folder: string) => fs.open(join(folder, 'new'), 'a')],
    ['makes a folder', (folder: string) => fs.mkdir(join(folder, 'new'))],
    ['removes', (folder: string) => fs.unlink(join(folder, 'victim'))],
    ['removes a folder', (folder: string) => fs.rmdir(join(folder, 'theirs'))],
    ['renames', (folder: string) => fs.rename(join(folder, 'victim'), join(folder, 'gone'))],
    ['moves away', (folder: string) => fs.rename(join(folder, 'victim'), join(theirs, 'mine'))],
    ['links', (folder: string) => fs.link?.(join(folder, 'victim'), join(theirs, 'mine'))],
    ['lists', (folder: string) => fs.readdir(folder)],
  ])('%s nothing in a folder that a planted link leads to', (_what, act) => {
    chmodSync(dir, 0o755)
    const folder = plantLink(dir, 't-0')
    const before = fsSync.readdirSync(dir)
    expect(() => act(folder)).toThrow(refused('EPLANTED', folder))
    expect(fsSync.readdirSync(dir)).toEqual(before)
  })

  it('a folder that the user linked from another disk of his goes on working', () => {
    const disk = join(dir, 'disk')
    mkdirSync(disk)
    chownSync(disk, USER, USER)
    const folder = plantLink(disk, 't-0')
    fs.close(fs.open(join(folder, 'log'), 'wx'))
    fs.mkdir(join(folder, 'sub'))
    fs.rename(join(folder, 'log'), join(folder, 'renamed'))
    expect(fs.readdir(folder).sort()).toEqual(['renamed', 'sub'])
    expect(fsSync.statSync(join(disk, 'renamed')).uid).toBe(USER)
    expect(fsSync.statSync(join(disk, 'sub')).uid).toBe(USER)
    fs.unlink(join(folder, 'renamed'))
    fs.rmdir(join(folder, 'sub'))
    fs.unlink(folder)
    expect(fsSync.readdirSync(disk)).toEqual([])
  })

  it('a link that stands on the way to the directory counts, too', () => {
    const outside = join(dir, 'outside')
    mkdirSync(join(outside, 'kafka'), { recursive: true })
    const link = plantLink(outside, 'way')
    expect(() => fs.refusePlantedLinks(join(link, 'kafka'))).toThrow(refused('EPLANTED', link))
    chownSync(outside, USER, USER)
    fs.refusePlantedLinks(join(link, 'kafka'))
  })

  it('errors name the path that was asked for, not the detour', () => {
    const path = join(theirs, 'none/deeper')
    expect(() => fs.open(join(theirs, 'none'), 'r+')).toThrow(
      expect.objectContaining({
        code: 'ENOENT',
        path: join(theirs, 'none'),
        message: expect.not.stringContaining('/proc'),
      }),
    )
    expect(() => fs.open(path, 'a')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
    expect(() => fs.rename(join(theirs, 'a'), join(theirs, 'b'))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('/proc') }),
    )
  })

  it('leaves no descriptor open, whatever it refuses', () => {
    const path = plantLink(victim)
    const open = () => fsSync.readdirSync('/proc/self/fd').length
    const before = open()
    for (const flags of WRITING) expect(() => fs.open(path, flags)).toThrow()
    expect(() => fs.mkdir(join(theirs, 'file', 'x'))).toThrow()
    fs.mkdir(join(theirs, 'made'))
    expect(open()).toBe(before)
  })
})

describe('what the user names himself', () => {
  it('is read through links and from FIFOs, as a shell gives them', () => {
    const link = join(dir, 'link')
    fsSync.symlinkSync(victim, link)
    expect(fs.readUserFile(link).toString()).toBe('precious')
    fs.close(fs.openUserFile(link))
    expect(fs.readUserFile('/dev/null').length).toBe(0)
    expect(() => fs.openUserFile('/dev/zero')).toThrow(/a device stands/)
  })
})
