import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LocalAdmin } from '../../../../src/local/admin/local-admin.ts'
import { DirectoryReader } from '../../../../src/local/directory/directory-reader.ts'
import { unsyncedOs } from '../../../support/clean-log.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-making-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** An Os whose disk is too full for names that match. */
function fullFor(names: RegExp) {
  const { fs } = unsyncedOs
  const full = (path: string, syscall: string) =>
    Object.assign(new Error(`ENOSPC: ${path}`), { code: 'ENOSPC', syscall, path })
  return {
    ...unsyncedOs,
    fs: {
      ...fs,
      open(path: string, ...more: Parameters<typeof fs.open> extends [string, ...infer M] ? M : never) {
        if (names.test(path) && more[0] !== 'r') throw full(path, 'open')
        return fs.open(path, ...more)
      },
      mkdir(path: string) {
        if (names.test(path)) throw full(path, 'mkdir')
        fs.mkdir(path)
      },
    },
  }
}

const admin = (os: typeof unsyncedOs, warnings: string[] = []) => {
  const options = { warn: (line: string) => warnings.push(line) }
  return new LocalAdmin(os, new DirectoryReader(os, dir, options), options)
}

async function create(os: typeof unsyncedOs, name: string, warnings?: string[]): Promise<void> {
  const maker = admin(os, warnings)
  try {
    await maker.createTopic({ name, partitions: 3 })
  } finally {
    await maker.close()
  }
}

const folders = () =>
  readdirSync(dir)
    .filter((name) => /^t-\d$/.test(name))
    .sort()

describe('a topic made on a full disk', () => {
  it('is not begun where the note that it is in the making does not fit', async () => {
    await create(unsyncedOs, 'other')
    await expect(create(fullFor(/\.tkafka-making$/), 't')).rejects.toThrow('no space left on the disk')
    expect((await admin(unsyncedOs).listTopics()).map(({ name }) => name)).toEqual(['other'])
    await create(unsyncedOs, 't')
    expect(folders()).toEqual(['t-0', 't-1', 't-2'])
  })

  it('gets the folders that did not fit from the next one who writes anything, without a word', async () => {
    await create(unsyncedOs, 'other')
    await create(fullFor(/\/t-[12]$/), 't')
    expect(folders()).toEqual(['t-0'])
    const warnings: string[] = []
    await create(unsyncedOs, 'another', warnings)
    expect([folders(), warnings]).toEqual([['t-0', 't-1', 't-2'], []])
  })
})
