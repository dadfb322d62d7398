import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  explained,
  inspectDataDir,
  locateDataDir,
  makeDataDir,
} from '../../../../src/local/directory/data-dir.ts'
import { readServerProperties } from '../../../../src/local/settings/server-properties.ts'
import { systemOs } from '../../../../src/os/system-os.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-dir-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the data directory', () => {
  const all = { TKAFKA_DATA_DIR: '/t', XDG_DATA_HOME: '/x', HOME: '/h' }

  it('is what --data-dir says, else TKAFKA_DATA_DIR, else XDG_DATA_HOME/tkafka, else below HOME', () => {
    expect(locateDataDir('rel', all)).toEqual({ path: resolve('rel'), why: '--data-dir' })
    expect(locateDataDir(undefined, all)).toEqual({ path: '/t', why: 'TKAFKA_DATA_DIR' })
    expect(locateDataDir(undefined, { ...all, TKAFKA_DATA_DIR: '' })).toEqual({
      path: '/x/tkafka',
      why: 'XDG_DATA_HOME',
    })
    expect(locateDataDir(undefined, { XDG_DATA_HOME: 'relative', HOME: '/h' })).toEqual({
      path: '/h/.local/share/tkafka',
      why: 'HOME',
    })
  })

  it('is asked for when nothing says where, as from cron', () => {
    expect(() => locateDataDir(undefined, {})).toThrow(/HOME is not set.*--data-dir/)
  })
})

describe('what stands at the path', () => {
  it('may be missing or empty, with a server.properties in it', () => {
    expect(inspectDataDir(systemOs, join(dir, 'none')).kind).toBe('missing')
    writeFileSync(join(dir, 'server.properties'), '')
    mkdirSync(join(dir, 'lost+found'))
    expect(inspectDataDir(systemOs, dir).kind).toBe('empty')
  })

  it('is a log directory by its meta.properties, of the ZooKeeper era by version 0', () => {
    writeFileSync(join(dir, 'meta.properties'), '#\nversion=1\ncluster.id=abc\nnode.id=3\n')
    expect(inspectDataDir(systemOs, dir)).toMatchObject({
      kind: 'log-dir',
      meta: { nodeId: 3, clusterId: 'abc' },
    })
    writeFileSync(join(dir, 'meta.properties'), 'broker.id=7\nversion=0\ncluster.id=abc\n')
    expect(inspectDataDir(systemOs, dir)).toMatchObject({ kind: 'zookeeper', meta: { nodeId: 7 } })
  })

  it('is refused, by name, when it is something else, and nothing is made in it', () => {
    writeFileSync(join(dir, 'photo.jpg'), '')
    expect(() => inspectDataDir(systemOs, dir)).toThrow(`${dir}: not a Kafka log directory`)
    expect(() => inspectDataDir(systemOs, join(dir, 'photo.jpg'))).toThrow(
      `${join(dir, 'photo.jpg')}: a file, not a directory`,
    )
    expect(() => inspectDataDir(systemOs, join(dir, 'photo.jpg/below'))).toThrow(
      `${join(dir, 'photo.jpg/below')}: a file stands where a folder should be (${join(dir, 'photo.jpg')})`,
    )
    expect(inspectDataDir(systemOs, join(dir, 'none/below'))).toEqual({ kind: 'missing' })
    expect(() => makeDataDir(systemOs, join(dir, 'photo.jpg/below'))).toThrow(
      /a file stands where a folder should be/,
    )
    expect(existsSync(join(dir, '.tkafka'))).toBe(false)
  })

  it('was begun by us when .tkafka is there without meta.properties', () => {
    writeFileSync(join(dir, '.tkafka'), '')
    mkdirSync(join(dir, '__cluster_metadata-0'))
    expect(inspectDataDir(systemOs, dir).kind).toBe('unfinished')
  })

  it('is told with owner and user when it may not be read', () => {
    const error = Object.assign(new Error('EACCES'), { code: 'EACCES', path: join(dir, 'meta.properties') })
    expect(String(explained(systemOs, dir, error))).toContain(
      `${dir}: permission denied (${dir}/meta.properties)`,
    )
  })
})

describe.runIf(process.geteuid?.() === 0)('a directory that root makes', () => {
  it('belongs, with its parents, to the owner of the folder it is made in', () => {
    chownSync(dir, 12345, 23456)
    chmodSync(dir, 0o750)
    makeDataDir(systemOs, join(dir, 'share/tkafka'))
    for (const path of ['share', 'share/tkafka']) {
      const { uid, gid, mode } = statSync(join(dir, path))
      expect([path, uid, gid, mode & 0o777]).toEqual([path, 12345, 23456, 0o750])
    }
  })
})

describe('server.properties', () => {
  it('is read as Java reads it', () => {
    writeFileSync(
      join(dir, 'server.properties'),
      '# comment\nlog.retention.hours = 12 \n! too\nnum.partitions:3\nlisteners=A\\\n  ,B\nk\\ ey=\\u0041\\t\n\nnum.partitions=4\n',
    )
    expect([...readServerProperties(systemOs, dir)]).toEqual([
      ['log.retention.hours', '12'],
      ['num.partitions', '4'],
      ['listeners', 'A,B'],
      ['k ey', 'A'],
    ])
  })

  it('need not be there', () => {
    expect(readServerProperties(systemOs, dir).size).toBe(0)
  })
})
