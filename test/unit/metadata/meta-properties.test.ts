import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { readMetaProperties, writeMetaProperties } from '../../../src/metadata/meta-properties.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { newFolder } from './metadata-helpers.ts'

const made: string[] = []
afterEach(() => {
  for (const dir of made.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})
function folder(text?: string): string {
  const dir = newFolder()
  made.push(dir)
  if (text !== undefined) fs.writeFileSync(path.join(dir, 'meta.properties'), text)
  return dir
}
const read = (text: string) => readMetaProperties(systemOs.fs, folder(text))

describe('meta.properties', () => {
  it('is read in any order, with comments and either separator', () => {
    expect(read('#\n#Sat Nov 21\r\nnode.id = 3\ndirectory.id:d-1\n! x\nversion=1\ncluster.id=a=b\n')).toEqual(
      {
        version: 1,
        clusterId: 'a=b',
        nodeId: 3,
        directoryId: 'd-1',
      },
    )
  })

  it('of the ZooKeeper era has a broker.id', () => {
    expect(read('version=0\nbroker.id=7\ncluster.id=c\n')).toEqual({
      version: 0,
      clusterId: 'c',
      nodeId: 7,
      directoryId: undefined,
    })
  })

  it('comes back as it was written; a missing one is undefined', () => {
    const dir = folder()
    expect(readMetaProperties(systemOs.fs, dir)).toBeUndefined()
    const properties = { version: 1, clusterId: 'c', nodeId: 2, directoryId: 'd' }
    writeMetaProperties(systemOs.fs, dir, properties)
    expect(readMetaProperties(systemOs.fs, dir)).toEqual(properties)
  })

  it('that lacks something or is newer is refused with its name', () => {
    expect(() => read('version=1\nnode.id=1\n')).toThrow(/meta\.properties: cluster\.id is missing/)
    expect(() => read('version=1\ncluster.id=c\nnode.id=x\n')).toThrow(/node\.id is not a node id: x/)
    expect(() => read('version=2\n')).toThrow(/newer than known/)
    expect(() => read('cluster.id=c\n')).toThrow(/version is missing/)
  })
})
