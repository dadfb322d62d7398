import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import type { Os } from '../../src/os/os.ts'
import { crashingOs } from '../support/crashing-os.ts'
import {
  createTopic,
  DATA,
  emptyBook,
  expectPromisesKept,
  newDisk,
  produce,
  values,
} from './disk-scenarios.ts'

const made: string[] = []
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})
const quick = (): Os => crashingOs(Number.POSITIVE_INFINITY).os

describe('a directory that is copied while it is in use', () => {
  it('goes on where the copy was made, here and on another machine', async () => {
    const root = mkdtempSync(join(tmpdir(), 'tkafka-copy-'))
    made.push(root)
    const from = join(root, 'data')
    const producer = new LocalProducer(quick(), LocalDirectory.open(quick(), from), {})
    for (let n = 0; n < 20; n++) {
      await producer.send({ topic: 't', value: `${n}` })
      if (n === 10) {
        cpSync(from, join(root, 'here'), { recursive: true })
        cpSync(from, join(root, 'there'), { recursive: true })
      }
    }
    await producer.close()
    for (const [name, os] of [
      ['here', quick()],
      ['there', { ...quick(), bootId: () => 'another machine' }],
    ] as const) {
      const directory = LocalDirectory.open(os, join(root, name))
      const copy = new LocalProducer(os, directory, {})
      await copy.send({ topic: 't', value: 'next' })
      await copy.close()
      const again = LocalDirectory.open(os, join(root, name))
      expect(values(again, 't')).toEqual([...Array.from({ length: 11 }, (_, n) => `${n}`), 'next'])
      await again.close()
    }
  })
})

describe('a clock that jumps back', () => {
  it('leaves offsets and order as they are, and a directory that check finds good', async () => {
    const disk = newDisk()
    const book = emptyBook()
    await createTopic('t')(disk.os(), book)
    await produce('t', 'a', 'b')(disk.os(), book)
    const os = disk.os()
    const earlier = { ...os, clock: { ...os.clock, now: () => os.clock.now() - 86_400_000 } }
    const directory = LocalDirectory.open(earlier, DATA)
    const producer = new LocalProducer(earlier, directory, {})
    await producer.send({ topic: 't', value: 'c' })
    await producer.close()
    book.produced.push('c')
    book.attempted.push('c')
    await expectPromisesKept(earlier, book, true)
    const reader = LocalDirectory.open(os, DATA)
    expect(values(reader, 't')).toEqual(['a', 'b', 'c'])
    await reader.close()
  })
})

describe('a directory on a network disk', () => {
  it('is written to, with a warning that is told once', async () => {
    const disk = newDisk()
    const os = disk.os()
    const network = { ...os, fs: { ...os.fs, networkType: () => 'NFS' } }
    const warnings: string[] = []
    for (let n = 0; n < 2; n++) {
      const directory = LocalDirectory.open(network, '/data/on-nfs', { warn: (line) => warnings.push(line) })
      await directory.enter()
      await directory.leave()
      await directory.close()
    }
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^\/data\/on-nfs is on a network disk \(NFS\)/)
  })
})
