import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../../../src/client/admin/check-admin.ts'
import { LocalCheck } from '../../../../src/local/check/check.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { LocalRepair } from '../../../../src/local/repair/repair.ts'
import { MetadataLog } from '../../../../src/metadata/metadata-log.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { topicAtRest } from '../../../support/local-produce.ts'

/** `root/deep/er/data` is the directory; nothing may appear beside it. */
let root: string
let dir: string
let warnings: string[]
const opened: LocalDirectory[] = []

beforeEach(() => {
  root = fs.mkdtempSync(join(tmpdir(), 'tkafka-names-'))
  dir = join(root, 'deep/er/data')
  warnings = []
})
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.close()
  fs.rmSync(root, { recursive: true, force: true })
})

function open(): LocalDirectory {
  const directory = LocalDirectory.open(systemOs, dir, { warn: (line) => warnings.push(line) })
  opened.push(directory)
  return directory
}

const topicRecords = (name: string, topicId?: string) => topicAtRest(name, 2, 1, topicId)

const outside = (): string[] =>
  (fs.readdirSync(root, { recursive: true }) as string[])
    .filter((name) => !name.startsWith('deep/er/data'))
    .sort()

async function findings(): Promise<Finding[]> {
  const found: Finding[] = []
  await new LocalCheck(systemOs, open()).check({ found: (finding) => found.push(finding) })
  return found
}

const BAD_NAMES = [
  '../../x',
  '/tmp/tkafka-x',
  '..',
  '.',
  '',
  'a/b',
  'a b',
  'a\nb',
  '\x1b[2J',
  'x'.repeat(250),
  '__cluster_metadata',
]

describe('a topic in the metadata whose name is none (C2)', () => {
  it('is told once and passed over by all; repair takes it out, and nothing is made outside the directory', async () => {
    let directory = open()
    await directory.enter()
    await directory
      .metadata()
      .append(() => [...topicRecords('good'), ...BAD_NAMES.flatMap((n) => topicRecords(n))])
    await directory.leave()
    await directory.close()
    const before = outside()

    directory = open()
    warnings = []
    expect([...directory.image().topicImages()].map(({ name }) => name)).toEqual(['good'])
    expect(warnings).toHaveLength(BAD_NAMES.length)
    for (const line of warnings) expect(line).toMatch(/^[ -~]+ is no topic's name; it is passed over$/)
    for (const name of BAD_NAMES) {
      expect(directory.image().topic(name)).toBeUndefined()
      expect(() => directory.logForReading(name, 0)).toThrow()
    }

    const found = (await findings()).filter(({ kind }) => kind === 'illegal-topic')
    expect(found).toHaveLength(BAD_NAMES.length)

    const steps: string[] = []
    await new LocalRepair(systemOs, open()).repair({
      dryRun: false,
      done: ({ action }) => steps.push(action),
      left: (finding) => steps.push(`left ${finding.problem}`),
    })
    expect(steps.filter((step) => step === 'removed-topic')).toHaveLength(BAD_NAMES.length)
    expect(steps.filter((step) => step.startsWith('left'))).toEqual([])
    warnings = []
    expect((await findings()).filter(({ severity }) => severity === 'error')).toEqual([])
    expect(warnings).toEqual([])
    expect(outside()).toEqual(before)
    expect(
      fs
        .readdirSync(dir)
        .filter((name) => /-\d+$/.test(name))
        .sort(),
    ).toEqual(['__cluster_metadata-0', 'good-0', 'good-1'])
  })

  it('is kept as long as nobody repairs: a checkpoint that would leave it out is not written', async () => {
    const directory = open()
    await directory.enter()
    const log = MetadataLog.open(systemOs, dir, { checkpointAfterBytes: 1 })
    await log.append(() => topicRecords('../../x'))
    log.close()
    await directory.leave()
    expect(
      fs.readdirSync(join(dir, '__cluster_metadata-0')).filter((n) => /[1-9]-\d+\.checkpoint$/.test(n)),
    ).toEqual([])
    expect([...open().image().parts.illegalTopics.values()]).toEqual(['../../x'])
  })
})

describe('names in our own files (C2)', () => {
  it('a line of .tkafka-deleting that leads out of the directory moves nothing there', async () => {
    const directory = open()
    await directory.enter()
    await directory.leave()
    const victim = join(root, 'deep/victim-0')
    fs.mkdirSync(victim)
    fs.writeFileSync(join(victim, 'precious'), '1')
    fs.writeFileSync(
      join(dir, '.tkafka-deleting'),
      'AAAAAAAAAAAAAAAAAAAAAA ../../victim 1\nAAAAAAAAAAAAAAAAAAAAAA good 99999999999999\n',
    )
    await directory.close()
    const again = open()
    await again.enter()
    await again.finishDeletions()
    await again.leave()
    expect(fs.readdirSync(victim)).toEqual(['precious'])
    expect(outside()).toContain('deep/victim-0')
  })

  it('names in .tkafka-open, .tkafka-making and the checkpoints lead nowhere', async () => {
    let directory = open()
    await directory.enter()
    await directory.metadata().append(() => topicRecords('good'))
    directory.logForWriting('good', 0)
    fs.appendFileSync(join(dir, '.tkafka-open'), '\n../../x-0\n\n!../../y-0\n\n../..-0\n\ngood--5\n')
    fs.appendFileSync(join(dir, '.tkafka-making'), '\n+../../../../../../../x 0\n')
    for (const name of [
      'recovery-point-offset-checkpoint',
      'log-start-offset-checkpoint',
      'replication-offset-checkpoint',
    ])
      fs.writeFileSync(join(dir, name), '0\n3\n../../x 0 5\n../../y -1 7\ngood 4294967296 3\n')
    const before = outside()
    await directory.leave()
    await directory.close()
    directory = open()
    await directory.enter()
    directory.logForWriting('good', 1)
    await directory.leave()
    expect(outside()).toEqual(before)
  })
})
