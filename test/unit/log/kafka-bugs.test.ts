import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_LOG_CONFIG } from '../../../src/log/log-config.ts'
import { parsePartitionDirName } from '../../../src/log/segment/log-files.ts'
import type { UnifiedLog } from '../../../src/log/unified-log.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { crashOs } from '../../support/crash-file-system.ts'
import { recoverLog } from '../../support/recover-log.ts'
import { appendUnderLock, batchOf, openLog, readAll, TOPIC_ID, temporaryDir } from './log-helpers.ts'

const DENSE = { indexIntervalBytes: 1 }
const file = (dir: string, base: number, suffix: string): string =>
  join(dir, 't-0', `${String(base).padStart(20, '0')}.${suffix}`)

function closed(log: UnifiedLog): void {
  log.lockSync()
  log.closeAsBroker()
  log.close()
}

function filled(dir: string, batches: number, changes = {}): UnifiedLog {
  const log = openLog(dir, { changes })
  for (let i = 0; i < batches; i++) appendUnderLock(log, batchOf([{ value: `v${i}`, timestamp: 1000 + i }]))
  return log
}

/** Every call of the file system by name and path, in order. */
function recordingOs(): { os: typeof systemOs; calls: string[] } {
  const calls: string[] = []
  const paths = new Map<number, string>()
  const fs = {
    ...systemOs.fs,
    open: (path: string, flags: Parameters<typeof systemOs.fs.open>[1]) => {
      const fd = systemOs.fs.open(path, flags)
      paths.set(fd, path)
      calls.push(`open ${flags} ${path}`)
      return fd
    },
    rename: (from: string, to: string) => {
      calls.push(`rename ${to}`)
      systemOs.fs.rename(from, to)
    },
    fsync: (fd: number) => {
      calls.push(`fsync ${paths.get(fd)}`)
      systemOs.fs.fsync(fd)
    },
    fsyncDir: (path: string) => {
      calls.push(`fsyncDir ${path}`)
      systemOs.fs.fsyncDir(path)
    },
  }
  return { os: { ...systemOs, fs }, calls }
}

describe('bugs of Kafka that are not to come back', () => {
  it('KAFKA-10207: zeros behind the entries of preallocated indexes are no entries, and go before the first append', () => {
    const dir = temporaryDir()
    const log = filled(dir, 20, DENSE)
    log.close()
    const index = statSync(file(dir, 0, 'index')).size
    const timeIndex = statSync(file(dir, 0, 'timeindex')).size
    truncateSync(file(dir, 0, 'index'), 10485760)
    truncateSync(file(dir, 0, 'timeindex'), 10485756)
    const reader = openLog(dir, { readOnly: true, changes: DENSE })
    expect(reader.logEndOffset).toBe(20)
    expect(reader.scanSegments()[0].maxTimestamp).toBe(1019)
    expect(reader.offsetForTimestamp(1007)).toMatchObject({ offset: 7, timestamp: 1007 })
    expect(statSync(file(dir, 0, 'timeindex')).size).toBe(10485756)
    appendUnderLock(openLog(dir, { changes: DENSE }), batchOf([{ value: 'more', timestamp: 2000 }]))
    expect(statSync(file(dir, 0, 'index')).size).toBe(index + 8)
    expect(statSync(file(dir, 0, 'timeindex')).size).toBe(timeIndex + 12)
  })

  it('KAFKA-10207: a time index entry that does not grow ends the index', () => {
    const dir = temporaryDir()
    const log = filled(dir, 10, DENSE)
    closed(log)
    const junk = Buffer.alloc(12)
    junk.writeBigInt64BE(5n)
    junk.writeInt32BE(3, 8)
    appendFileSync(file(dir, 0, 'timeindex'), junk)
    const reader = openLog(dir, { readOnly: true })
    expect(reader.scanSegments()[0].maxTimestamp).toBe(1009)
    expect(reader.maxTimestampOffset()).toMatchObject({ offset: 9, timestamp: 1009 })
  })

  it('KAFKA-10101: a recovery point behind the log end is no reason to skip the check: synced records are gone, and nothing is cut (A3)', async () => {
    const dir = temporaryDir()
    filled(dir, 5).close()
    writeFileSync(join(dir, 'recovery-point-offset-checkpoint'), '0\n1\nt 0 900\n')
    appendFileSync(file(dir, 0, 'log'), Buffer.from('torn'))
    const report = await recover(dir)
    expect(report).toMatchObject({ logEndOffset: 900, cutBytes: 0 })
    expect(report.corrupt[0].message).toMatch(
      /offsets 5 to 899 stood here \(the recovery-point checkpoint tells\)/,
    )
    expect(readFileSync(file(dir, 0, 'log'), 'latin1')).toMatch(/torn$/)
  })

  it("KAFKA-3968: flushing syncs the folder, and the parent of a new folder, so that new files' names last", () => {
    const dir = temporaryDir()
    const { os, calls } = recordingOs()
    const log = openLog(dir, { os })
    appendUnderLock(log, batchOf(['a']))
    calls.length = 0
    log.flush()
    expect(calls).toEqual([`fsyncDir ${dir}`, `fsyncDir ${join(dir, 't-0')}`])
    log.lockSync()
    log.roll()
    calls.length = 0
    log.flush()
    expect(calls).toContain(`fsyncDir ${join(dir, 't-0')}`)
  })

  it('KAFKA-9892 and KAFKA-16541: snapshots and checkpoints are synced before they get their name', () => {
    const dir = temporaryDir()
    const { os, calls } = recordingOs()
    const log = openLog(dir, { os })
    appendUnderLock(log, batchOf(['a'], { producerId: 1, producerEpoch: 0, baseSequence: 0 }))
    log.lockSync()
    log.closeAsBroker()
    const folder = join(dir, 't-0')
    const snapshot = calls.indexOf(`rename ${file(dir, 1, 'snapshot')}`)
    expect(calls[snapshot - 1]).toBe(`fsync ${join(folder, '.tkafka-snapshot.tmp')}`)
    const epochs = join(folder, 'leader-epoch-checkpoint')
    const checkpoint = calls.indexOf(`rename ${epochs}`)
    expect(calls.slice(checkpoint - 1, checkpoint + 2)).toEqual([
      `fsync ${epochs}.tmp`,
      `rename ${epochs}`,
      `fsyncDir ${folder}`,
    ])
  })

  it('KAFKA-13603: an empty active segment without indexes is taken as it is', () => {
    const dir = temporaryDir()
    const log = filled(dir, 2)
    log.lockSync()
    log.roll()
    log.close()
    unlinkSync(file(dir, 2, 'index'))
    unlinkSync(file(dir, 2, 'timeindex'))
    expect(openLog(dir, { readOnly: true }).logEndOffset).toBe(2)
    const writer = openLog(dir)
    expect(appendUnderLock(writer, batchOf(['x']))).toMatchObject({ firstOffset: 2 })
    expect(existsSync(file(dir, 2, 'index'))).toBe(true)
  })

  it('KAFKA-6388: rolling twice, or onto files that are there, makes no second segment and loses nothing', () => {
    const dir = temporaryDir()
    const log = filled(dir, 2)
    writeFileSync(file(dir, 2, 'index'), 'left behind by somebody')
    log.lockSync()
    log.roll()
    log.roll()
    expect(log.scanSegments().map(({ baseOffset }) => baseOffset)).toEqual([0, 2])
    expect(statSync(file(dir, 2, 'index')).size).toBe(0)
  })

  it('KAFKA-7866: an index that cannot be written does not make the next append use the same offsets', () => {
    const dir = temporaryDir()
    const fs = { ...systemOs.fs }
    let broken = false
    const indexes = new Set<number>()
    fs.open = (path, flags) => {
      const fd = systemOs.fs.open(path, flags)
      if (path.endsWith('index')) indexes.add(fd)
      else indexes.delete(fd)
      return fd
    }
    fs.write = (fd, ...rest) => {
      if (broken && indexes.has(fd)) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
      return systemOs.fs.write(fd, ...rest)
    }
    const log = openLog(dir, { os: { ...systemOs, fs }, changes: DENSE })
    appendUnderLock(log, batchOf(['a']), batchOf(['b']))
    broken = true
    expect(appendUnderLock(log, batchOf(['c']), batchOf(['d']))).toMatchObject({
      firstOffset: 2,
      lastOffset: 3,
    })
    broken = false
    expect(appendUnderLock(log, batchOf(['e']))).toMatchObject({ firstOffset: 4 })
    expect(readAll(log)).toEqual(['0:a', '1:b', '2:c', '3:d', '4:e'])
  })

  it('KAFKA-3047: offsets that a batch brings along are not believed', () => {
    const log = openLog(temporaryDir())
    appendUnderLock(log, batchOf(['a'], { baseOffset: 77 }), batchOf(['b'], { baseOffset: 3 }))
    expect(readAll(log)).toEqual(['0:a', '1:b'])
  })

  it('KAFKA-5413: a segment whose offsets would be too far from its base is rolled', () => {
    const dir = temporaryDir()
    mkdirSync(join(dir, 't-0'))
    writeFileSync(file(dir, 0, 'log'), batchOf(['first']))
    // Compaction leaves gaps: the next batch stands near the end of what 31 bits can say.
    appendFileSync(file(dir, 0, 'log'), batchOf(['late'], { baseOffset: 0x7ffffffe }))
    const log = openLog(dir)
    expect(appendUnderLock(log, batchOf(['fits']), batchOf(['new segment']))).toMatchObject({
      firstOffset: 0x7fffffff,
    })
    expect(log.scanSegments().map(({ baseOffset }) => baseOffset)).toEqual([0, 0x80000000])
    expect(readAll(log)).toEqual(['0:first', '2147483646:late', '2147483647:fits', '2147483648:new segment'])
  })

  it('KAFKA-16588 and KAFKA-12964: a deletion delay of 0 means now, and the snapshot goes with its segment', () => {
    const dir = temporaryDir()
    const log = filled(dir, 6, { segmentBytes: 150, fileDeleteDelayMs: 0 })
    closed(log)
    const bases = log.scanSegments().map(({ baseOffset }) => baseOffset)
    expect(bases.length).toBeGreaterThan(2)
    log.lockSync()
    expect(log.deleteRecordsBefore(bases[2])).toBe(bases[2])
    const names = readdirSync(join(dir, 't-0'))
    expect(names.filter((name) => name.endsWith('.deleted'))).toEqual([])
    expect(
      names.filter((name) => name.endsWith('.snapshot')).map((name) => Number(name.slice(0, 20))),
    ).toEqual([...bases.slice(2), 6].sort((a, b) => a - b))
  })

  it('KAFKA-16310 and KAFKA-16342: the record with the largest timestamp is found inside a compressed batch', () => {
    const log = openLog(temporaryDir())
    const times = [1000, 5000, 3000, 5000]
    appendUnderLock(
      log,
      batchOf([{ value: 'x', timestamp: 10 }]),
      batchOf(
        times.map((timestamp, i) => ({ value: `v${i}`, timestamp })),
        { codec: 'gzip' },
      ),
      batchOf([{ value: 'y', timestamp: 20 }]),
    )
    expect(log.maxTimestampOffset()).toEqual({ offset: 2, timestamp: 5000, leaderEpoch: 0 })
    expect(log.offsetForTimestamp(2000)).toEqual({ offset: 2, timestamp: 5000, leaderEpoch: 0 })
    expect(log.offsetForTimestamp(5001)).toBeUndefined()
  })

  it('KAFKA-5232: folder names are split at the last dash, suffixes first', () => {
    expect(parsePartitionDirName('a.b-c-12')).toEqual({ topic: 'a.b-c', partition: 12, state: 'live' })
    const hex = '0123456789abcdef0123456789abcdef'
    expect(parsePartitionDirName(`a-delete-3.${hex}-delete`)).toEqual({
      topic: 'a-delete',
      partition: 3,
      state: 'delete',
    })
    expect(parsePartitionDirName(`t-0.${hex}-future`)?.state).toBe('future')
    expect(parsePartitionDirName(`t-0.${hex}-stray`)?.state).toBe('stray')
    expect(parsePartitionDirName('t-delete')).toBeUndefined()
    expect(parsePartitionDirName('-1')).toBeUndefined()
  })

  it('KAFKA-5104: a reader opens nothing for writing', () => {
    const dir = temporaryDir()
    closed(filled(dir, 30, DENSE))
    const { os, calls } = recordingOs()
    const reader = openLog(dir, { os, readOnly: true, changes: DENSE })
    expect(readAll(reader)).toHaveLength(30)
    reader.offsetForTimestamp(1010)
    expect(reader.lastStableOffset).toBe(30)
    expect(calls.filter((call) => !call.startsWith('open r '))).toEqual([])
    expect(() => reader.lockSync()).toThrow(/opened for reading only/)
  })

  it('KAFKA-15391: a segment that is renamed between listing and opening does not stop a reader', () => {
    const dir = temporaryDir()
    const log = filled(dir, 9, { segmentBytes: 150, fileDeleteDelayMs: 60000 })
    const reader = openLog(dir, { readOnly: true })
    expect(reader.logEndOffset).toBe(9)
    const second = log.scanSegments()[1].baseOffset
    log.lockSync()
    log.deleteRecordsBefore(second)
    expect(readAll(reader, second)).toHaveLength(9 - second)
    reader.refresh()
    expect(reader.logStartOffset).toBe(second)
    expect(() => reader.read(0, 1000)).toThrow(
      `Received request for offset 0 for partition t-0, but we only have log segments in the range ${second} to 9.`,
    )
  })

  it('KAFKA-5829: one bad index is rebuilt, and costs no producer snapshot', async () => {
    const dir = temporaryDir()
    const log = filled(dir, 9, { segmentBytes: 300, ...DENSE })
    closed(log)
    const before = readdirSync(join(dir, 't-0'))
    const bases = before.filter((name) => name.endsWith('.log')).map((name) => Number(name.slice(0, 20)))
    const good = readFileSync(file(dir, bases[1], 'index'))
    writeFileSync(file(dir, bases[1], 'index'), Buffer.alloc(16, 0x11))
    const untouched = statSync(file(dir, bases[0], 'index')).mtimeMs
    await recover(dir, { segmentBytes: 300, ...DENSE })
    expect(readdirSync(join(dir, 't-0'))).toEqual(before)
    expect(readFileSync(file(dir, bases[1], 'index'))).toEqual(good)
    expect(statSync(file(dir, bases[0], 'index')).mtimeMs).toBe(untouched)
  })

  it('strimzi #7484: recovery needs no free space', async () => {
    const dir = temporaryDir()
    filled(dir, 9, { segmentBytes: 300, ...DENSE }).close()
    unlinkSync(file(dir, 0, 'index'))
    const last = readdirSync(join(dir, 't-0'))
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) as string
    truncateSync(join(dir, 't-0', last), statSync(join(dir, 't-0', last)).size - 1)
    const crash = crashOs({ at: 0, kind: 'full' })
    const report = await recover(dir, { segmentBytes: 300, ...DENSE }, crash.os, false)
    expect(report).toMatchObject({ corrupt: [], logEndOffset: 8 })
    expect(readAll(openLog(dir, { readOnly: true }))).toHaveLength(8)
  })
})

function recover(dir: string, changes = {}, os = systemOs, keepBroken = true) {
  return recoverLog(os, join(dir, 't-0'), {
    topic: 't',
    partition: 0,
    config: { ...DEFAULT_LOG_CONFIG, ...changes },
    leaderEpoch: 0,
    topicId: TOPIC_ID,
    keepBroken,
  })
}
