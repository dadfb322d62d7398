import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Command } from '../../../../src/cli/command.ts'
import { openLocal } from '../../../../src/index.ts'
import { MADE_BY_TKAFKA_FILE } from '../../../../src/local/directory/data-dir.ts'
import { allCommands, runInProcess } from '../../../support/in-process.ts'

let commands: Map<string, Command>
let root: string

beforeAll(async () => {
  commands = await allCommands()
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-open-client-'))
})
afterAll(() => fs.rmSync(root, { recursive: true, force: true }))

/** Two topics, each with a record. */
async function directory(name: string): Promise<string> {
  const dir = path.join(root, name)
  const kafka = openLocal(dir)
  const producer = await kafka.producer()
  for (const topic of ['a', 'b']) await producer.send({ topic, value: 'x' })
  await producer.close()
  return dir
}

const TOOLS = [
  'topics --describe',
  'console-consumer --topic b --from-beginning --until-end',
  'console-consumer --include [ab] --from-beginning --until-end',
  'get-offsets',
  'log-dirs --describe',
  'consumer-groups --describe --all-groups',
  'consumer-perf-test --topic b --num-records 1 --timeout 1',
  'status',
]

describe('a notice of a directory', () => {
  it.each([
    [
      'whose metadata is gone',
      (dir: string) => {
        fs.rmSync(path.join(dir, '__cluster_metadata-0'), { recursive: true })
        // One that we made is refused.
        fs.rmSync(path.join(dir, MADE_BY_TKAFKA_FILE))
      },
      /__cluster_metadata-0 is not here/,
    ],
    [
      "that has a folder of another topic's",
      (dir: string) =>
        fs.copyFileSync(path.join(dir, 'a-0/partition.metadata'), path.join(dir, 'b-0/partition.metadata')),
      /belongs to another topic of that name/,
    ],
  ])('%s is printed once, whatever tool finds it (F6)', async (name, harm, notice) => {
    const dir = await directory(name)
    harm(dir)
    let told = 0
    for (const line of TOOLS) {
      const [tool, ...args] = line.split(' ')
      const { stderr } = await runInProcess(commands.get(tool) as Command, args, dir)
      const lines = stderr.split('\n').filter((text) => notice.test(text))
      expect(lines.length, `tkafka ${line}: ${stderr}`).toBeLessThanOrEqual(1)
      told += lines.length
    }
    expect(told).toBeGreaterThan(2)
  })
})
