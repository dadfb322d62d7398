/** What failed ends with 1 (D2): a name or a number that nothing here bears is told, by that name. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.ts'
import { openLocal } from '../../../src/index.ts'
import { allCommands, runInProcess } from '../../support/in-process.ts'

let commands: Map<string, Command>
let dir: string

beforeAll(async () => {
  commands = await allCommands()
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-wrong-names-'))
  const kafka = openLocal(dir)
  const producer = await kafka.producer()
  await producer.send({ topic: 'flights', value: 'x' })
  await producer.close()
})
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }))

const names = () => fs.readdirSync(dir).sort()

describe('a name that nothing bears ends with 1, is told and makes nothing (D2)', () => {
  it.each([
    ['console-consumer --topic a/b --from-beginning --until-end', 'a/b'],
    ['console-consumer --topic a/b --from-beginning', 'a/b'],
    ['console-consumer --topic flihts --from-beginning --until-end', 'flihts'],
    ['console-consumer --topic flights --partition 7 --until-end', '7'],
    ['topics --create --topic a/b', 'a/b'],
    ['topics --describe --topic flihts', 'flihts'],
    ['log-cleaner --topic flihts', 'flihts'],
    ['log-cleaner --topic flihts --dry-run', 'flihts'],
    ['explain --topic flihts', 'flihts'],
    ['configs --describe --topic flihts', 'flihts'],
    ['configs --describe --topic flihts --all', 'flihts'],
    ['configs --describe --topic flihts --output json', 'flihts'],
    ['consumer-groups --describe --group gruop', 'gruop'],
    ['get-offsets --topic flihts', 'any topic-partitions'],
    ['get-offsets --topic flights --partitions 7', 'any topic-partitions'],
    ['check --topic flihts', 'flihts'],
    ['repair --topic flihts', 'flihts'],
  ])('%s', async (line, name) => {
    const before = names()
    const [tool, ...args] = line.split(' ')
    const { status, stdout, stderr } = await runInProcess(commands.get(tool) as Command, args, dir)
    expect(`${stdout}${stderr}`).toContain(name)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(status, `${stdout}${stderr}`).toBe(1)
    expect(names()).toEqual(before)
  })
  it.each([
    ['console-consumer --topic flihts --from-beginning --timeout-ms 10', 'There is no topic flihts.'],
    ['console-consumer --topic a/b --from-beginning --timeout-ms 10', 'Invalid topics: [a/b]'],
    ['console-consumer --topic flights --partition 7 --timeout-ms 10', 'Topic flights has no partition 7'],
    ['consumer-perf-test --topic flihts --num-records 1 --timeout 10', 'There is no topic flihts.'],
  ])("%s ends as Kafka's does, and says the same behind it", async (line, words) => {
    const [tool, ...args] = line.split(' ')
    const { status, stderr } = await runInProcess(commands.get(tool) as Command, args, dir)
    expect([status, stderr.split('\n').filter((text) => text.startsWith(words)).length]).toEqual([0, 1])
  })
})
