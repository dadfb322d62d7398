import fs, { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { KafkaError, type TerseError } from '../../../src/errors.ts'
import { decodeSnapshot, encodeSnapshot } from '../../../src/log/producers/producer-snapshot.ts'
import type { UnifiedLog } from '../../../src/log/unified-log.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { endTransactionBatch } from '../../../src/record/control-record.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { appendUnderLock, batchOf, openLog, readAll, temporaryDir } from './log-helpers.ts'

const from = (producerId: number, baseSequence: number, values: string[], more = {}): Buffer =>
  batchOf(values, { producerId, producerEpoch: 0, baseSequence, ...more })

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof KafkaError) return error.code
    throw error
  }
  return 'none'
}

function reopened(log: UnifiedLog, dir: string, changes = {}): UnifiedLog {
  log.close()
  return openLog(dir, { changes })
}

describe('idempotent producers', () => {
  it('what was sent before is not written again, by whatever process, as long as it is among the last five batches', () => {
    const dir = temporaryDir()
    let log = openLog(dir)
    for (let i = 0; i < 6; i++) appendUnderLock(log, from(7, i, [`v${i}`]))
    log = reopened(log, dir)
    expect(appendUnderLock(log, from(7, 4, ['v4']))).toMatchObject({
      duplicate: true,
      firstOffset: 4,
      lastOffset: 4,
      bytes: 0,
    })
    expect(codeOf(() => appendUnderLock(log, from(7, 0, ['v0'])))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(log.logEndOffset).toBe(6)
  })

  it('a gap or an old epoch is refused, an unknown producer may begin anywhere, a new epoch begins at 0', () => {
    const log = openLog(temporaryDir())
    appendUnderLock(log, from(7, 100, ['a', 'b']))
    expect(codeOf(() => appendUnderLock(log, from(7, 103, ['d'])))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(codeOf(() => appendUnderLock(log, from(7, 5, ['x'], { producerEpoch: 1 })))).toBe(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    )
    appendUnderLock(log, from(7, 0, ['c'], { producerEpoch: 1 }))
    expect(codeOf(() => appendUnderLock(log, from(7, 102, ['d'])))).toBe('INVALID_PRODUCER_EPOCH')
    expect(readAll(log)).toEqual(['0:a', '1:b', '2:c'])
  })

  it('several batches of one append are checked one behind the other, and all of them or none are written', () => {
    const log = openLog(temporaryDir())
    appendUnderLock(log, from(7, 0, ['a']), from(7, 1, ['b', 'c']), from(7, 3, ['d']))
    expect(codeOf(() => appendUnderLock(log, from(7, 4, ['e']), from(7, 6, ['g'])))).toBe(
      'OUT_OF_ORDER_SEQUENCE_NUMBER',
    )
    expect(log.logEndOffset).toBe(4)
  })

  it('state comes from the newest snapshot that is good and the batches behind it', () => {
    const dir = temporaryDir()
    let log = openLog(dir)
    for (let i = 0; i < 4; i++) {
      appendUnderLock(log, from(7, i, [`v${i}`]))
      log.lockSync()
      log.roll()
      log.unlock()
    }
    const names = readdirSync(join(dir, 't-0')).filter((name) => name.endsWith('.snapshot'))
    expect(names).toHaveLength(4)
    unlinkSync(join(dir, 't-0', names[3]))
    log = reopened(log, dir)
    expect(codeOf(() => appendUnderLock(log, from(7, 9, ['x'])))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(appendUnderLock(log, from(7, 4, ['v4']))).toMatchObject({ firstOffset: 4, duplicate: false })
  })

  it('producers that were silent for longer than producer.id.expiration.ms are forgotten at the next snapshot', () => {
    const dir = temporaryDir()
    const now = systemOs.clock.now()
    const log = openLog(dir)
    const one = (id: number, timestamp: number): Buffer =>
      batchOf([{ value: 'x', timestamp }], { producerId: id, producerEpoch: 0, baseSequence: 0 })
    appendUnderLock(log, one(1, now - 86400001), one(2, now - 1000))
    log.lockSync()
    log.closeAsBroker()
    const bytes = systemOs.fs.readFile(join(dir, 't-0', `${'2'.padStart(20, '0')}.snapshot`))
    expect(decodeSnapshot(bytes)?.map(({ producerId }) => producerId)).toEqual([2])
  })

  it('a damaged snapshot is none', () => {
    const bytes = encodeSnapshot([], 0)
    expect(decodeSnapshot(bytes)).toEqual([])
    bytes[9] = 1
    expect(decodeSnapshot(bytes)).toBeUndefined()
  })
})

/** One byte of a file. */
function overwrite(file: string, at: number, byte: number): void {
  const bytes = fs.readFileSync(file)
  bytes[at] = byte
  fs.writeFileSync(file, bytes)
}

describe('transactions', () => {
  it('hold the last stable offset until their marker, and aborted ones are told of', () => {
    const dir = temporaryDir()
    const log = openLog(dir)
    const transactional = { transactional: true }
    appendUnderLock(log, batchOf(['plain']), from(9, 0, ['gone'], transactional), batchOf(['after']))
    expect(log.lastStableOffset).toBe(1)
    expect(readAll(log, 0, 'read_committed')).toEqual(['0:plain'])
    appendUnderLock(log, endTransactionBatch({ type: 'ABORT', coordinatorEpoch: 0 }, 1000, 9, 0))
    const reader = openLog(dir, { readOnly: true })
    expect(reader.lastStableOffset).toBe(4)
    const { aborted, buffer, start, end } = reader.read(0, 1000, { isolation: 'read_committed' })
    expect(aborted).toMatchObject([{ producerId: 9, firstOffset: 1 }])
    expect(new RecordBatch(buffer, start, end).isTransactional).toBe(false)
    // Behind its data there is only the marker, which nobody is shown.
    expect(reader.read(3, 1000, { isolation: 'read_committed' }).aborted).toEqual([])
  })

  it.each([
    ['is missing', (file: string) => fs.rmSync(file)],
    ['is empty', (file: string) => fs.truncateSync(file)],
    ['tells of another producer', (file: string) => overwrite(file, 9, 7)],
    ['begins behind the data', (file: string) => overwrite(file, 17, 2)],
    ['ends before the data', (file: string) => overwrite(file, 25, 0)],
    ['says that all was stable before', (file: string) => overwrite(file, 33, 0)],
    ['calls a committed transaction aborted', (file: string) => overwrite(file, 9, 8)],
  ])('are hidden by their markers where the .txnindex %s', (_what, damage) => {
    const dir = temporaryDir()
    const log = openLog(dir)
    const transactional = { transactional: true }
    appendUnderLock(log, batchOf(['plain']), from(9, 0, ['gone'], transactional))
    appendUnderLock(log, endTransactionBatch({ type: 'ABORT', coordinatorEpoch: 0 }, 1000, 9, 0))
    appendUnderLock(log, from(8, 0, ['kept'], transactional))
    appendUnderLock(log, endTransactionBatch({ type: 'COMMIT', coordinatorEpoch: 0 }, 1000, 8, 0))
    damage(`${dir}/t-0/00000000000000000000.txnindex`)
    const reader = openLog(dir, { readOnly: true })
    const abortedFrom = (offset: number) => reader.read(offset, 1000, { isolation: 'read_committed' }).aborted
    expect(abortedFrom(0)).toMatchObject([{ producerId: 9, firstOffset: 1 }])
    expect(abortedFrom(1)).toMatchObject([{ producerId: 9, firstOffset: 1 }])
    expect(abortedFrom(3)).toEqual([])
    expect(abortedFrom(0)).toMatchObject([{ producerId: 9, firstOffset: 1 }])
  })
})

describe('append with validate', () => {
  const append = (log: UnifiedLog, batch: Buffer) => {
    log.lockSync()
    try {
      return log.append(batch, 0, batch.length, { validate: true })
    } finally {
      log.unlock()
    }
  }
  const messageOf = (changes: object, batch: Buffer): string => {
    try {
      append(openLog(temporaryDir(), { changes }), batch)
    } catch (error) {
      return `${(error as KafkaError).code}: ${(error as TerseError).message}`
    }
    return 'none'
  }

  it('refuses in Kafka words what the topic does not take', () => {
    expect(messageOf({ maxMessageBytes: 100 }, batchOf(['x'.repeat(60)]))).toBe(
      'MESSAGE_TOO_LARGE: The record batch size in the append to t-0 is 129 bytes which exceeds the maximum configured value of 100.',
    )
    expect(messageOf({ compact: true }, batchOf([{ key: 'k', value: 'a' }, { value: 'b' }]))).toBe(
      'INVALID_RECORD: One or more records have been rejected due to 1 record errors in total, and only showing the ' +
        "first three errors at most: [RecordError(batchIndex=1, message='Compacted topic cannot accept message " +
        "without key in topic partition t-0.')]",
    )
    const tomorrow = systemOs.clock.now() + 86400000
    expect(messageOf({}, batchOf([{ value: 'a', timestamp: tomorrow }]))).toMatch(
      /^INVALID_TIMESTAMP: One or more records have been rejected/,
    )
    expect(messageOf({ timestampBeforeMaxMs: 1000 }, batchOf(['old']))).toMatch(/^INVALID_TIMESTAMP/)
    const bad = batchOf(['a'])
    bad[bad.length - 1] ^= 1
    expect(messageOf({}, bad)).toMatch(/^CORRUPT_MESSAGE/)
    expect(messageOf({}, endTransactionBatch({ type: 'COMMIT', coordinatorEpoch: 0 }, 1, 1, 0))).toMatch(
      /not allowed to write control/,
    )
    expect(messageOf({ segmentBytes: 50 }, batchOf(['a']))).toMatch(
      /^RECORD_LIST_TOO_LARGE: Message batch size is 69 bytes/,
    )
    expect(messageOf({}, batchOf(['a']))).toBe('none')
  })

  it('sets log-append time and recompresses where the topic says so', () => {
    const log = openLog(temporaryDir(), {
      changes: { timestampType: 'LogAppendTime', compressionType: 'gzip' },
    })
    const info = append(log, batchOf(['a', 'b'], { producerId: 3, producerEpoch: 0, baseSequence: 0 }))
    expect(Math.abs(info.logAppendTime - systemOs.clock.now())).toBeLessThan(60000)
    expect(info.maxTimestamp).toBe(info.logAppendTime)
    const { buffer, start, end } = log.read(0, 1000)
    const batch = new RecordBatch(buffer, start, end)
    expect(batch).toMatchObject({
      compression: 'gzip',
      timestampType: 'LogAppendTime',
      producerId: 3,
      baseSequence: 0,
    })
    expect([...batch.records()].map(({ timestamp, value }) => [timestamp, String(value)])).toEqual([
      [info.logAppendTime, 'a'],
      [info.logAppendTime, 'b'],
    ])
  })
})

describe('rolling', () => {
  it('goes by size, by the time between records, by full indexes', () => {
    const bases = (changes: object, timestamps: number[]): number[] => {
      const log = openLog(temporaryDir(), { changes })
      appendUnderLock(log, ...timestamps.map((timestamp) => batchOf([{ value: 'x', timestamp }])))
      return log.scanSegments().map(({ baseOffset }) => baseOffset)
    }
    expect(bases({ segmentBytes: 140 }, [1, 2, 3, 4, 5])).toEqual([0, 2, 4])
    expect(bases({ segmentMs: 1000 }, [5000, 5999, 6000, 6001, 7001, 7002])).toEqual([0, 3, 5])
    expect(bases({ segmentIndexBytes: 36, indexIntervalBytes: 1 }, [1, 2, 3, 4, 5, 6, 7, 8])).toEqual([
      0, 3, 6,
    ])
  })
})
