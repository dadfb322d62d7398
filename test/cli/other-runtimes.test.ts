import fs from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ensureNode, otherRuntime } from '../../src/os/runtime.ts'
import { Story } from '../support/cli.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

const line =
  'tkafka only reads under Bun 1.4.5, whose pipes and file locks are not those of Node: run it with node'

/** Node with the mark of Bun: what it is taken for is all that is tried here. */
function asBun(): Record<string, string> {
  story.file(
    'bun.cjs',
    "Object.defineProperty(process, 'versions', { value: { ...process.versions, bun: '1.4.5' } })",
  )
  return { NODE_OPTIONS: `--require=${story.dir}/bun.cjs` }
}

describe('under Bun and Deno (E6)', () => {
  test('they are told by their version, and refused by name', () => {
    expect(otherRuntime(process.versions)).toBeUndefined()
    expect(otherRuntime({ node: '24.3.0', bun: '1.4.5' })).toBe('Bun 1.4.5')
    expect(otherRuntime({ node: '24.2.0', deno: '2.9.6' })).toBe('Deno 2.9.6')
    expect(() => ensureNode()).not.toThrow()
    expect(() => ensureNode('Bun 1.4.5')).toThrow(line)
  })

  test('nothing is written or committed, with lock files neither; the way out is said in one line', async () => {
    await story.says('topics --create --topic t --partitions 1')
    await story.says('console-producer --topic t', { stdin: 'a\nb\n' })
    const files = () => fs.readdirSync(story.data, { recursive: true }).sort()
    const before = files()
    const env = asBun()
    for (const command of [
      'console-producer --topic t',
      'topics --create --topic u',
      'topics --delete --topic t',
      'delete-records --offset-json-file {DIR}/plan.json',
      'console-consumer --topic t --group g --from-beginning --until-end',
    ]) {
      story.file('plan.json', '{"partitions":[{"topic":"t","partition":0,"offset":1}]}')
      for (const more of [{}, { TKAFKA_FALLBACK_LOCKS: '1' }] as Record<string, string>[]) {
        const { status, stderr } = await story.run(command, {
          stdin: 'c\n',
          env: { ...env, ...more },
        })
        // Some tools say before it what they were at, as they do of any failure.
        expect([command, status, stderr.split('\n').length]).toEqual([command, 1, 2])
        expect(stderr).toMatch(new RegExp(`(^|: )${line}\n$`))
      }
    }
    expect(files()).toEqual(before)
    const read = await story.run('console-consumer --topic t --from-beginning --until-end', { env })
    expect(read.stdout).toBe('a\nb\n')
  })
})
