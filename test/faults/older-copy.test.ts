import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { command as consoleConsumer } from '../../src/commands/console-consumer.ts'
import { command as consumerGroups } from '../../src/commands/consumer-groups.ts'
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { check, quickOs, repairLines, write } from '../support/damaged-directory.ts'
import { runInProcess } from '../support/in-process.ts'

const ENDS = '.tkafka-ends'
const scratch = fs.mkdtempSync(join(tmpdir(), 'tkafka-older-copy-'))
/** Ten records in t-0, then ten more; group g committed 20. `yesterday` is t-0 and __consumer_offsets-* in between. */
const today = join(scratch, 'today')
const yesterday = join(scratch, 'yesterday')

async function commit(dir: string, offset: number): Promise<void> {
  const directory = LocalDirectory.open(quickOs, dir)
  const one = { topic: 't', partition: 0, offset, leaderEpoch: 0, metadata: '' }
  await new OffsetStore(quickOs, directory).commit('g', [one])
  await directory.close()
}

let copies = 0
function copy(): string {
  const dir = join(scratch, `copy-${copies++}`)
  fs.cpSync(today, dir, { recursive: true })
  return dir
}

function restore(dir: string, folder: string): void {
  fs.rmSync(join(dir, folder), { recursive: true })
  fs.cpSync(join(yesterday, folder), join(dir, folder), { recursive: true })
}

const ten = Array.from({ length: 10 }, (_, i) => `record ${i}`)

beforeAll(async () => {
  await write(today, 't', ten, { make: true })
  await commit(today, 5)
  fs.cpSync(today, yesterday, { recursive: true })
  await write(today, 't', ten)
  await commit(today, 20)
})
afterAll(() => fs.rmSync(scratch, { recursive: true }))

describe("yesterday's copy of one partition's folder over today's (issue 11, item 3)", () => {
  it('is told and not appended to, and no offset is given twice', async () => {
    const dir = copy()
    restore(dir, 't-0')
    await expect(write(dir, 't', ['twice'])).rejects.toThrow(
      /offsets 10 to 19 are missing \(\.tkafka-ends tells\).*see tkafka repair/,
    )
    expect(await check(dir)).toMatchObject([{ kind: 'lost-end', topic: 't', severity: 'error' }])
    expect(await repairLines(dir)).toHaveLength(1)
    expect(await repairLines(dir)).toEqual([])
    expect(await write(dir, 't', ['next'])).toBe(20)
    expect(await check(dir)).toEqual([])
  })

  it('is told of committed offsets, too', async () => {
    const dir = copy()
    const folder = fs.readdirSync(dir).find((name) => {
      const log = join(dir, name, '00000000000000000000.log')
      return (
        name.startsWith('__consumer_offsets') && (fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0) > 0
      )
    })
    restore(dir, folder as string)
    await expect(commit(dir, 7)).rejects.toThrow(/see tkafka repair/)
    expect(await check(dir)).toMatchObject([{ kind: 'lost-end', topic: '__consumer_offsets' }])
  })

  it('is told where only the commit of a group knows: by check, by the group, and mended in one run', async () => {
    const dir = copy()
    restore(dir, 't-0')
    fs.rmSync(join(dir, ENDS))
    expect(await check(dir)).toMatchObject([
      {
        kind: 'commit-beyond-end',
        severity: 'error',
        topic: 't',
        problem:
          'the log ends at offset 10, and offsets 10 to 19 are missing (a commit of group g at 20 tells)',
      },
    ])
    const described = await runInProcess(consumerGroups, ['--describe', '--group', 'g'], dir)
    expect(described.status).toBe(1)
    expect(described.stderr).toMatch(/group g committed offset 20, and the log ends at 10/)
    for (const ends of [['--until-end'], ['--timeout-ms', '1000']]) {
      const consumed = await runInProcess(consoleConsumer, ['--topic', 't', '--group', 'g', ...ends], dir)
      expect(consumed.status).toBe(1)
      expect(consumed.stderr).toMatch(/the group committed offset 20, and the log ends at 10/)
    }
    expect(await repairLines(dir)).toHaveLength(1)
    expect(await repairLines(dir)).toEqual([])
    expect(await write(dir, 't', ['next'])).toBe(20)
    expect(await check(dir)).toEqual([])
  })

  it('with its lines in the root counts as it was: nothing tells of what came later', async () => {
    const dir = copy()
    fs.rmSync(dir, { recursive: true })
    fs.cpSync(yesterday, dir, { recursive: true })
    expect(await write(dir, 't', ['next'])).toBe(10)
  })
})

describe(ENDS, () => {
  it.each([
    ['garbage', (path: string) => fs.writeFileSync(path, 'x'.repeat(300_000))],
    ['a folder', (path: string) => fs.mkdirSync(path)],
    [
      'a torn line',
      (path: string, text: string) => fs.writeFileSync(path, `${text}\n${text.trim().slice(0, -4)}99`),
    ],
  ])('stops nobody where it is %s', async (_title, damage) => {
    const dir = copy()
    const path = join(dir, ENDS)
    const text = fs.readFileSync(path, 'utf8')
    fs.rmSync(path)
    damage(path, text)
    expect(await write(dir, 't', ['next'])).toBe(20)
    expect((await check(dir)).filter(({ severity }) => severity === 'error')).toEqual([])
    await write(dir, 't', ['more'])
    if (fs.statSync(path).isFile()) expect(fs.statSync(path).size).toBeLessThan(5000)
  })

  it('tells nothing of what was noted before a broker ran', async () => {
    const dir = copy()
    restore(dir, 't-0')
    const path = join(dir, ENDS)
    fs.writeFileSync(path, fs.readFileSync(path, 'utf8').replace(/ \d+ (\d+);/g, ' 1 $1;'))
    expect(await write(dir, 't', ['twice'])).toBe(10)
  })

  it('stays small: the newest line of each partition', async () => {
    const dir = copy()
    const path = join(dir, ENDS)
    const line = fs.readFileSync(path, 'utf8').trim().split('\n')[0]
    fs.writeFileSync(path, `${`\n${line}\n`.repeat(2000)}\n${line.replace(/\d+;$/, '20;')}\n`)
    await write(dir, 't', ['next'])
    expect(fs.statSync(path).size).toBeLessThan(500)
    restore(dir, 't-0')
    await expect(write(dir, 't', ['twice'])).rejects.toThrow(/offsets 10 to 20 are missing/)
  })
})
