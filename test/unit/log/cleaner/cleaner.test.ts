import { existsSync, readdirSync, readFileSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../../../../src/bytes/crc32c.ts'
import { LogSurvey } from '../../../../src/log/cleaner/cleaner-survey.ts'
import { groupSegments, logToClean } from '../../../../src/log/cleaner/log-to-clean.ts'
import { OffsetMap } from '../../../../src/log/cleaner/offset-map.ts'
import { NEVER } from '../../../../src/log/log-config.ts'
import { LogDirCheckpoints } from '../../../../src/log/log-dir-checkpoints.ts'
import { expiredSegments } from '../../../../src/log/log-retention.ts'
import type { UnifiedLog } from '../../../../src/log/unified-log.ts'
import * as header from '../../../../src/record/batch-header.ts'
import { endTransactionBatch } from '../../../../src/record/control-record.ts'
import { RecordBatch } from '../../../../src/record/record-batch.ts'
import { cleanLog, unsyncedOs } from '../../../support/clean-log.ts'
import { appendUnderLock, batchOf, openLog, temporaryDir } from '../log-helpers.ts'

const COMPACT = {
  compact: true,
  delete: false,
  fileDeleteDelayMs: 0,
  deleteRetentionMs: 1000,
  producerIdExpirationMs: NEVER,
}

function open(changes: object = {}): { dir: string; log: UnifiedLog } {
  const dir = temporaryDir()
  return { dir, log: openLog(dir, { os: unsyncedOs, changes: { ...COMPACT, ...changes } }) }
}

function roll(log: UnifiedLog): void {
  log.lockSync()
  log.roll()
  log.unlock()
}

const kv = (key: string, value: string | null) => batchOf([{ key, value }])

function batches(log: UnifiedLog): RecordBatch[] {
  const found: RecordBatch[] = []
  log.refresh()
  for (let next = log.logStartOffset; next < log.logEndOffset; ) {
    const { buffer, start, end, nextOffset } = log.read(next, 1 << 20)
    if (start === end) break
    const bytes = Buffer.from(buffer.subarray(start, end))
    for (let at = 0; at < bytes.length; ) {
      const batch = new RecordBatch(bytes, at)
      found.push(batch)
      at = batch.end
    }
    next = nextOffset
  }
  return found
}

const keysOf = (log: UnifiedLog) =>
  batches(log)
    .filter((batch) => !batch.isControl)
    .flatMap((batch) => [...batch.records()].map(({ offset, key, value }) => `${offset} ${key}=${value}`))

function survey(log: UnifiedLog, dir: string, now = 5000): LogSurvey {
  return new LogSurvey(unsyncedOs, log.dir, new LogDirCheckpoints(unsyncedOs, dir), 't-0', log.config, now)
}

const clean = (log: UnifiedLog, dir: string, now = 5000, memory = 1 << 16) =>
  cleanLog(log, dir, { os: unsyncedOs, now, memory })

describe('the offset map', () => {
  it('keeps the last offset of every key through growing, and says when it is full', () => {
    const map = new OffsetMap(1 << 16, 0.9, 1)
    map.begin(100, 100_000)
    let put = 0
    while (map.put(Buffer.from(`key ${put}`), 0, `key ${put}`.length, 100 + put)) put++
    expect(put).toBe(map.capacity)
    for (let i = 0; i < put; i += 7)
      expect(map.get(Buffer.from(`key ${i}`), 0, `key ${i}`.length)).toBe(100 + i)
    expect(map.get(Buffer.from('none'), 0, 4)).toBe(-1)
  })

  it('holds 5.6 million keys in 128 MB', () => {
    expect(new OffsetMap(128 << 20, 0.9, 0).capacity).toBe(5662310)
  })

  it('knows of each offset of its range whether a later record of its key was seen', () => {
    const map = new OffsetMap(1 << 16, 0.9, 1)
    map.begin(10, 20)
    for (const [key, offset] of [
      ['a', 10],
      ['b', 11],
      ['a', 12],
      ['a', 15],
    ] as const)
      expect(map.put(Buffer.from(key), 0, 1, offset)).toBe(true)
    expect([10, 11, 12, 15].map((offset) => map.isSuperseded(offset))).toEqual([true, false, true, false])
    expect(map.put(Buffer.from('c'), 0, 1, 20)).toBe(false)
  })
})

describe('bugs of Kafka that are not repeated', () => {
  it('KAFKA-3330, KAFKA-7400: a cleaner checkpoint beyond the end, or before the start, counts as none', () => {
    const { dir, log } = open()
    appendUnderLock(log, kv('a', '1'), kv('b', '1'), kv('c', '1'))
    roll(log)
    const checkpoints = new LogDirCheckpoints(unsyncedOs, dir)
    checkpoints.update('cleaner', new Map([['t-0', 99]]))
    expect(logToClean(survey(log, dir), 5000)).toMatchObject({
      firstDirtyOffset: 0,
      checkpointIsInvalid: true,
    })
    log.lockSync()
    log.deleteRecordsBefore(2)
    log.unlock()
    checkpoints.update('cleaner', new Map([['t-0', 1]]))
    expect(logToClean(survey(log, dir), 5000)).toMatchObject({
      firstDirtyOffset: 2,
      checkpointIsInvalid: true,
    })
  })

  it('KAFKA-4529, KAFKA-8522: a tombstone stays delete.retention.ms from its first cleaning on, then goes', async () => {
    const { dir, log } = open()
    appendUnderLock(log, kv('a', '1'), kv('a', null), kv('b', '1'))
    roll(log)
    await clean(log, dir, 5000)
    expect(keysOf(log)).toEqual(['1 a=null', '2 b=1'])
    expect(batches(log)[0].deleteHorizonMs).toBe(6000)
    const dirty = async (now: number) => {
      appendUnderLock(log, kv('z', `${now}`))
      roll(log)
      await clean(log, dir, now)
      return keysOf(log).filter((line) => line.includes('a='))
    }
    expect(await dirty(5999)).toEqual(['1 a=null'])
    expect(await dirty(6000)).toEqual([])
  })

  it('KAFKA-17076: the last batch of a round stays, if need be empty, so that the end is not lost', async () => {
    const { dir, log } = open()
    appendUnderLock(log, kv('a', null))
    roll(log)
    await clean(log, dir, 5000)
    appendUnderLock(log, kv('b', null))
    roll(log)
    await clean(log, dir, 9000)
    appendUnderLock(log, kv('c', '1'), kv('c', '2'))
    roll(log)
    await clean(log, dir, 90_000)
    await clean(log, dir, 91_000)
    expect(log.logEndOffset).toBe(4)
    expect(openLog(dir, { os: unsyncedOs, changes: COMPACT }).logEndOffset).toBe(4)
  })

  it('KAFKA-5490, KAFKA-8335: the last batch of each producer stays, by its offset, empty if need be', async () => {
    const { dir, log } = open()
    const from = (key: string, baseSequence: number) =>
      batchOf([{ key, value: 'v' }], { producerId: 7, producerEpoch: 0, baseSequence })
    appendUnderLock(log, from('a', 0), from('b', 1), kv('a', 'new'), kv('b', 'new'))
    roll(log)
    await clean(log, dir)
    const kept = batches(log).filter(({ producerId }) => producerId === 7)
    expect(kept.map(({ baseOffset, count, lastSequence }) => [baseOffset, count, lastSequence])).toEqual([
      [1, 0, 1],
    ])
    const again = openLog(dir, { os: unsyncedOs, changes: COMPACT })
    expect(appendUnderLock(again, from('b', 1)).duplicate).toBe(true)
    expect(appendUnderLock(again, from('c', 2)).firstOffset).toBe(4)
  })

  it('KAFKA-13727, KAFKA-8351, KAFKA-5196: the marker of an aborted transaction stays as long as data of it is there', async () => {
    const { dir, log } = open()
    const txn = (key: string, baseSequence: number) =>
      batchOf([{ key, value: 'v' }], { producerId: 9, producerEpoch: 0, baseSequence, transactional: true })
    const abort = endTransactionBatch({ type: 'ABORT', coordinatorEpoch: 0 }, 1000, 9, 0)
    // The transaction reaches over two segments; the marker stands in a third.
    appendUnderLock(log, txn('a', 0))
    roll(log)
    appendUnderLock(log, txn('b', 1))
    roll(log)
    appendUnderLock(log, abort, kv('c', '1'))
    roll(log)
    await clean(log, dir)
    // The producer's last data batch is kept empty, the marker gets its horizon.
    const markers = () => batches(log).filter(({ isControl, count }) => isControl && count > 0)
    expect(markers()).toHaveLength(1)
    expect(keysOf(log)).toEqual(['3 c=1'])
    const fetched = log.read(0, 1 << 20, { isolation: 'read_committed' })
    expect(fetched.aborted.length).toBeLessThanOrEqual(1)
    expect(existsSync(join(log.dir, '00000000000000000000.log'))).toBe(true)
  })

  it('an aborted record takes no good one away where the .txnindex is missing', async () => {
    const { dir, log } = open()
    appendUnderLock(log, kv('a', 'good'))
    roll(log)
    const aborted = { producerId: 9, producerEpoch: 0, baseSequence: 0, transactional: true }
    appendUnderLock(log, batchOf([{ key: 'a', value: 'gone' }], aborted))
    appendUnderLock(
      log,
      endTransactionBatch({ type: 'ABORT', coordinatorEpoch: 0 }, 1000, 9, 0),
      kv('b', '1'),
    )
    roll(log)
    for (const name of readdirSync(log.dir)) if (name.endsWith('.txnindex')) unlinkSync(join(log.dir, name))
    const again = openLog(dir, { os: unsyncedOs, changes: COMPACT })
    await clean(again, dir)
    expect(keysOf(openLog(dir, { os: unsyncedOs, changes: COMPACT }))).toEqual(['0 a=good', '3 b=1'])
  })

  it('KAFKA-9133, KAFKA-9826, KAFKA-8764: a dirty offset in the active segment, gaps and emptied segments end at once', async () => {
    const { dir, log } = open()
    appendUnderLock(log, kv('a', '1'), kv('a', '2'), kv('a', '3'))
    roll(log)
    await clean(log, dir)
    appendUnderLock(log, kv('a', '4'))
    const checkpoints = new LogDirCheckpoints(unsyncedOs, dir)
    checkpoints.update('cleaner', new Map([['t-0', 4]]))
    expect(logToClean(survey(log, dir), 5000)).toMatchObject({ cleanableBytes: 0, due: undefined })
    expect((await clean(log, dir)).passes).toBe(0)
    roll(log)
    expect((await clean(log, dir)).passes).toBe(0)
    expect(keysOf(log)).toEqual(['2 a=3', '3 a=4'])
  })

  it('KAFKA-6834: a batch larger than every buffer is cleaned', async () => {
    const { dir, log } = open()
    const large = 'x'.repeat(300_000)
    appendUnderLock(log, kv('a', large), kv('b', large), kv('a', 'small'))
    roll(log)
    await clean(log, dir)
    expect(keysOf(log).map((line) => line.slice(0, 4))).toEqual(['1 b=', '2 a='])
  })

  it('KAFKA-4298: codec, offsets, batch boundaries and bytes stay', async () => {
    const { dir, log } = open()
    const records = ['a', 'b', 'c'].map((key) => ({ key, value: `${key}${'y'.repeat(50)}` }))
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
      appendUnderLock(log, batchOf([...records, { key: codec, value: '1' }], { codec }))
    }
    appendUnderLock(log, kv('b', 'z'))
    roll(log)
    const last = batches(log)[4].bytes().toString('hex')
    await clean(log, dir)
    const after = batches(log)
    expect(
      after.map(({ compression, baseOffset, lastOffset }) => `${compression} ${baseOffset}-${lastOffset}`),
    ).toEqual(['none 0-3', 'gzip 4-7', 'snappy 8-11', 'lz4 12-15', 'zstd 16-19', 'none 20-20'])
    expect(keysOf(log).map((line) => line.split('=')[0])).toEqual([
      '3 none',
      '7 gzip',
      '11 snappy',
      '15 lz4',
      '16 a',
      '18 c',
      '19 zstd',
      '20 b',
    ])
    expect(after[4].bytes().toString('hex')).not.toBe(last)
    expect(after.every((batch) => batch.isValid())).toBe(true)
  })

  it('no empty segment is left, which a broker would look up timestamps in; the log still begins where it did', async () => {
    const { dir, log } = open({ segmentBytes: 200 })
    appendUnderLock(log, kv('a', '1'.repeat(60)), kv('a', '2'.repeat(60)), kv('a', '3'.repeat(60)))
    appendUnderLock(log, kv('a', '4'.repeat(60)), kv('b', '5'.repeat(60)), kv('b', '6'.repeat(60)))
    roll(log)
    await clean(log, dir)
    expect(keysOf(log).map((line) => line.slice(0, 5))).toEqual(['3 a=4', '5 b=6'])
    const closed = log.scanSegments().filter(({ active }) => !active)
    expect(closed[0].baseOffset).toBe(0)
    expect(closed.every(({ size }) => size > 0)).toBe(true)
    expect(log.logStartOffset).toBe(0)
  })

  it('KAFKA-4451: segments whose offsets are too far apart do not become one', () => {
    const segment = (baseOffset: number, nextOffset: number) => ({
      baseOffset,
      nextOffset,
      size: 10,
      indexSize: 0,
      timeIndexSize: 0,
      firstTimestamp: 0,
      largestTimestamp: 0,
      hasTimestamps: true,
      active: false,
    })
    const rows = [segment(0, 5), segment(5, 2 ** 31), segment(2 ** 31, 2 ** 31 + 5)]
    expect(groupSegments(rows, 1000, 1000).map((group) => group.length)).toEqual([2, 1])
    expect(groupSegments(rows, 15, 1000).map((group) => group.length)).toEqual([1, 1, 1])
  })

  it('KAFKA-12840: segments that went meanwhile are not swapped back in', async () => {
    const { dir, log } = open({ delete: true })
    appendUnderLock(log, kv('a', '1'), kv('a', '2'))
    roll(log)
    const other = openLog(dir, { os: unsyncedOs, changes: COMPACT })
    const cleaning = cleanLog(log, dir, {
      os: unsyncedOs,
      now: 5000,
      beforeSwap: () => {
        other.lockSync()
        other.deleteRecordsBefore(2)
        other.unlock()
      },
    })
    await expect(cleaning).rejects.toThrow('changed meanwhile')
    log.refresh()
    expect(log.logStartOffset).toBe(2)
    expect(readdirSync(log.dir).filter((name) => /cleaned|swap/.test(name))).toEqual([])
  })

  it('KAFKA-16588, KAFKA-12964: delay 0 unlinks at once, all files of a segment with its snapshot', () => {
    const { log } = open({ delete: true, fileDeleteDelayMs: 0 })
    appendUnderLock(log, kv('a', '1'))
    roll(log)
    log.lockSync()
    log.deleteSegments([0])
    log.unlock()
    expect(readdirSync(log.dir).filter((name) => name.startsWith('00000000000000000000'))).toEqual([])
  })

  it('KAFKA-10207: a time index that ends in zeros makes nothing look old', () => {
    const { dir, log } = open({ delete: true, retentionMs: 1000 })
    const now = Date.now()
    appendUnderLock(log, batchOf([{ key: 'a', value: '1', timestamp: now }]))
    roll(log)
    const index = join(log.dir, '00000000000000000000.timeindex')
    writeFileSync(index, Buffer.alloc(statSync(index).size + 120))
    const seen = survey(openLog(dir, { os: unsyncedOs, changes: log.config, readOnly: true }), dir, now)
    expect(seen.segments[0].largestTimestamp).toBe(now)
    expect(expiredSegments(seen.segments, 0, log.config, now)).toEqual([])
  })
})

describe('a batch whose offset was flipped, which no checksum covers (issue 11, item 3)', () => {
  /** Six batches in segments from 0, 2 and 4 on; the segment that begins at `base` has the offset of a batch set. */
  function flipped(base: number, which: 'first' | 'last', to: number) {
    const { dir, log } = open()
    for (const key of ['a', 'b', 'a', 'c', 'a', 'd']) {
      appendUnderLock(log, kv(key, `of ${log.logEndOffset}`))
      if (log.logEndOffset % 2 === 0) roll(log)
    }
    const file = join(log.dir, `${String(base).padStart(20, '0')}.log`)
    const bytes = readFileSync(file)
    const at = which === 'first' ? 0 : header.sizeAt(bytes, 0)
    bytes.writeBigInt64BE(BigInt(to), at)
    writeFileSync(file, bytes)
    log.close()
    return { dir, log, file, bytes, at }
  }

  it.each([
    ['to one that nobody gave', 0, 'last', 2 ** 40],
    ['to one of the next segment', 0, 'last', 2],
    ['to one of the last segment', 0, 'last', 5],
    ['of the first batch of all', 0, 'first', 2 ** 40],
    ['in the segment before the last', 2, 'last', 4],
  ] as const)(
    '%s: is named with file and position, and nothing is compacted',
    async (_t, base, which, to) => {
      const { dir, log, file, bytes, at } = flipped(base, which, to)
      await expect(clean(log, dir)).rejects.toMatchObject({
        file,
        position: at,
        message: expect.stringMatching(/its last offset is \d+, and \d+ is given behind its segment/),
      })
      expect(readFileSync(file).equals(bytes)).toBe(true)
    },
  )

  it('is named, too, in what counts as clean already', async () => {
    const { dir, log, file, bytes, at } = flipped(0, 'last', 3)
    writeFileSync(join(dir, 'cleaner-offset-checkpoint'), '0\n1\nt 0 2\n')
    await expect(clean(log, dir)).rejects.toMatchObject({ file, position: at })
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  it('of a record within its batch is named with file and position, and not as a map that is too small', async () => {
    const { dir, log } = open()
    appendUnderLock(log, kv('a', '1'), kv('a', '2'))
    roll(log)
    const file = join(log.dir, '00000000000000000000.log')
    const bytes = readFileSync(file)
    // The record's delta is a varint behind length, attributes and the delta of its time.
    bytes[header.RECORD_BATCH_OVERHEAD + 3] = 100
    bytes.writeUInt32BE(
      crc32c(bytes, header.ATTRIBUTES_POSITION, header.sizeAt(bytes, 0)),
      header.CRC_POSITION,
    )
    writeFileSync(file, bytes)
    log.close()
    await expect(clean(log, dir)).rejects.toMatchObject({
      file,
      position: 0,
      message: expect.stringMatching(/00000000000000000000\.log: corrupt record batch at offset 0: .*offset/),
    })
    expect(readFileSync(file).equals(bytes)).toBe(true)
  })

  it('is nothing of the kind where the map really is too small', async () => {
    const { dir, log } = open()
    appendUnderLock(log, batchOf(Array.from({ length: 100 }, (_, i) => ({ key: `k${i}`, value: 'v' }))))
    roll(log)
    await expect(clean(log, dir, 5000, 64)).rejects.toThrow(/the offset map is too small/)
  })
})
