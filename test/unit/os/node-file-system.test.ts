import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readFully, writeFully } from '../../../src/os/file-system.ts'
import { nodeFileSystem as fs } from '../../../src/os/node-file-system.ts'

let dir: string
let umask: number
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-fs-'))
  umask = process.umask(0o077)
})
afterEach(() => {
  process.umask(umask)
  rmSync(dir, { recursive: true, force: true })
})

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8)
const isRoot = process.geteuid?.() === 0

describe('what is made in a folder', () => {
  it('takes the mode of the folder, whatever the umask says', () => {
    chmodSync(dir, 0o770)
    fs.close(fs.open(join(dir, 'file'), 'a+'))
    fs.mkdir(join(dir, 'folder'))
    fs.close(fs.open(join(dir, 'folder/file'), 'wx'))
    expect(modeOf(join(dir, 'file'))).toBe('660')
    expect(modeOf(join(dir, 'folder'))).toBe('770')
    expect(modeOf(join(dir, 'folder/file'))).toBe('660')
  })

  it('takes a mode that was asked for', () => {
    chmodSync(dir, 0o755)
    fs.close(fs.open(join(dir, 'file'), 'w', 0o400))
    expect(modeOf(join(dir, 'file'))).toBe('400')
  })

  it('takes nothing from a folder that everyone may write to', () => {
    chmodSync(dir, 0o1777)
    fs.close(fs.open(join(dir, 'file'), 'w'))
    fs.mkdir(join(dir, 'folder'))
    expect(modeOf(join(dir, 'file'))).toBe('600')
    expect(modeOf(join(dir, 'folder'))).toBe('700')
  })

  it.runIf(isRoot)('belongs to the owner and group of the folder when root makes it', () => {
    chownSync(dir, 12345, 23456)
    chmodSync(dir, 0o2750)
    fs.mkdir(join(dir, 'folder'))
    fs.close(fs.open(join(dir, 'folder/file'), 'a'))
    for (const path of ['folder', 'folder/file']) {
      const { uid, gid } = statSync(join(dir, path))
      expect([path, uid, gid]).toEqual([path, 12345, 23456])
    }
    expect(modeOf(join(dir, 'folder'))).toBe('2750')
  })

  it.runIf(isRoot)('leaves a file that is there to its owner', () => {
    fs.close(fs.open(join(dir, 'file'), 'a'))
    chownSync(join(dir, 'file'), 12345, 23456)
    fs.close(fs.open(join(dir, 'file'), 'a+'))
    fs.close(fs.open(join(dir, 'file'), 'w'))
    expect(statSync(join(dir, 'file')).uid).toBe(12345)
  })
})

describe('the file system', () => {
  it('says undefined of what is not there, also below a file', () => {
    fs.close(fs.open(join(dir, 'file'), 'w'))
    expect(fs.stat(join(dir, 'none'))).toBeUndefined()
    expect(fs.stat(join(dir, 'file/none'))).toBeUndefined()
    expect(fs.stat(dir)?.isDirectory()).toBe(true)
  })

  it('truncates, appends and refuses as the flags say', () => {
    const file = join(dir, 'file')
    const put = (flags: 'w' | 'a' | 'r+', text: string, position: number | null): void => {
      const fd = fs.open(file, flags)
      writeFully(fs, fd, Buffer.from(text), 0, text.length, position)
      fs.close(fd)
    }
    put('w', 'one', null)
    put('a', 'two', null)
    put('r+', 'O', 0)
    expect(readFileSync(file, 'utf8')).toBe('Onetwo')
    put('w', 'x', null)
    expect(readFileSync(file, 'utf8')).toBe('x')
    expect(() => fs.open(file, 'wx')).toThrow(expect.objectContaining({ code: 'EEXIST' }))
    expect(() => fs.open(join(dir, 'none'), 'r')).toThrow(expect.objectContaining({ code: 'ENOENT' }))
  })

  it('does not spin on a link to nowhere', () => {
    symlinkSync(join(dir, 'nowhere'), join(dir, 'link'))
    expect(() => fs.open(join(dir, 'link'), 'a')).toThrow(expect.objectContaining({ code: 'ELOOP' }))
  })

  it('reads up to the end of a file', () => {
    const fd = fs.open(join(dir, 'file'), 'w+')
    writeFully(fs, fd, Buffer.from('abcdef'), 0, 6, 0)
    const buffer = Buffer.alloc(10)
    expect(readFully(fs, fd, buffer, 0, 10, 2)).toBe(4)
    expect(buffer.toString('utf8', 0, 4)).toBe('cdef')
    fs.close(fd)
  })

  it('tells of names that appear in a watched folder', async () => {
    mkdirSync(join(dir, 'watched'))
    const seen = new Promise<string | null>((resolve) => {
      const watcher = fs.watch(join(dir, 'watched'), (name) => {
        watcher.close()
        resolve(name)
      })
    })
    fs.close(fs.open(join(dir, 'watched/new'), 'w'))
    expect(await seen).toBe('new')
  })
})
