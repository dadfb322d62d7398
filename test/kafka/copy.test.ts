import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { command } from '../../src/commands/copy.ts'
import { openCluster, openLocal } from '../../src/index.ts'
import { allRecords, groupPlaces, linesOf, ownConfigs } from '../support/all-records.ts'
import { type Fixture, fixtureNames, unpackFixture } from '../support/fixtures.ts'
import { GenuineBroker } from '../support/genuine-kafka.ts'
import { runInProcess } from '../support/in-process.ts'

/** Copied from each fixture into a genuine broker and home into an empty directory: all is as it was (issue 14, part 7). */
let root: string
let broker: GenuineBroker
const fixtures: Fixture[] = []

beforeAll(async () => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-copy-'))
  const dir = path.join(root, 'broker')
  const admin = await openLocal(dir).admin()
  await admin.createTopic({ name: 'first', partitions: 1 })
  await admin.close()
  // Old records of a fixture would be past their retention.
  broker = await GenuineBroker.start(dir, () => ['log.retention.check.interval.ms=100000000'])
})
afterAll(async () => {
  await broker?.stop()
  for (const fixture of fixtures) fixture.remove()
  fs.rmSync(root, { recursive: true, force: true })
})

async function copy(...args: string[]) {
  const outcome = await runInProcess(command, args, undefined)
  return { ...outcome, said: outcome.stdout + outcome.stderr }
}

/** What the copy says it could not give the target. */
function leftOut(said: string): string[] {
  return [...said.matchAll(/: (?:the target refuses )?([\w.]+)=\S+(?: is left out)?: /g)].map(
    (match) => match[1],
  )
}

const without = (configs: Record<string, string | null>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(configs).filter(([name]) => !names.includes(name)))

test.each(fixtureNames().filter((name) => !name.startsWith('corrupt')))(
  'the topics of fixture %s come home from a genuine broker equal in records, settings and group offsets',
  async (name) => {
    const fixture = unpackFixture(name)
    fixtures.push(fixture)
    const source = openLocal(fixture.dir)
    const server = `127.0.0.1:${broker.port}`
    const cluster = openCluster({ 'bootstrap.servers': server })
    const homeDir = path.join(root, `home-${name}`)
    const home = openLocal(homeDir)
    const admin = await source.admin()
    const topics = (await admin.listTopics()).filter(
      ({ internal, name: topic }) => !internal && !topic.startsWith('__'),
    )
    await admin.close()
    const there = ['--from-dir', fixture.dir, '--to-server', server, '--topic', '.*']
    const out = topics.length === 0 ? undefined : await copy(...there)
    if (out === undefined) return
    expect(out.status, out.said).toBe(0)
    const names = topics.map((topic) => topic.name).join(',')
    const back = await copy('--from-server', server, '--to-dir', homeDir, '--topic', names)
    expect(back.status, back.said).toBe(0)
    const refused = leftOut(out.said)
    for (const { name: topic } of topics) {
      const records = linesOf(await allRecords(source, topic))
      expect(linesOf(await allRecords(cluster, topic)), topic).toEqual(records)
      expect(linesOf(await allRecords(home, topic)), topic).toEqual(records)
      const configs = without(await ownConfigs(source, topic), refused)
      expect(without(await ownConfigs(cluster, topic), refused), topic).toEqual(configs)
      expect(without(await ownConfigs(home, topic), refused), topic).toEqual(configs)
      const places = await groupPlaces(source, topic)
      expect(await groupPlaces(cluster, topic), out.said).toEqual(places)
      expect(await groupPlaces(home, topic), back.said).toEqual(places)
    }
    expect((await copy(...there)).stdout).not.toMatch(/copied|set \(/)
    const target = await cluster.admin()
    for (const { name: topic } of topics) await target.deleteTopic(topic)
    await target.close()
  },
)
