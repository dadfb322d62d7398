import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { emptyPreallocatedIndexes } from '../../src/local/directory/rest-state.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import { unreadFormatAt } from '../../src/log/opening/unread-format.ts'
import { TransactionIndex } from '../../src/log/segment/transaction-index.ts'
import { nodeFileSystem } from '../../src/os/node-file-system.ts'
import type { Os } from '../../src/os/os.ts'
import { crashingOs } from '../support/crashing-os.ts'

/** Without real syncs. */
const { os } = crashingOs(Number.POSITIVE_INFINITY)
const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-short-reads-'))
afterAll(() => fs.rmSync(scratch, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

/** read(2) gives no byte though the file goes on. */
const nothingRead: Os = { ...os, fs: { ...os.fs, read: () => 0 } }

describe('a read that ends before its file does (issue 11, item 2)', () => {
  it('fails: nobody is given half a file, who might write that half back', () => {
    const path = join(scratch, '0.txnindex')
    const index = new TransactionIndex(nodeFileSystem, path)
    index.append(
      [3, 6].map((lastOffset) => ({ producerId: 1, firstOffset: 0, lastOffset, lastStableOffset: 0 })),
    )
    const before = fs.readFileSync(path)
    const read = fs.readSync
    let calls = 0
    vi.spyOn(fs, 'readSync').mockImplementation(((
      fd: number,
      into: Buffer,
      from: number,
      length: number,
      at: number,
    ) => (++calls === 1 ? read(fd, into, from, length >> 1, at) : 0)) as typeof fs.readSync)
    expect(() => nodeFileSystem.readFile(path)).toThrow(/the file goes on but reading ended/)
    calls = 0
    expect(() => index.truncateToOffset(9)).toThrow(/the disk cannot be read/)
    vi.restoreAllMocks()
    expect(fs.readFileSync(path)).toEqual(before)
  })

  it('is no end where another process appended meanwhile', () => {
    const path = join(scratch, 'grows')
    fs.writeFileSync(path, 'abcdef')
    const read = fs.readSync
    let calls = 0
    vi.spyOn(fs, 'readSync').mockImplementation(((
      fd: number,
      into: Buffer,
      from: number,
      length: number,
      at: number,
    ) => (++calls === 2 ? 0 : read(fd, into, from, Math.min(length, 2), at))) as typeof fs.readSync)
    expect(nodeFileSystem.readFile(path).toString()).toBe('abcdef')
  })

  it("empties no index of the metadata's", () => {
    const dir = join(scratch, 'rest')
    fs.mkdirSync(join(dir, '__cluster_metadata-0'), { recursive: true })
    const path = join(dir, '__cluster_metadata-0', '00000000000000000000.index')
    fs.writeFileSync(path, Buffer.alloc(24, 1))
    expect(() => emptyPreallocatedIndexes(nothingRead, dir)).toThrow(/the file goes on but reading ended/)
    expect(fs.statSync(path).size).toBe(24)
  })

  it('takes no log of a newer format for a torn one', () => {
    const path = join(scratch, 'old.log')
    const message = Buffer.alloc(70)
    message.writeInt32BE(message.length - 12, 8)
    message[16] = 3
    fs.writeFileSync(path, message)
    const fd = os.fs.open(path, 'r')
    expect(unreadFormatAt(os.fs, fd, 0, message.length)).toMatch(/format 3/)
    expect(() => unreadFormatAt(nothingRead.fs, fd, 0, message.length)).toThrow(/reading ended/)
    os.fs.close(fd)
  })
})

describe('compaction', () => {
  it('ends where its checkpoint never reads as it was written', async () => {
    const dir = join(scratch, 'spins')
    const maker = new LocalAdmin(os, LocalDirectory.open(os, dir))
    await maker.createTopic({ name: 't', configs: { 'cleanup.policy': 'compact' } })
    await maker.close()
    const producer = new LocalProducer(os, LocalDirectory.open(os, dir), {})
    for (const value of ['a', 'b']) await producer.send({ topic: 't', key: 'k', value })
    await producer.close()
    let reads = 0
    const readFile: Os['fs']['readFile'] = (path, most) => {
      const bytes = os.fs.readFile(path, most)
      if (!path.endsWith('cleaner-offset-checkpoint')) return bytes
      if (++reads > 100) throw new Error('it spins')
      return Buffer.from('0\n0\n')
    }
    const faulty: Os = { ...os, fs: { ...os.fs, readFile } }
    const admin = new LocalAdmin(faulty, LocalDirectory.open(faulty, dir))
    const results = []
    for await (const result of admin.clean({ topics: (name) => name === 't', now: true }))
      results.push(result)
    await admin.close()
    expect(results).toMatchObject([{ status: 'stopped', message: expect.stringContaining('does not keep') }])
  })
})
