import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { formatDirectory } from '../../src/metadata/format-directory.ts'
import { readMetaProperties } from '../../src/metadata/meta-properties.ts'
import type { MetadataImage } from '../../src/metadata/metadata-image.ts'
import { MetadataLog } from '../../src/metadata/metadata-log.ts'
import { STORED_IMAGE_FILE } from '../../src/metadata/metadata-log-files.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { Crash, crashingOs } from '../support/crashing-os.ts'
import { essence, logFolder, newDirectory, newFolder, newTopic } from '../unit/metadata/metadata-helpers.ts'

const made: string[] = []
afterEach(() => {
  for (const dir of made.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})
const image = (dir: string): MetadataImage => MetadataLog.open(systemOs, dir).image()

/** Every change of the disk may also be a write that was only half done. */
function tearing(os: Os): Os {
  const { write } = os.fs
  return {
    ...os,
    fs: {
      ...os.fs,
      write(fd, buffer, offset, length, position) {
        if (length < 2) return write(fd, buffer, offset, length, position)
        const half = length >> 1
        write(fd, buffer, offset, half, position)
        return (
          half + write(fd, buffer, offset + half, length - half, position === null ? null : position + half)
        )
      },
    },
  }
}

/** Kills the process before its 1st, 2nd, ... change of the disk until `action` comes through; `check` after each. */
async function killedEverywhere(
  prepare: () => string,
  action: (os: Os, dir: string) => Promise<unknown> | unknown,
  check: (dir: string, done: boolean) => Promise<void> | void,
): Promise<number> {
  for (let step = 0; ; step++) {
    const dir = prepare()
    made.push(dir)
    const crashing = crashingOs(step)
    let done = true
    try {
      await action(tearing(crashing.os), dir)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      done = false
    } finally {
      crashing.kill()
    }
    await check(dir, done)
    fs.rmSync(dir, { recursive: true, force: true })
    if (done) return step
  }
}

describe('formatting a directory, killed before any step', () => {
  it('leaves a directory without meta.properties that the next run makes whole', async () => {
    const steps = await killedEverywhere(
      newFolder,
      (os, dir) => formatDirectory(os, dir),
      (dir, done) => {
        const properties = readMetaProperties(systemOs.fs, dir)
        if (done) expect(properties).toBeDefined()
        if (properties === undefined) formatDirectory(systemOs, dir, { nodeId: 3 })
        const found = image(dir)
        expect(found.nodeId).toBe(properties?.nodeId ?? 3)
        expect(found.metadataVersion).toBe(30)
        const marker = JSON.parse(fs.readFileSync(path.join(dir, '.kafka_cleanshutdown'), 'utf8'))
        expect(marker).toEqual({ version: 0, brokerEpoch: found.brokers.get(found.nodeId)?.epoch })
        expect(found.brokers.get(found.nodeId)?.logDirs).toEqual([found.directoryId])
      },
    )
    expect(steps).toBeGreaterThan(20)
  })
})

describe('an append, killed before any step', () => {
  const withTopic = (): string => newDirectory()

  it('is there whole or not at all, and the next append follows', async () => {
    const seen = new Set<number>()
    await killedEverywhere(
      withTopic,
      (os, dir) => MetadataLog.open(os, dir).append(newTopic('a', 3)),
      async (dir, done) => {
        const topic = image(dir).topic('a')
        if (done) expect(topic).toBeDefined()
        seen.add(topic?.partitions.length ?? 0)
        await MetadataLog.open(systemOs, dir).append(newTopic('next'))
        expect(image(dir).topic('next')?.partitions).toHaveLength(1)
        expect(image(dir).topic('a')?.partitions.length).toBe(topic?.partitions.length)
      },
    )
    expect(seen).toEqual(new Set([0, 3]))
  })

  it('of more than a batch holds is there whole or not at all, too', async () => {
    const many = (now: MetadataImage) =>
      Array.from({ length: 20 }, (_, n) => newTopic(`t${n}`, 3)(now)).flat()
    const seen = new Set<number>()
    await killedEverywhere(
      withTopic,
      (os, dir) => MetadataLog.open(os, dir, { maxBatchBytes: 2000 }).append(many),
      async (dir) => {
        const { topicCount } = image(dir)
        seen.add(topicCount)
        const log = MetadataLog.open(systemOs, dir)
        expect((await log.append(newTopic('next'))).topicCount).toBe(topicCount + 1)
        expect(image(dir).topicCount).toBe(topicCount + 1)
      },
    )
    expect(seen).toEqual(new Set([0, 20]))
  })

  it('that stores the image, too, leaves one that tells the truth or none', async () => {
    const many = (now: MetadataImage) =>
      Array.from({ length: 100 }, (_, n) => newTopic(`t${n}`, 3)(now)).flat()
    const stored = new Set<boolean>()
    await killedEverywhere(
      withTopic,
      async (os, dir) => {
        await MetadataLog.open(os, dir).append(many)
        // That the image could not be stored is no failure: a killed process shows here.
        os.fs.fsyncDir(dir)
      },
      async (dir) => {
        const file = path.join(logFolder(dir), STORED_IMAGE_FILE)
        stored.add(fs.existsSync(file))
        const found = essence(image(dir))
        fs.rmSync(file, { force: true })
        expect(found).toEqual(essence(image(dir)))
      },
    )
    expect(stored).toEqual(new Set([false, true]))
  })

  it('into a log that is still empty leaves one that the next append completes', async () => {
    await killedEverywhere(
      () => {
        const dir = newDirectory()
        fs.rmSync(logFolder(dir), { recursive: true })
        return dir
      },
      (os, dir) => MetadataLog.open(os, dir).append(newTopic('a')),
      async (dir) => {
        const before = image(dir).topicCount
        const after = await MetadataLog.open(systemOs, dir).append(newTopic('next'))
        expect(after.topicCount).toBe(before + 1)
        expect(after.features.get('transaction.version')).toBe(2)
        expect(after.brokers.get(1)?.epoch).toBe(7)
        expect(essence(image(dir))).toEqual(essence(after))
      },
    )
  })
})

describe('a checkpoint, killed before any step', () => {
  it('changes nothing that is read, and the next append and checkpoint follow', async () => {
    const template = newDirectory()
    made.push(template)
    const log = MetadataLog.open(systemOs, template, { segmentBytes: 1500 })
    for (let n = 0; n < 8; n++) await log.append(newTopic(`t${n}`, 2, [['retention.ms', `${n}`]]))
    const before = log.image()
    const steps = await killedEverywhere(
      () => {
        const dir = newFolder()
        fs.cpSync(template, dir, { recursive: true })
        return dir
      },
      (os, dir) => MetadataLog.open(os, dir).writeCheckpoint(),
      async (dir) => {
        const found = image(dir)
        expect(essence(found)).toEqual(essence(before))
        expect([found.endOffset, found.epoch]).toEqual([before.endOffset, before.epoch])
        const next = MetadataLog.open(systemOs, dir)
        await next.append(newTopic('next'))
        await next.writeCheckpoint()
        expect(image(dir).topicCount).toBe(9)
        const files = fs.readdirSync(logFolder(dir)).filter((name) => /\.(log|checkpoint|part)$/.test(name))
        expect(files).toHaveLength(2)
      },
    )
    expect(steps).toBeGreaterThan(8)
  })
})

describe('a disk that is full', () => {
  it('leaves the log as it was, and takes the same append later', async () => {
    const dir = newDirectory()
    made.push(dir)
    const file = path.join(logFolder(dir), '00000000000000000000.log')
    const before = fs.readFileSync(file)
    const full: Os = {
      ...systemOs,
      fs: {
        ...systemOs.fs,
        write(fd, buffer, offset, length, position) {
          if (length > 40) return systemOs.fs.write(fd, buffer, offset, 40, position)
          throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
        },
      },
    }
    await expect(MetadataLog.open(full, dir).append(newTopic('a'))).rejects.toThrow('no space')
    expect(fs.readFileSync(file)).toEqual(before)
    await MetadataLog.open(systemOs, dir).append(newTopic('a'))
    expect(image(dir).topics()).toEqual(['a'])
  })
})
