/**
 * The bench itself on trial: the code is broken on purpose through the ports and prototypes, and the bench must
 * see it. (Dropping the partition lock and committing before printing are tried with real processes: history.test.ts.)
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { IndexFile } from '../../src/log/segment/index-file.ts'
import { LogSegment } from '../../src/log/segment/log-segment.ts'
import type { Os } from '../../src/os/os.ts'
import { SURVIVALS, seeded } from '../support/crash-memory-file-system.ts'
import { createTopic, DATA, emptyBook, expectPromisesKept, newDisk, produce } from './disk-scenarios.ts'

afterEach(() => vi.restoreAllMocks())

/** What the bench says of work that came to its end on this machine, followed by a power cut or none. */
async function verdicts(breakOs: (os: Os) => Os, powerCut: boolean, rounds = 1): Promise<string[]> {
  const disk = newDisk()
  const os = breakOs(disk.os())
  const book = emptyBook()
  const said: string[] = []
  try {
    await createTopic('t')(os, book)
    await produce('t', 'a', 'b'.repeat(6000), 'c')(os, book)
  } catch (error) {
    said.push((error as Error).message)
  }
  disk.closeAll()
  const cuts = Array.from({ length: rounds }, (_, n) => SURVIVALS.map((how) => ({ how, seed: 3 + n }))).flat()
  for (const { how, seed } of powerCut ? cuts : [{ how: 'keep', seed: 3 } as const]) {
    const after = powerCut ? disk.survive(how, seeded(seed)) : disk
    await expectPromisesKept(breakOs(after.os()), book, !powerCut).catch((error) => said.push(error.message))
  }
  return said
}

const withFs =
  (changes: (fs: Os['fs']) => Partial<Os['fs']>) =>
  (os: Os): Os => ({
    ...os,
    fs: { ...os.fs, ...changes(os.fs) },
  })

describe('the bench sees', () => {
  it('nothing where nothing is broken', async () => {
    expect(await verdicts((os) => os, true)).toEqual([])
    expect(await verdicts((os) => os, false)).toEqual([])
  })

  it('a skipped fsync', async () => {
    const skip = withFs(() => ({ fsync: () => {}, fdatasync: () => {}, fdatasyncAsync: async () => {} }))
    expect((await verdicts(skip, true)).join()).toMatch(/lost|acknowledged|no longer|corrupt|is not|missing/)
  })

  it('names of files that are not synced (KAFKA-3968)', async () => {
    const skip = withFs(() => ({ fsyncDir: () => {} }))
    expect(await verdicts(skip, true)).not.toEqual([])
  })

  it('indexes that a clean marker vouches for though they are not synced', async () => {
    vi.spyOn(IndexFile.prototype, 'sync').mockReturnValue()
    expect((await verdicts((os) => os, true, 8)).join()).toMatch(/index/)
  })

  it('a short write that is taken for a whole one', async () => {
    const short = withFs((fs) => ({
      write: (fd, buffer, offset, length, position) => {
        fs.write(fd, buffer, offset, length > 4000 ? length - 1000 : length, position)
        return length
      },
    }))
    expect(await verdicts(short, false)).not.toEqual([])
  })

  it('an index that is trusted though it is torn', async () => {
    const run = async () => {
      const disk = newDisk()
      const book = emptyBook()
      await createTopic('t')(disk.os(), book)
      await produce('t', ...Array.from({ length: 12 }, (_, i) => `${i} ${'x'.repeat(3000)}`))(disk.os(), book)
      // Bytes that never reached the disk: an entry that points into the middle of a batch.
      const fs = disk.os().fs
      const index = fs.open(`${DATA}/t-0/00000000000000000000.index`, 'r+')
      const entry = Buffer.alloc(8)
      entry.writeInt32BE(9, 0)
      entry.writeInt32BE(20_001, 4)
      fs.ftruncate(index, 0)
      fs.write(index, entry, 0, 8, 0)
      fs.close(index)
      fs.unlink(`${DATA}/.kafka_cleanshutdown`)
      disk.closeAll()
      return expectPromisesKept(disk.os(), book, false).then(
        () => 'kept',
        (error: Error) => error.message,
      )
    }
    expect(await run()).toBe('kept')
    vi.spyOn(LogSegment.prototype, 'isIndexed').mockReturnValue(true)
    expect(await run()).not.toBe('kept')
  })
})
