import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'
import { unpackCase } from '../../../support/cases.ts'

async function committed(dir: string, topic: string): Promise<string[]> {
  const consumer = await openLocal(dir).consumer({
    untilEnd: true,
    config: { 'isolation.level': 'read_committed', 'auto.offset.reset': 'earliest' },
  })
  try {
    await consumer.subscribe([topic])
    const values: string[] = []
    for await (const { value } of consumer) values.push(String(value))
    return values.sort()
  } finally {
    await consumer.close()
  }
}

const stamps = (dir: string) =>
  readdirSync(dir, { recursive: true }).map((name) => [name, statSync(join(dir, String(name))).mtimeMs])

describe('read_committed in a directory that was killed (A10)', () => {
  // What genuine 4.3.1 shows after a boot, but for t5 and t6: there its coordinator completes what was decided.
  it.each([
    ['t1', ['a', 'b', 'c', 'd']],
    ['t2', ['plain1', 'plain2']],
    ['t3', []],
    ['t4', []],
    ['t5', []],
    ['t6', ['h1']],
    ['t7', []],
    ['t8', []],
    ['t9', ['i1']],
  ])('%s as the batches tell it, and nothing is written', async (topic, expected) => {
    const dir = unpackCase('transactions-cut')
    rmSync(join(dir, '.kafka_cleanshutdown'))
    const before = stamps(dir)
    expect(await committed(dir, topic)).toEqual(expected)
    expect(stamps(dir)).toEqual(before)
  })

  const index = (dir: string) => join(dir, 't2-0', '00000000000000000000.txnindex')
  it.each([
    ['torn', (dir: string) => writeFileSync(index(dir), Buffer.alloc(20))],
    ['garbage', (dir: string) => writeFileSync(index(dir), Buffer.alloc(68, 0x5a))],
    ['of a newer version', (dir: string) => writeFileSync(index(dir), Buffer.alloc(34, 1))],
    ['of offsets that are not there', (dir: string) => writeFileSync(index(dir), Buffer.alloc(34))],
    ['a folder', (dir: string) => mkdirSync(index(dir))],
  ])(
    'an index of aborted transactions that is %s is not believed, beside the marker neither',
    async (_, damage) => {
      for (const clean of [false, true]) {
        const dir = unpackCase('transactions-cut')
        if (!clean) rmSync(join(dir, '.kafka_cleanshutdown'))
        damage(dir)
        // The last one fits its segment, and says nothing of bad1: beside a marker that is believed.
        const hidden = clean && _ === 'of offsets that are not there'
        if (!hidden) expect(await committed(dir, 't2')).toEqual(['plain1', 'plain2'])
      }
    },
  )

  it.each([
    ['damaged', Buffer.alloc(56, 7)],
    ['torn', Buffer.alloc(3)],
  ])('a snapshot at the end that is %s tells nothing', async (_, bytes) => {
    const dir = unpackCase('transactions-cut')
    rmSync(join(dir, '.kafka_cleanshutdown'))
    for (const offset of ['00000000000000000003', '00000000000000000099']) {
      writeFileSync(join(dir, 't2-0', `${offset}.snapshot`), bytes)
      writeFileSync(join(dir, 't3-0', `${offset}.snapshot`), bytes)
    }
    expect(await committed(dir, 't2')).toEqual(['plain1', 'plain2'])
    expect(await committed(dir, 't3')).toEqual([])
  })
})
