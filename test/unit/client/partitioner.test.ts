import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RotatingPartitioner, StickyPartitioner, UserPartitioner } from '../../../src/client/partitioner.ts'
import { choosePartitioner } from '../../../src/client/partitioner-loader.ts'
import { recordOf } from '../../../src/record/record-slices.ts'

const value = Buffer.from('value')

function chooseAll(
  partitioner: { choose: RotatingPartitioner['choose'] },
  keys: (string | null)[],
  count: number,
) {
  return keys.map((text) => {
    const key = text === null ? null : Buffer.from(text)
    return partitioner.choose(recordOf(0, key, value), count)
  })
}

describe('records without a key', () => {
  it('go to the partitions strictly in turn, from where the last run left off', () => {
    const partitioner = new RotatingPartitioner({ ignoreKeys: false, start: () => 5 })
    expect(chooseAll(partitioner, Array(7).fill(null), 10)).toEqual([5, 6, 7, 8, 9, 0, 1])
  })

  it('ask where to begin only once, and not at all when every record has a key', () => {
    let asked = 0
    const partitioner = new RotatingPartitioner({ ignoreKeys: false, start: () => asked++ })
    chooseAll(partitioner, ['a', 'b'], 3)
    expect(asked).toBe(0)
    chooseAll(partitioner, [null, null], 3)
    expect(asked).toBe(1)
  })

  it('are not held up by records with a key in between', () => {
    const partitioner = new RotatingPartitioner({ ignoreKeys: false, start: () => 0 })
    expect(chooseAll(partitioner, [null, '21', null], 7)).toEqual([0, (-973932308 & 0x7fffffff) % 7, 1])
  })

  it('stay on one partition for batch.size bytes with the sticky partitioner', () => {
    const draws = [0.9, 0.1]
    const partitioner = new StickyPartitioner({
      ignoreKeys: false,
      batchSize: 26,
      random: () => draws.shift() ?? 0,
    })
    expect(chooseAll(partitioner, [null, null, null, null], 4)).toEqual([3, 3, 0, 0])
  })
})

describe('records with a key', () => {
  it('take part in the rotation when keys are to be ignored', () => {
    const partitioner = new RotatingPartitioner({ ignoreKeys: true, start: () => 0 })
    expect(chooseAll(partitioner, ['same', 'same', 'same'], 2)).toEqual([0, 1, 0])
  })

  it('go where murmur2 says with the sticky partitioner, too', () => {
    const partitioner = new StickyPartitioner({ ignoreKeys: false, batchSize: 1 })
    expect(chooseAll(partitioner, ['21', '21'], 7)).toEqual(Array(2).fill((-973932308 & 0x7fffffff) % 7))
  })
})

describe('a partitioner of the user', () => {
  it('sees topic, key, value and count, and null where there is none', () => {
    const seen: unknown[] = []
    const partitioner = new UserPartitioner('t', {
      partition: (topic, key, text, count) => {
        seen.push([topic, key?.toString() ?? null, text?.toString() ?? null, count])
        return 2
      },
    })
    expect(chooseAll(partitioner, ['k', null], 3)).toEqual([2, 2])
    expect(seen).toEqual([
      ['t', 'k', 'value', 3],
      ['t', null, 'value', 3],
    ])
  })

  it.each([3, -1, 1.5, Number.NaN])('is refused when it answers %s for three partitions', (answer) => {
    const partitioner = new UserPartitioner('t', { partition: () => answer })
    expect(() => chooseAll(partitioner, [null], 3)).toThrow(
      `The partitioner answered ${answer} for topic t, which has partitions 0 to 2.`,
    )
  })

  it('that throws ends with one line that says so', () => {
    const partitioner = new UserPartitioner('t', {
      partition: () => {
        throw new RangeError('no idea')
      },
    })
    expect(() => chooseAll(partitioner, [null], 3)).toThrow('The partitioner failed: no idea')
  })
})

describe('partitioner.class', () => {
  let dir: string
  beforeAll(() => {
    dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-partitioner-'))
  })
  afterAll(() => fs.rmSync(dir, { recursive: true }))
  const module = (name: string, text: string) => {
    fs.writeFileSync(path.join(dir, name), text)
    return path.join(dir, name)
  }

  it("knows Kafka's round robin, which looks at no key, and sticky, which does", async () => {
    expect(await choosePartitioner(undefined, false)).toEqual({ kind: 'rotation', ignoreKeys: false })
    expect(await choosePartitioner('org.apache.kafka.clients.producer.RoundRobinPartitioner', false)).toEqual(
      {
        kind: 'rotation',
        ignoreKeys: true,
      },
    )
    expect(await choosePartitioner('sticky', false)).toEqual({ kind: 'sticky', ignoreKeys: false })
  })

  it("refuses other class names in Kafka's words", async () => {
    await expect(choosePartitioner('no.such.P', false)).rejects.toThrow(
      'Invalid value no.such.P for configuration partitioner.class: Class no.such.P could not be found.',
    )
  })

  it.each([
    ['object.mjs', 'export default { partition() { return 1 } }'],
    ['class.mjs', 'export default class { partition() { return 1 } }'],
    ['factory.mjs', 'export default () => ({ partition() { return 1 } })'],
    ['common.cjs', 'module.exports = { partition() { return 1 } }'],
  ])('takes a module: %s', async (name, text) => {
    const choice = await choosePartitioner(module(name, text), false)
    expect(choice.kind === 'user' && choice.partitioner.partition('t', null, null, 2)).toBe(1)
  })

  it.each([
    ['missing.mjs', undefined, /^partitioner.class: cannot load .*missing.mjs: /],
    ['broken.mjs', 'export default {', /^partitioner.class: cannot load .*broken.mjs: /],
    ['other.mjs', 'export default 42', /other.mjs exports no partitioner; expected `export default/],
    [
      'throws.mjs',
      'export default () => { throw new Error("boom") }',
      /throws.mjs failed when called: boom$/,
    ],
  ])('says in one line what is wrong with %s', async (name, text, message) => {
    const file = text === undefined ? path.join(dir, name) : module(name, text)
    const failure = await choosePartitioner(file, false).catch((error: Error) => error.message)
    expect(failure).toMatch(message)
    expect(failure).not.toContain('\n')
  })
})
