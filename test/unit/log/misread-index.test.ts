import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { UnifiedLog } from '../../../src/log/unified-log.ts'
import type { Os } from '../../../src/os/os.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from './log-helpers.ts'

type Noise = (entry: Buffer) => void

/** Read number `at` of a `.timeindex` gives each entry with other bytes; so often it was read stands in `reads`. */
function misreading(at: number, noise: Noise): { os: Os; reads: () => number } {
  const indexes = new Set<number>()
  let reads = 0
  const fs: Os['fs'] = {
    ...systemOs.fs,
    open: (path, ...rest) => {
      const fd = systemOs.fs.open(path, ...rest)
      if (path.endsWith('.timeindex')) indexes.add(fd)
      else indexes.delete(fd)
      return fd
    },
    read: (fd, buffer, offset, length, position) => {
      const got = systemOs.fs.read(fd, buffer, offset, length, position)
      if (indexes.has(fd) && reads++ === at) {
        const bytes = Buffer.from(buffer.buffer, buffer.byteOffset + offset, got)
        for (let entry = 0; entry + 12 <= got; entry += 12) noise(bytes.subarray(entry, entry + 12))
      }
      return got
    },
  }
  return { os: { ...systemOs, fs }, reads: () => reads }
}

const CHANGES = { indexIntervalBytes: 1 }

function append(log: UnifiedLog, from: number, to: number): void {
  for (let i = from; i < to; i++) appendUnderLock(log, batchOf([{ value: `v${i}`, timestamp: 1000 + i }]))
}

/** All entries of the first segment as `timestamp offset`. */
function entries(dir: string): string[] {
  const bytes = readFileSync(join(dir, 't-0', '00000000000000000000.timeindex'))
  return Array.from(
    { length: bytes.length / 12 },
    (_, i) => `${bytes.readBigInt64BE(i * 12)} ${bytes.readInt32BE(i * 12 + 8)}`,
  )
}

/** Five records; then another process opens the log with the fault, writes one, and again one, and closes it like a broker. */
function story(at: number, noise: Noise): { dir: string; reads: number } {
  const dir = temporaryDir()
  const before = openLog(dir, { changes: CHANGES })
  append(before, 0, 5)
  before.close()
  const { os, reads } = misreading(at, noise)
  const log = openLog(dir, { os, changes: CHANGES })
  append(log, 5, 7)
  log.lockSync()
  log.closeAsBroker()
  log.close()
  return { dir, reads: reads() }
}

describe('a time index that is misread once (11.2)', () => {
  it.each<[string, Noise]>([
    ['an earlier timestamp', (entry) => entry.writeBigInt64BE(-5n, 0)],
    ['a later timestamp', (entry) => entry.writeBigInt64BE(9_000_000n, 0)],
    ['an earlier offset', (entry) => entry.writeInt32BE(0, 8)],
    ['an offset below the segment', (entry) => entry.writeInt32BE(-7, 8)],
    ['a later offset', (entry) => entry.writeInt32BE(900, 8)],
    ['nothing but zeros', (entry) => entry.fill(0)],
  ])('%s: no entry comes twice, and each is of the log', (_, noise) => {
    const whole = story(Number.POSITIVE_INFINITY, noise)
    const right = entries(whole.dir)
    expect(right.at(-1)).toBe('1006 6')
    expect(whole.reads).toBeGreaterThan(1)
    for (let at = 0; at < whole.reads; at++) {
      const { dir } = story(at, noise)
      const found = entries(dir)
      // The first record's own entry may be lacking: what is made anew begins with the first interval.
      expect(right, `read ${at}`).toEqual(expect.arrayContaining(found))
      expect(new Set(found).size, `read ${at}: ${found}`).toBe(found.length)
      expect(found.at(-1), `read ${at}`).toBe('1006 6')
      expect(readAll(openLog(dir))).toHaveLength(7)
    }
  })
})
