import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PROGRESS_GROUP } from '../../../../src/commands/copy/progress.ts'
import { command } from '../../../../src/commands/copy.ts'
import { openLocal } from '../../../../src/index.ts'
import { allRecords, groupPlaces, linesOf, ownConfigs } from '../../../support/all-records.ts'
import { unpackFixture } from '../../../support/fixtures.ts'
import { runInProcess } from '../../../support/in-process.ts'

let root: string
const at = (name: string) => path.join(root, name)

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-copy-'))
})
afterEach(() => fs.rmSync(root, { recursive: true, force: true }))

async function produce(dir: string, topic: string, ...values: string[]): Promise<void> {
  const producer = await openLocal(dir).producer()
  for (const value of values) await producer.send({ topic, key: 'k', value, timestamp: 1_700_000_000_000 })
  await producer.close()
}

async function commitOne(dir: string): Promise<void> {
  const admin = await openLocal(dir).admin()
  await admin.alterConsumerGroupOffsets('g', [
    { partition: { topic: 't', partition: 0 }, offset: { offset: 1, leaderEpoch: -1, metadata: '' } },
  ])
  await admin.close()
}

const copy = (...args: string[]) => runInProcess(command, args, undefined)
const between = (from: string, to: string, topic: string, ...more: string[]) =>
  copy('--from-dir', from, '--to-dir', to, '--topic', topic, ...more)
const valuesOf = async (dir: string, topic: string) =>
  linesOf(await allRecords(openLocal(dir), topic)).map((lines) => lines.map((line) => JSON.parse(line)[2]))

describe('copy between two directories (issue 14, part 7)', () => {
  it('brings records, settings and group offsets, and again only what is new', async () => {
    const a = openLocal(at('a'))
    const admin = await a.admin()
    await admin.createTopic({ name: 't', partitions: 2, configs: { 'retention.ms': '123' } })
    await produce(at('a'), 't', '1', '2', '3', '4')
    await admin.alterConsumerGroupOffsets('g', [
      { partition: { topic: 't', partition: 0 }, offset: { offset: 1, leaderEpoch: -1, metadata: 'mine' } },
    ])
    await admin.close()
    const first = await between(at('a'), at('b'), 't')
    expect(first).toMatchObject({ status: 0, stderr: '' })
    const b = openLocal(at('b'))
    expect(await allRecords(b, 't')).toEqual(await allRecords(a, 't'))
    expect(await ownConfigs(b, 't')).toEqual({ 'retention.ms': '123' })
    expect(await groupPlaces(b, 't')).toEqual(await groupPlaces(a, 't'))
    await produce(at('a'), 't', '5')
    expect((await between(at('a'), at('b'), 't')).stdout).toContain('t: 1 record in 1 batch')
    expect((await between(at('a'), at('b'), 't')).stdout).toContain('t: nothing new')
    expect(await allRecords(b, 't')).toEqual(await allRecords(a, 't'))
  })

  it('goes on behind what a killed run had copied and not written down, at each length of it', async () => {
    await produce(at('a'), 't', '1', '2', '3', '4')
    await between(at('a'), at('b'), 't')
    for (const written of [0, 1, 2, 3]) {
      const admin = await openLocal(at('b')).admin()
      const progress = await admin.listConsumerGroupOffsets(PROGRESS_GROUP)
      const { partition, offset } = progress.get('t-0') ?? expect.unreachable()
      const metadata = offset.metadata.replace(/(\S+ \S+ \S+ \S+) \d+/, `$1 ${written}`)
      await admin.alterConsumerGroupOffsets(PROGRESS_GROUP, [
        { partition, offset: { ...offset, offset: written, metadata } },
      ])
      await admin.close()
      expect(await between(at('a'), at('b'), 't')).toMatchObject({ status: 0 })
      expect(await valuesOf(at('b'), 't')).toEqual([['1', '2', '3', '4']])
    }
  })

  it('goes home into the directory it came from, where all that is there is proven equal', async () => {
    await produce(at('a'), 't', '1', '2')
    await between(at('a'), at('b'), 't')
    await produce(at('b'), 't', '3')
    expect(await between(at('b'), at('a'), 't')).toMatchObject({ status: 0 })
    expect(await valuesOf(at('a'), 't')).toEqual([['1', '2', '3']])
  })

  it('takes on no topic that others wrote, nor one that has lost records, and leaves it as it is', async () => {
    await produce(at('a'), 't', '1', '2')
    await produce(at('b'), 't', '1', 'other')
    const foreign = await between(at('a'), at('b'), 't')
    expect(foreign.status).toBe(1)
    expect(foreign.stderr).toContain('t-0: its record at offset 1 is not the one of the source')
    expect(await valuesOf(at('b'), 't')).toEqual([['1', 'other']])
    await produce(at('c'), 't', '1', '2', '3')
    expect((await between(at('a'), at('c'), 't')).stderr).toContain('which has no more')
  })

  it('refuses too few partitions, before anything is made', async () => {
    const admin = await openLocal(at('a')).admin()
    await admin.createTopic({ name: 'a', partitions: 1 })
    await admin.createTopic({ name: 't', partitions: 3 })
    await admin.close()
    await produce(at('b'), 't', 'x')
    const { status, stderr } = await between(at('a'), at('b'), '.*')
    expect([status, stderr.includes('t has 1 of the 3 partitions')]).toEqual([1, true])
    const other = await openLocal(at('b')).admin()
    expect(await other.topicNames()).toEqual(['t'])
    await other.close()
  })

  it('leaves a group alone that is further on in the target', async () => {
    await produce(at('a'), 't', '1', '2', '3')
    const set = async (dir: string, offset: number) => {
      const admin = await openLocal(dir).admin()
      const partition = { topic: 't', partition: 0 }
      await admin.alterConsumerGroupOffsets('g', [
        { partition, offset: { offset, leaderEpoch: -1, metadata: '' } },
      ])
      await admin.close()
    }
    await set(at('a'), 1)
    await between(at('a'), at('b'), 't')
    await set(at('b'), 3)
    expect((await between(at('a'), at('b'), 't')).stdout).toContain('1 further on in the target, left')
    expect(await groupPlaces(openLocal(at('b')), 't')).toEqual({ 'g 0 ': 'end' })
  })

  it('copies compacted and transactional topics without holes, each group where it was', async () => {
    for (const name of ['compacted', 'transactions-4.4']) {
      const fixture = unpackFixture(name)
      const source = openLocal(fixture.dir)
      const home = openLocal(at(name))
      const { status, stdout, stderr } = await between(fixture.dir, at(name), '.*', '--output', 'json')
      expect(status, stderr).toBe(0)
      const { data, complete } = JSON.parse(stdout)
      expect(complete).toBe(true)
      for (const { topic } of data) {
        const copied = await allRecords(home, topic)
        expect(linesOf(copied)).toEqual(linesOf(await allRecords(source, topic)))
        for (const records of copied) expect(records.map(({ offset }) => offset)).toEqual([...records.keys()])
        expect(await groupPlaces(home, topic)).toEqual(await groupPlaces(source, topic))
      }
      fixture.remove()
    }
  })

  it('ends a partition at damage, names file and position, and ends with 1', async () => {
    const fixture = unpackFixture('corrupt-clean')
    const { status, stderr } = await between(fixture.dir, at('b'), '.*')
    expect(status).toBe(1)
    expect(stderr).toMatch(/\.log: .*position \d+/)
    fixture.remove()
  })

  it.each([
    [['--to-dir', 'b', '--topic', 't'], 'say where to copy from'],
    [['--from-dir', 'a', '--topic', 't'], 'say where to copy to'],
    [['--from-dir', 'a', '--from-server', 'h:1', '--to-dir', 'b', '--topic', 't'], 'cannot be used together'],
    [['--from-dir', 'a', '--to-dir', 'a', '--topic', 't'], 'are the same directory'],
    [['--from-dir', 'none', '--to-dir', 'b', '--topic', 't'], 'there is no such directory'],
    [['--from-dir', 'a', '--to-dir', 'b'], 'say which topics to copy'],
    [['--from-dir', 'a', '--to-dir', 'b', '--topic', 'nothing.*'], 'no topic matches nothing.*'],
    [['--from-dir', 'a', '--to-dir', 'b', '--topic', '('], '( is an invalid regex.'],
    [['--from-dir', 'a', '--to-dir', 'b', '--topic', '__consumer_offsets'], 'never copied'],
    [['--from-dir', 'a', '--to-dir', 'b', '--topic', '.*', '--as', 'x'], 'is a name for one topic'],
    [['--from-dir', 'a', '--to-dir', 'b', '--topic', 't', '--as', 'a/b'], 'is no name for a topic'],
    [['--from-dir', 'a', '--to-dir', 'b', '--topic', 't', '--as', '__consumer_offsets'], 'internal topic'],
    [['--from-dir', 'a', '--from-config', 'x', '--to-dir', 'b', '--topic', 't'], 'is for a cluster'],
  ])('%j is one line and exit 1', async (args, words) => {
    // As little as tells: what is wrong is found before anything is read.
    await produce(at('a'), 't', '1')
    if (args.includes('.*')) await produce(at('a'), 'u', '1')
    if (args.includes('__consumer_offsets') && !args.includes('--as')) await commitOne(at('a'))
    const placed = args.map((arg, i) => (/^--(from|to)-dir$/.test(args[i - 1] ?? '') ? at(arg) : arg))
    const { status, stdout, stderr } = await copy(...placed)
    expect([status, stdout, stderr.trimEnd().split('\n').length]).toEqual([1, '', 1])
    expect(stderr).toContain(words)
  })
})
