import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.ts'
import { unpackFixture } from '../../support/fixtures.ts'
import { allCommands, runInProcess } from '../../support/in-process.ts'

/** Every use of every tool that only reads; `{TOPIC}`, `{LOG}` and `{JSON}` are of the directory that is read. */
const READS: Readonly<Record<string, readonly string[]>> = {
  acls: ['--list', '--list --topic {TOPIC}'],
  'broker-api-versions': [''],
  check: ['', '--output json'],
  'client-metrics': ['--list', '--describe'],
  cluster: ['cluster-id', 'list-endpoints'],
  completion: ['bash', 'names topic'],
  configs: [
    '--describe --entity-type topics',
    '--describe --entity-type topics --entity-name {TOPIC} --all',
    '--describe --topic flihts',
    '--describe --entity-type brokers --entity-name 1 --all',
    '--describe --entity-type groups',
  ],
  'console-consumer': [
    '--topic {TOPIC} --from-beginning --until-end',
    '--topic {TOPIC} --from-beginning --until-end --isolation-level read_committed --skip-corrupt',
    '--topic {TOPIC} --partition 0 --offset latest --timeout-ms 1',
    '--topic {TOPIC} --from end-3 --until-end --output jsonl',
    '--topic ordrs --from-beginning --until-end',
    '--topic ordrs --from-beginning --timeout-ms 1',
    '--topic ordrs --partition 3 --timeout-ms 1',
    '--topic ordrs --group g --from-beginning --until-end',
    '--include .* --from-beginning --until-end',
    '--include ordrs --until-end',
  ],
  'consumer-groups': [
    '--list --state',
    '--describe --all-groups',
    '--describe --all-groups --members',
    '--describe --group nobody',
    '--reset-offsets --group nobody --topic {TOPIC} --to-earliest --dry-run',
  ],
  'consumer-perf-test': [
    '--topic {TOPIC} --num-records 3 --timeout 1',
    '--topic ordrs --num-records 3 --timeout 1',
  ],
  'dump-log': ['--files {LOG}', '--files {LOG} --print-data-log --deep-iteration'],
  explain: ['--topic {TOPIC}', ''],
  features: ['describe'],
  'get-offsets': [
    '',
    '--topic {TOPIC} --time earliest',
    '--topic {TOPIC} --time max-timestamp',
    '--topic ordrs',
  ],
  groups: ['--list'],
  'log-cleaner': ['--dry-run', '--all --dry-run'],
  'log-dirs': ['--describe', '--describe --output json'],
  'metadata-quorum': ['describe --status', 'describe --replication'],
  'reassign-partitions': ['--list', '--generate --topics-to-move-json-file {JSON} --broker-list 1'],
  repair: ['--dry-run'],
  'replica-verification': ['--broker-list localhost:9092 --report-interval-ms 1'],
  'share-groups': ['--list', '--describe --all-groups'],
  status: ['', '--output json'],
  storage: ['server-properties', 'random-uuid'],
  'streams-groups': ['--list', '--describe --all-groups'],
  topics: ['--list', '--describe', '--describe --topic {TOPIC}', '--describe --topic ordrs'],
  transactions: [
    'list',
    'find-hanging --broker-id 1',
    'describe-producers --topic {TOPIC} --partition 0',
    'describe --transactional-id nobody',
  ],
}

/** Those that write, need a process that ends by a signal, or have nothing to do here. */
const OTHERS = new Set(
  (
    'console-producer producer-perf-test verifiable-producer e2e-latency delete-records leader-election ' +
    'delegation-tokens verifiable-consumer connect-distributed connect-mirror-maker connect-plugin-path ' +
    'connect-standalone console-share-consumer jmx metadata-shell mirror-maker run-class server-start server-stop ' +
    'share-consumer-perf-test streams-application-reset trogdor verifiable-share-consumer ' +
    'copy zookeeper-security-migration zookeeper-server-start zookeeper-server-stop zookeeper-shell'
  ).split(' '),
)

/** Names, sizes, modes and times of everything below: the kernel moves ctime with every change of a byte. */
function tree(dir: string): Record<string, string> {
  const found: Record<string, string> = {}
  const walk = (at: string) => {
    const stat = fs.lstatSync(at, { throwIfNoEntry: false, bigint: true })
    if (stat === undefined) return
    found[path.relative(dir, at)] = `${stat.mode} ${stat.mtimeNs} ${stat.ctimeNs} ${stat.ino} ${stat.size}`
    if (stat.isDirectory()) for (const name of fs.readdirSync(at)) walk(path.join(at, name))
  }
  walk(dir)
  return found
}

let commands: Map<string, Command>
const removals: (() => void)[] = []
beforeAll(async () => {
  commands = await allCommands()
})
afterEach(() => {
  for (const remove of removals.splice(0)) remove()
})
afterAll(() => {
  for (const remove of removals) remove()
})

function parent(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-reads-'))
  removals.push(() => fs.rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** A copy of what a genuine broker left. */
function disk(name: string): string {
  const fixture = unpackFixture(name)
  removals.push(() => fixture.remove())
  return fixture.dir
}

function empty(): string {
  const dir = path.join(parent(), 'data')
  fs.mkdirSync(dir)
  return dir
}

function readOnly(): string {
  const dir = disk('groups')
  const modes = (mode: number) => {
    for (const name of fs.readdirSync(dir)) {
      const stat = fs.lstatSync(path.join(dir, name))
      if (stat.isDirectory()) fs.chmodSync(path.join(dir, name), mode)
    }
    fs.chmodSync(dir, mode)
  }
  modes(0o555)
  removals.unshift(() => modes(0o755))
  return dir
}

describe('reading changes nothing (D1)', () => {
  it('is tried with every tool that reads', () => {
    expect([...commands.keys()].filter((name) => READS[name] === undefined && !OTHERS.has(name))).toEqual([])
    expect(Object.keys(READS).filter((name) => !commands.has(name))).toEqual([])
  })

  it.each([
    ['a directory that is not there', () => path.join(parent(), 'data')],
    ['an empty directory', empty],
    ["a killed broker's disk", () => disk('killed')],
    ['a disk with a torn tail', () => disk('torn')],
    ['a disk with a corrupt batch', () => disk('corrupt-killed')],
    ['a directory that may only be read', readOnly],
  ])('in %s', async (_, make) => {
    const dir = make()
    const folders = fs.existsSync(dir) ? fs.readdirSync(dir).filter((name) => /^[a-z].*-0$/.test(name)) : []
    const folder = folders[0] ?? 'orders-0'
    const log = path.join(dir, folder, '00000000000000000000.log')
    const topic = folder.replace(/-0$/, '')
    const json = path.join(parent(), 'topics.json')
    fs.writeFileSync(json, JSON.stringify({ version: 1, topics: [{ topic }] }))
    const before = tree(path.dirname(dir).includes('tkafka-reads-') ? path.dirname(dir) : dir)
    for (const [tool, uses] of Object.entries(READS)) {
      for (const use of uses) {
        const line = use.replace('{TOPIC}', topic).replace('{LOG}', log).replace('{JSON}', json)
        await runInProcess(commands.get(tool) as Command, line === '' ? [] : line.split(' '), dir)
        const after = tree(path.dirname(dir).includes('tkafka-reads-') ? path.dirname(dir) : dir)
        const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
          (name) => before[name] !== after[name],
        )
        expect(changed, `tkafka ${tool} ${line}`).toEqual([])
      }
    }
  })
})
