import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const NOBODY = 65534

const asNobody = (dir: string, args: string, input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args.split(' ')], {
    uid: NOBODY,
    gid: NOBODY,
    env: { TKAFKA_DATA_DIR: dir, ...ownClock().env },
    input,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}
const canDropPrivileges = process.getuid?.() === 0 && asNobody('/nonexistent', '--version').status === 0

let story: Story
beforeEach(() => {
  story = new Story()
  fs.chmodSync(story.dir, 0o755)
  fs.mkdirSync(story.data, { mode: 0o755 })
  fs.chownSync(story.data, NOBODY, NOBODY)
})
afterEach(() => story.end())

const KEYED = 'console-producer --topic c --reader-property parse.key=true --reader-property key.separator=:'

/** Two partitions of nobody's, one of whose folders somebody (root) took for his own. */
async function oneBarred(configs: string): Promise<string> {
  await story.says(`topics --create --topic c --partitions 2 ${configs}`)
  await story.run(KEYED, { stdin: 'a:1\nb:1\nc:1\nd:1\na:2\nb:2\nc:2\nd:2\n' })
  const folder = path.join(story.data, 'c-0')
  fs.chownSync(folder, 0, 0)
  fs.chmodSync(folder, 0o700)
  return folder
}

describe.runIf(canDropPrivileges)('a partition that one may not open is told in one line', () => {
  const why = (folder: string) =>
    `${folder}/partition.metadata: permission denied; ${folder} belongs to uid 0, you are uid ${NOBODY}`

  test('by log-cleaner, which cleans the others and fails only for that one', async () => {
    const folder = await oneBarred('--config cleanup.policy=compact')
    const { status, stdout, stderr } = asNobody(story.data, 'log-cleaner --now')
    expect([status, stderr]).toEqual([1, `c-0: ${why(folder)}\n`])
    expect(stdout).toMatch(/^c-1: compacted \(now\), [^\n]*\n$/)
  })

  test('by explain, check, repair and get-offsets, which look at the others', async () => {
    const folder = await oneBarred('--config cleanup.policy=compact')
    const explained = asNobody(story.data, 'explain --topic c')
    expect([explained.status, explained.stderr]).toEqual([1, `c-0: ${why(folder)}\n`])
    expect(explained.stdout).toMatch(/^c-1: .* offsets 0 to/)
    const checked = asNobody(story.data, 'check')
    expect([checked.status, checked.stderr]).toEqual([1, ''])
    expect(checked.stdout).toMatch(
      new RegExp(`^${why(folder)}\n    means: .*\n    mend: .*\n1 problem in 2 p`),
    )
    const repaired = asNobody(story.data, 'repair')
    expect([repaired.status, repaired.stdout]).toEqual([1, ''])
    expect(repaired.stderr.split('\n')[0]).toBe(why(folder))
    const offsets = asNobody(story.data, 'get-offsets --topic c')
    expect(offsets.status).toBe(1)
    expect(offsets.stderr).toBe(`Skip getting offsets for topic-partition c-0 due to error: ${why(folder)}\n`)
    expect(offsets.stdout).toMatch(/^c:1:\d\n$/)
  })

  test('by delete-records, which deletes in the others; who writes elsewhere is not bothered then', async () => {
    const folder = await oneBarred('')
    const plan = { version: 1, partitions: [0, 1].map((partition) => ({ topic: 'c', partition, offset: 1 })) }
    story.file('plan.json', JSON.stringify(plan))
    const file = path.join(story.dir, 'plan.json')
    const { status, stdout, stderr } = asNobody(story.data, `delete-records --offset-json-file ${file}`)
    expect([status, stderr]).toEqual([1, ''])
    expect(stdout).toContain(`partition: c-0\terror: org.apache.kafka.common.errors.KafkaStorageException: `)
    expect(stdout).toContain(`permission denied (${folder}/partition.metadata)`)
    expect(stdout).toContain('partition: c-1\tlow_watermark: 1\n')
    const made = asNobody(story.data, 'topics --create --topic d')
    expect([made.status, made.stderr]).toEqual([0, ''])
    expect(asNobody(story.data, 'console-producer --topic d', 'x\n')).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    })
  })
})
