import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Admin, type ExplainedCause, openLocal } from '../../../../../src/index.ts'
import { LocalDirectory } from '../../../../../src/local/directory/local-directory.ts'
import { LogDirCheckpoints } from '../../../../../src/log/log-dir-checkpoints.ts'
import { systemOs } from '../../../../../src/os/system-os.ts'
import { RecordBatchBuilder } from '../../../../../src/record/record-batch-builder.ts'

/** Every cause for which people asked why nothing was cleaned, each with the setting that decides. */
let dir: string
let admin: Admin
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-explain-'))
  admin = await openLocal(dir).admin()
})
afterEach(async () => {
  await admin.close()
  rmSync(dir, { recursive: true, force: true })
})

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const YEAR = 365 * DAY

/** A topic with records of these ages in ms; a week between two begins a new segment. */
async function topic(configs: Record<string, string>, ...ages: number[]): Promise<void> {
  await admin.createTopic({ name: 't', partitions: 1, configs })
  const producer = await openLocal(dir).producer()
  for (const [i, age] of ages.entries()) {
    await producer.send({ topic: 't', key: `k${i % 2}`, value: 'v'.repeat(50), timestamp: Date.now() - age })
  }
  await producer.close()
}

const COMPACT = { 'cleanup.policy': 'compact' }

async function explained() {
  const [partition] = await admin.explainCleaning('t')
  return partition
}
const said = (causes: readonly ExplainedCause[], code: string) => {
  const cause = causes.find((one) => one.code === code)
  if (cause === undefined) throw new Error(`no ${code} among ${causes.map((one) => one.code)}`)
  return cause
}

describe('why retention left a segment', () => {
  it('it is the active one, and old records in it wait for its newest', async () => {
    await topic({ 'retention.ms': String(MINUTE) }, 2 * MINUTE, MINUTE / 2)
    const { segments, retention } = await explained()
    expect(said(segments[0].causes, 'newer-than-retention').text).toMatch(
      /up to 2 min old, but also one only 30 s old/,
    )
    expect(said(segments[0].causes, 'active')).toMatchObject({
      text: expect.stringMatching(
        /the active one.* rolled in 6 d 23 h by segment.ms.* --retention --now rolls it at once/,
      ),
      setting: { name: 'segment.ms', source: 'DEFAULT_CONFIG' },
      command: 'tkafka configs --alter --topic t --add-config segment.ms=60000',
    })
    expect(segments[0]).toMatchObject({
      deletable: false,
      deletableAt: segments[0].largestTimestamp + MINUTE,
    })
    expect(retention.deletableBytes).toBe(0)
  })

  it('its newest record is newer than retention.ms, which comes from the topic, the broker or is built in', async () => {
    await topic({}, 30 * DAY, 1)
    const age = async () => said((await explained()).segments[0].causes, 'newer-than-retention').setting
    await admin.incrementalAlterConfigs({ type: 'topic', name: 't' }, [
      { name: 'retention.ms', operation: 'set', value: String(YEAR) },
    ])
    expect(await age()).toMatchObject({ source: 'DYNAMIC_TOPIC_CONFIG', value: String(YEAR) })
    await admin.incrementalAlterConfigs({ type: 'topic', name: 't' }, [
      { name: 'retention.ms', operation: 'delete' },
    ])
    await admin.incrementalAlterConfigs({ type: 'broker', name: '' }, [
      { name: 'log.retention.ms', operation: 'set', value: String(2 * YEAR) },
    ])
    expect(await age()).toMatchObject({
      source: 'DYNAMIC_DEFAULT_BROKER_CONFIG',
      sourceName: 'log.retention.ms',
    })
    await admin.incrementalAlterConfigs({ type: 'broker', name: '' }, [
      { name: 'log.retention.ms', operation: 'delete' },
    ])
    writeFileSync(join(dir, 'server.properties'), 'log.retention.hours=9000\n')
    const later = await openLocal(dir).admin()
    const [{ segments }] = await later.explainCleaning('t')
    await later.close()
    expect(said(segments[0].causes, 'newer-than-retention').setting).toMatchObject({
      source: 'STATIC_BROKER_CONFIG',
      sourceName: 'log.retention.hours',
    })
  })

  it('a record in it lies in the future', async () => {
    await topic({ 'message.timestamp.after.max.ms': String(YEAR) }, -30 * DAY)
    expect(said((await explained()).segments[0].causes, 'future-timestamp').command).toMatch(/LogAppendTime/)
  })

  it('an older segment before it has newer records', async () => {
    await topic({ 'segment.ms': '1000' }, 1, 30 * DAY)
    const directory = LocalDirectory.open(systemOs, dir)
    await directory.enter()
    const log = directory.logForWriting('t', 0)
    await log.lock()
    log.roll()
    const bytes = oldBatch()
    log.append(bytes, 0, bytes.length)
    log.unlock()
    await directory.leave()
    await directory.close()
    const { segments } = await explained()
    said(segments[segments.length - 1].causes, 'behind-another')
  })

  it('the log is smaller than retention.bytes without it, or retention.bytes is less than a segment', async () => {
    await topic({ 'retention.bytes': '100', 'retention.ms': '-1' }, YEAR, 1)
    const { segments, retention } = await explained()
    expect(said(segments[0].causes, 'size-exceeded').setting?.name).toBe('retention.bytes')
    said(segments[1].causes, 'size-below')
    expect(said(retention.causes, 'retention-below-segment').command).toMatch(/segment.bytes=1048576/)
  })

  it.each([
    ['policy', COMPACT, 'cleanup.policy'],
    ['policy', { 'cleanup.policy': '' }, 'cleanup.policy'],
    ['unlimited', { 'retention.ms': '-1' }, 'retention.ms'],
    ['local-retention', { 'local.retention.ms': '1000', 'retention.ms': '-1' }, 'local.retention.ms'],
  ])('%s: %o', async (code, configs, setting) => {
    await topic(configs, YEAR, 1)
    const { retention, segments } = await explained()
    expect(said(retention.causes, code).setting?.name).toBe(setting)
    expect(segments.some(({ deletable }) => deletable)).toBe(false)
  })

  it('nobody ran the cleaner; then what was deleted still holds its space', async () => {
    await topic({}, YEAR, 1)
    const { retention, segments } = await explained()
    expect(segments.map(({ deletable }) => deletable)).toEqual([true, false])
    expect(said(retention.causes, 'nobody-ran').command).toBe('tkafka log-cleaner --topic t --retention')
    for await (const { status } of admin.clean()) expect(status).toBe('done')
    expect(said((await explained()).retention.causes, 'delete-delay').setting?.name).toBe(
      'file.delete.delay.ms',
    )
  })
})

describe('why compaction did not run', () => {
  const compaction = async () => (await explained()).compaction!

  it('all is in the active segment', async () => {
    await topic(COMPACT, 5, 4, 3, 2)
    const { due, causes } = await compaction()
    expect(due).toBe(false)
    expect(said(causes, 'active')).toMatchObject({
      text: expect.stringMatching(
        /never compacted before it is rolled \(in 6 d 23 h by segment.ms, or when it has 1073741824 bytes\)/,
      ),
      setting: { name: 'segment.ms' },
      command: 'tkafka log-cleaner --topic t --compaction --now',
    })
  })

  it('it is rolled by max.compaction.lag.ms sooner than by segment.ms', async () => {
    await topic({ ...COMPACT, 'max.compaction.lag.ms': String(DAY) }, 5)
    expect(said((await compaction()).causes, 'active')).toMatchObject({
      setting: { name: 'max.compaction.lag.ms' },
    })
  })

  it('the dirty ratio is too small; max.compaction.lag.ms says when it is due all the same', async () => {
    await topic(
      { ...COMPACT, 'min.cleanable.dirty.ratio': '1.0', 'max.compaction.lag.ms': String(2 * YEAR) },
      YEAR,
      1,
    )
    const { causes, dirtyRatio } = await compaction()
    expect(dirtyRatio).toBe(1)
    expect(said(causes, 'ratio')).toMatchObject({
      text: expect.stringMatching(/1.00 is not above 1; max.compaction.lag.ms makes it due in 36\d d/),
      setting: { name: 'min.cleanable.dirty.ratio', source: 'DYNAMIC_TOPIC_CONFIG' },
    })
  })

  it('it is due, by ratio or by lag, and nobody ran the cleaner', async () => {
    await topic(COMPACT, YEAR, 1)
    expect(said((await compaction()).causes, 'due').setting?.name).toBe('min.cleanable.dirty.ratio')
    await admin.incrementalAlterConfigs({ type: 'topic', name: 't' }, [
      { name: 'max.compaction.lag.ms', operation: 'set', value: '1000' },
    ])
    expect(said((await compaction()).causes, 'due').setting?.name).toBe('max.compaction.lag.ms')
  })

  it('records are younger than min.compaction.lag.ms', async () => {
    await topic({ ...COMPACT, 'min.compaction.lag.ms': String(2 * YEAR) }, YEAR, 1)
    expect(said((await compaction()).causes, 'min-compaction-lag')).toMatchObject({
      text: expect.stringMatching(/for 36\d d more/),
      setting: { name: 'min.compaction.lag.ms' },
    })
  })

  it('a transaction is open', async () => {
    await topic(COMPACT, YEAR)
    const directory = LocalDirectory.open(systemOs, dir)
    await directory.enter()
    const log = directory.logForWriting('t', 0)
    await log.lock()
    const bytes = oldBatch({ producerId: 9, producerEpoch: 0, baseSequence: 0, transactional: true })
    log.append(bytes, 0, bytes.length)
    log.roll()
    log.unlock()
    await directory.leave()
    await directory.close()
    expect(said((await compaction()).causes, 'open-transaction').command).toMatch(/transactions find-hanging/)
  })

  it('the cleaner is turned off, or its checkpoint is outside the log', async () => {
    await topic(COMPACT, YEAR, 1)
    writeFileSync(join(dir, 'server.properties'), 'log.cleaner.enable=false\n')
    new LogDirCheckpoints(systemOs, dir).update('cleaner', new Map([['t-0', 99]]))
    const later = await openLocal(dir).admin()
    const [{ compaction: report }] = await later.explainCleaning('t')
    await later.close()
    said(report!.causes, 'cleaner-disabled')
    said(report!.causes, 'checkpoint')
  })

  it('all is clean; tombstones stay for delete.retention.ms', async () => {
    await topic(COMPACT, YEAR, 1)
    for await (const { status } of admin.clean({ now: true })) expect(status).toBe('done')
    const { causes, due } = await compaction()
    expect(due).toBe(false)
    said(causes, 'clean')
    expect(said(causes, 'tombstones').setting?.name).toBe('delete.retention.ms')
  })
})

function oldBatch(options: ConstructorParameters<typeof RecordBatchBuilder>[0] = {}): Buffer {
  const builder = new RecordBatchBuilder(options)
  builder.append(Date.now() - 30 * DAY, Buffer.from('k'), Buffer.from('v'), [])
  return Buffer.from(builder.build())
}
