import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CorruptRecordError } from '../../../src/errors.ts'
import type { UnifiedLog } from '../../../src/log/unified-log.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from './log-helpers.ts'

const file = (dir: string, base: number, suffix: string): string =>
  join(dir, 't-0', `${String(base).padStart(20, '0')}.${suffix}`)
const log0 = (dir: string): string => file(dir, 0, 'log')
const broken = (dir: string): string[] =>
  readdirSync(join(dir, 't-0')).filter((name) => name.endsWith('.broken'))

function filled(batches: number, changes = {}): { dir: string; log: UnifiedLog; size: number } {
  const dir = temporaryDir()
  const log = openLog(dir, { changes })
  for (let i = 0; i < batches; i++) appendUnderLock(log, batchOf([`v${i}`]))
  return { dir, log, size: statSync(log0(dir)).size / batches }
}

function flip(path: string, position: number): void {
  const bytes = readFileSync(path)
  bytes[position] ^= 0x40
  writeFileSync(path, bytes)
}

describe('a torn tail', () => {
  const whole = batchOf(['torn'], { baseOffset: 3 })
  const badCrc = Buffer.from(whole)
  badCrc[badCrc.length - 1] ^= 1
  it.each([
    ['an incomplete batch', whole.subarray(0, 66)],
    ['a piece of a header', whole.subarray(0, 20)],
    ['garbage', Buffer.from('this is no batch at all, and longer than the header of one would be ....')],
    ['a whole last batch with a wrong checksum', badCrc],
  ])('%s is passed over by readers, and cut and set aside by the next writer', (_name, bytes) => {
    const { dir } = filled(3)
    appendFileSync(log0(dir), bytes)
    const size = statSync(log0(dir)).size
    const reader = openLog(dir, { readOnly: true })
    expect(readAll(reader)).toEqual(['0:v0', '1:v1', '2:v2'])
    expect(statSync(log0(dir)).size).toBe(size)
    expect(broken(dir)).toEqual([])
    appendUnderLock(openLog(dir), batchOf(['new']))
    expect(readFileSync(join(dir, 't-0', broken(dir)[0]))).toEqual(bytes)
    reader.refresh()
    expect(readAll(reader)).toEqual(['0:v0', '1:v1', '2:v2', '3:new'])
  })

  it('zeros are cut and not kept', () => {
    const { dir } = filled(3)
    truncateSync(log0(dir), 5000)
    appendUnderLock(openLog(dir), batchOf(['new']))
    expect(readAll(openLog(dir))).toEqual(['0:v0', '1:v1', '2:v2', '3:new'])
    expect(broken(dir)).toEqual([])
  })

  it('is not kept where that is not wanted', () => {
    const { dir } = filled(3)
    appendFileSync(log0(dir), 'torn')
    appendUnderLock(openLog(dir, { keepBroken: false }), batchOf(['new']))
    expect(broken(dir)).toEqual([])
  })

  it('that an instance knows of is seen whole once its writer finished it', () => {
    const { dir } = filled(1)
    const bytes = batchOf(['late'], { baseOffset: 1 })
    appendFileSync(log0(dir), bytes.subarray(0, 50))
    const reader = openLog(dir, { readOnly: true })
    expect(reader.logEndOffset).toBe(1)
    appendFileSync(log0(dir), bytes.subarray(50))
    reader.refresh()
    expect(readAll(reader)).toEqual(['0:v0', '1:late'])
  })

  it('whose last indexed batch is the bad one is found from the entry before it', () => {
    const { dir, log, size } = filled(9, { indexIntervalBytes: 1 })
    log.close()
    flip(log0(dir), size * 9 - 1)
    const reader = openLog(dir, { readOnly: true })
    expect(reader.logEndOffset).toBe(8)
    expect(appendUnderLock(openLog(dir), batchOf(['new']))).toMatchObject({ firstOffset: 8 })
  })
})

describe('damage in the middle', () => {
  it('is told with file, position and offset; reading goes on behind it; nothing is appended or cut', () => {
    const { dir, size } = filled(5)
    flip(log0(dir), 2 * size + 65)
    const before = readFileSync(log0(dir))
    const reader = openLog(dir, { readOnly: true })
    expect(reader.logEndOffset).toBe(5)
    const first = reader.read(0, 1000)
    expect(first.nextOffset).toBe(2)
    expect(() => reader.read(2, 1000)).toThrow(CorruptRecordError)
    expect(() => reader.read(2, 1000)).toThrow(
      new RegExp(`^${log0(dir)}: corrupt record batch at offset 2: .* \\(at position ${2 * size}\\)$`),
    )
    expect(reader.skipCorrupt(2)).toBe(3)
    expect(readAll(reader, 3)).toEqual(['3:v3', '4:v4'])
    const writer = openLog(dir)
    expect(() => appendUnderLock(writer, batchOf(['new']))).toThrow(/offset 2.*tkafka repair$/)
    expect(readFileSync(log0(dir))).toEqual(before)
    expect(broken(dir)).toEqual([])
  })

  it('that reaches over the header and its size is stepped over at the next good batch, also by a new reader', () => {
    const { dir, size } = filled(6)
    const fd = openSync(log0(dir), 'r+')
    writeSync(fd, Buffer.alloc(size + 30, 0xee), 0, size + 30, size)
    closeSync(fd)
    const reader = openLog(dir, { readOnly: true })
    expect(reader.logEndOffset).toBe(6)
    expect(() => reader.read(1, 1000)).toThrow(/at offset 1.*\(at position/)
    expect(reader.skipCorrupt(1)).toBe(3)
    expect(readAll(openLog(dir, { readOnly: true }), 4)).toEqual(['4:v4', '5:v5'])
    expect(() => openLog(dir, { readOnly: true }).read(2, 1000)).toThrow(CorruptRecordError)
  })

  it('at the end of an older segment ends in the next segment', () => {
    const { dir, log } = filled(6, { segmentBytes: 150 })
    const second = log.scanSegments()[1].baseOffset
    log.close()
    truncateSync(log0(dir), statSync(log0(dir)).size - 5)
    const reader = openLog(dir, { readOnly: true })
    expect(() => reader.read(second - 1, 1000)).toThrow(CorruptRecordError)
    expect(reader.skipCorrupt(second - 1)).toBe(second)
    expect(readAll(reader, second)[0]).toBe(`${second}:v${second}`)
  })
})

describe('opening', () => {
  it('looks at the tail alone, be the segment of 2 GB and the log of 100 GB', () => {
    const { dir, log } = filled(40, { indexIntervalBytes: 200 })
    log.lockSync()
    log.closeAsBroker()
    log.close()
    // 50 older segments of 2 GB each, sparse: their bytes would be damage if anyone looked.
    for (let i = 0; i < 50; i++) {
      const fd = openSync(file(dir, 1000 + i, 'log'), 'w')
      ftruncateSync(fd, 2 * 1024 ** 3 - 1)
      closeSync(fd)
      for (const suffix of ['index', 'timeindex']) writeFileSync(file(dir, 1000 + i, suffix), '')
    }
    // The active one: 2 GB of nothing, then a batch that the index tells of.
    const tail = batchOf(['last'], { baseOffset: 500000 })
    const position = 2 * 1024 ** 3 - 1000
    const fd = openSync(file(dir, 400000, 'log'), 'w')
    writeSync(fd, tail, 0, tail.length, position)
    closeSync(fd)
    const entry = Buffer.alloc(8)
    entry.writeInt32BE(100000, 0)
    entry.writeInt32BE(position, 4)
    writeFileSync(file(dir, 400000, 'index'), entry)
    // A missing one would be made anew from the whole segment.
    writeFileSync(file(dir, 400000, 'timeindex'), '')
    let bytes = 0
    const fs = {
      ...systemOs.fs,
      read: (...args: Parameters<typeof systemOs.fs.read>) => {
        const n = systemOs.fs.read(...args)
        bytes += n
        return n
      },
    }
    const reader = openLog(dir, { readOnly: true, os: { ...systemOs, fs } })
    expect(reader.logEndOffset).toBe(500001)
    expect(readAll(reader, 500000)).toEqual(['500000:last'])
    expect(bytes).toBeLessThan(100_000)
    bytes = 0
    const writer = openLog(dir, { os: { ...systemOs, fs }, changes: { segmentBytes: 0x7fffffff } })
    expect(appendUnderLock(writer, batchOf(['more']))).toMatchObject({ firstOffset: 500001 })
    expect(bytes).toBeLessThan(100_000)
  })

  it('of a log whose file is 100 GB of zeros behind the records finds its end', () => {
    const { dir } = filled(3)
    truncateSync(log0(dir), 100 * 1024 ** 3)
    expect(openLog(dir, { readOnly: true }).logEndOffset).toBe(3)
  })

  it('with an index that is missing or lies scans; a writer makes it anew', () => {
    const { dir, log } = filled(40, { indexIntervalBytes: 200 })
    log.lockSync()
    log.closeAsBroker()
    log.close()
    const good = readFileSync(file(dir, 0, 'index'))
    for (const bad of [
      Buffer.alloc(0),
      Buffer.alloc(16, 0x22),
      good.map((byte, i) => (i % 8 === 7 ? byte + 1 : byte)),
    ]) {
      writeFileSync(file(dir, 0, 'index'), bad)
      const reader = openLog(dir, { readOnly: true })
      expect(readAll(reader, 17)).toHaveLength(23)
      expect(readFileSync(file(dir, 0, 'index'))).toEqual(Buffer.from(bad))
      const writer = openLog(dir, { changes: { indexIntervalBytes: 200 } })
      writer.lockSync()
      writer.closeAsBroker()
      writer.close()
      expect(readFileSync(file(dir, 0, 'index'))).toEqual(good)
    }
  })

  it('passes over files of deletions, cleaning and swaps; a writer removes or finishes them', () => {
    const { dir, log } = filled(6, { segmentBytes: 150 })
    const bases = log.scanSegments().map(({ baseOffset }) => baseOffset)
    log.close()
    const kept = readAll(openLog(dir, { readOnly: true }))
    writeFileSync(`${file(dir, 900, 'log')}.deleted`, 'x')
    writeFileSync(`${file(dir, 0, 'log')}.cleaned`, 'half-made')
    writeFileSync(file(dir, 77, 'index'), 'an index without a log')
    expect(readAll(openLog(dir, { readOnly: true }))).toEqual(kept)
    appendUnderLock(openLog(dir, { changes: { segmentBytes: 150 } }), batchOf(['new']))
    const left = () =>
      readdirSync(join(dir, 't-0')).filter((name) => /deleted|cleaned|swap|77\.index/.test(name))
    // A reader may still follow it: it waits for file.delete.delay.ms.
    expect(left()).toEqual([`${String(900).padStart(20, '0')}.log.deleted`])
    appendUnderLock(
      openLog(dir, { changes: { segmentBytes: 150, fileDeleteDelayMs: 0 } }),
      batchOf(['newer']),
    )
    expect(left()).toEqual([])
    // A swap of the first two segments into one that was interrupted.
    const joined = Buffer.concat([readFileSync(log0(dir)), readFileSync(file(dir, bases[1], 'log'))])
    for (const suffix of ['index', 'timeindex']) writeFileSync(`${file(dir, 0, suffix)}.swap`, '')
    writeFileSync(`${log0(dir)}.swap`, joined)
    const reader = openLog(dir, { readOnly: true })
    expect(readAll(reader)).toHaveLength(8)
    appendUnderLock(openLog(dir), batchOf(['newer']))
    expect(readdirSync(join(dir, 't-0')).filter((name) => name.endsWith('.swap'))).toEqual([])
    expect(readFileSync(log0(dir))).toEqual(joined)
    reader.refresh()
    expect(reader.scanSegments().map(({ baseOffset }) => baseOffset)).not.toContain(bases[1])
    expect(readAll(reader)).toHaveLength(9)
  })

  it('notices that the folder was taken away and made anew under its name', () => {
    const { dir, log } = filled(2)
    const reader = openLog(dir, { readOnly: true })
    expect(reader.logEndOffset).toBe(2)
    renameSync(join(dir, 't-0'), join(dir, 'gone'))
    expect(reader.refresh()).toBe(true)
    expect(reader.logEndOffset).toBe(0)
    expect(appendUnderLock(openLog(dir), batchOf(['other']))).toMatchObject({ firstOffset: 0 })
    expect(appendUnderLock(log, batchOf(['again']))).toMatchObject({ firstOffset: 1 })
    reader.refresh()
    expect(readAll(reader)).toEqual(['0:other', '1:again'])
  })
})

describe('an offset that was flipped upwards', () => {
  // The checksum leaves the offset out, so only what stands behind the batch tells.
  const flipped = (at: number, byte: number): string => {
    const { dir, size } = filled(5)
    flip(log0(dir), at * size + byte)
    return dir
  }
  it.each([
    ['the first batch, in its high bytes', 0, 1],
    ['the first batch', 0, 4],
    ['a batch in the middle, in its high bytes', 2, 3],
    ['a batch in the middle', 2, 7],
  ])('of %s is damage of that batch, and all behind it can be read (strangerA F1)', (_name, at, byte) => {
    const log = openLog(flipped(at, byte), { readOnly: true })
    expect(log.logEndOffset).toBe(5)
    expect(() => readAll(log)).toThrow(CorruptRecordError)
    expect(log.skipCorrupt(at)).toBe(at + 1)
    for (let offset = at + 1; offset < 5; offset++) {
      const { nextOffset, end, start } = log.read(offset, 61)
      expect([nextOffset, end > start]).toEqual([offset + 1, true])
    }
  })
})

describe('a hole before an empty last segment', () => {
  it('is passed over at once, else a reader up to the end would ask for ever (strangerA I2)', () => {
    const { dir } = filled(3)
    writeFileSync(file(dir, 9, 'log'), '')
    const log = openLog(dir, { readOnly: true })
    expect(log.logEndOffset).toBe(9)
    expect(log.read(3, 1024)).toMatchObject({ start: 0, end: 0, nextOffset: 9 })
    expect(readAll(log)).toEqual(['0:v0', '1:v1', '2:v2'])
  })
})

describe("another log's file in the place of a closed segment", () => {
  it('hides no record of the segments behind it (A)', () => {
    const { dir, log } = filled(6, { segmentBytes: 150 })
    log.close()
    const bases = readdirSync(join(dir, 't-0')).flatMap((name) => /^(\d+)\.log$/.exec(name)?.[1] ?? [])
    expect(bases.map(Number)).toEqual([0, 2, 4])
    const foreign = [2, 3, 4, 5].map((baseOffset) => batchOf(['foreign'], { baseOffset }))
    writeFileSync(file(dir, 2, 'log'), Buffer.concat(foreign))
    const stored = ['0:v0', '1:v1', '2:foreign', '3:foreign', '4:v4', '5:v5']
    expect(readAll(openLog(dir, { readOnly: true }))).toEqual(stored)
    const writer = openLog(dir)
    appendUnderLock(writer, batchOf(['new']))
    expect(readAll(writer)).toEqual([...stored, '6:new'])
    // Who skips what is damaged lands on the next segment's own record, too.
    flip(file(dir, 2, 'log'), 30)
    const reader = openLog(dir, { readOnly: true })
    expect([2, 3].map((offset) => reader.skipCorrupt(offset))).toEqual([3, 4])
  })
})
