import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { GenuineCluster } from '../support/genuine-cluster.ts'
import { genuineLibs } from '../support/genuine-kafka.ts'

/**
 * Three genuine brokers whose leaders are killed, restarted, moved and elected while lines are produced and consumed. The long form
 * (`TKAFKA_TRIAL=full npm run test:kafka -- test/kafka/three-brokers.test.ts`) takes a million lines and restarts each broker in turn.
 */
const FULL = process.env.TKAFKA_TRIAL === 'full'
const LINES = FULL ? 1_000_000 : 60_000
/** Brokers of another release: the folder of its jars, and its name for `storage format`. */
const { TKAFKA_TRIAL_LIBS, TKAFKA_TRIAL_RELEASE } = process.env
const RELEASE = TKAFKA_TRIAL_RELEASE === undefined ? [] : ['-r', TKAFKA_TRIAL_RELEASE]
const KEYS = 997
const PARTITIONS = 6
const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))

/** Ended with the tests, also those of one that failed. */
const children: ChildProcess[] = []
let story: Story
let cluster: GenuineCluster

beforeAll(async () => {
  story = new Story()
  cluster = await GenuineCluster.start({
    count: 3,
    // A killed member's partitions wait no longer than the tests must.
    settings: ['group.consumer.session.timeout.ms=6000', 'group.consumer.min.session.timeout.ms=6000'],
    libs: TKAFKA_TRIAL_LIBS,
    format: (file) =>
      story.says(['storage', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAA', '-c', file, ...RELEASE]),
  })
  await retried('the brokers listen', async () => (await liveBrokers()) === 3)
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await cluster?.end()
  story?.end()
})

const tkafka = (...words: string[]) =>
  story.run([words[0], '--bootstrap-server', cluster.bootstrap, ...words.slice(1)])

async function said(...words: string[]): Promise<string> {
  const { stdout, stderr, status } = await tkafka(...words)
  if (status !== 0) throw new Error(`${words.join(' ')}: ${status} ${stderr}${stdout}`)
  return stdout
}

async function retried(what: string, question: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 90_000; Date.now() < end; await sleep(300)) {
    if (await question().catch(() => false)) return
  }
  throw new Error(`in 90 s not yet: ${what}`)
}

interface Described {
  readonly partition: number
  readonly leader: number | null
  readonly replicas: number[]
  readonly isr: number[]
}

async function described(topic: string): Promise<Described[]> {
  return JSON.parse(await said('topics', '--describe', '--topic', topic, '--output', 'json')).data
}

async function liveBrokers(): Promise<number> {
  const { stdout } = await story.run(['cluster', 'list-endpoints', '--bootstrap-server', cluster.bootstrap])
  return stdout.split('\n').filter((line) => /^\d/.test(line)).length
}

const inSync = (topic: string) =>
  retried(`all replicas of ${topic} are in sync`, async () =>
    (await described(topic)).every(({ isr }) => isr.length === 3),
  )

/** A tool of ours that runs beside the test; `ended` resolves to its exit status. */
function started(words: readonly string[], output: string) {
  const out = fs.openSync(output, 'w')
  const child = spawn(process.execPath, [bin, ...words], {
    stdio: ['pipe', out, 'pipe'],
    env: { ...process.env, HOME: story.dir, TKAFKA_DATA_DIR: story.data },
  })
  fs.closeSync(out)
  children.push(child)
  let stderr = ''
  child.stderr?.on('data', (text) => {
    stderr += text
  })
  child.stdin?.on('error', () => {})
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { child, ended, stderr: () => stderr }
}

const line = (i: number) => `k${i % KEYS}:${String(i).padStart(9, '0')}${'.'.repeat(80)}\n`

/** Feeds lines [from, to) to a child, not faster than `perSecond`. */
async function feed(child: ReturnType<typeof started>['child'], from: number, to: number, perSecond: number) {
  const STEP = Math.max(50, Math.floor(perSecond / 20))
  for (let i = from; i < to; i += STEP) {
    let text = ''
    for (let j = i; j < Math.min(i + STEP, to); j++) text += line(j)
    if (!child.stdin?.write(text)) await new Promise((resolve) => child.stdin?.once('drain', resolve))
    await sleep(50)
  }
}

/** Holds what a consumer printed to: every line there, none twice, in order per key. */
function allOnceInOrder(text: string, count: number): void {
  const last = new Map<string, number>()
  const seen = new Uint8Array(count)
  let lines = 0
  for (const one of text.split('\n')) {
    if (one === '') continue
    lines += 1
    const [key, value] = one.split(':')
    const number = Number(value.slice(0, 9))
    expect(seen[number]++, `line ${number} again`).toBe(0)
    if (number <= (last.get(key) ?? -1)) throw new Error(`${key}: ${number} behind ${last.get(key)}`)
    last.set(key, number)
  }
  expect(lines).toBe(count)
}

describe('three genuine brokers', () => {
  test('under load: leaders killed, restarted, moved and elected; nothing lost, nothing twice', async () => {
    await said(
      ...['topics', '--create', '--topic', 'orders', '--partitions', `${PARTITIONS}`],
      ...['--replication-factor', '3', '--config', 'min.insync.replicas=2'],
    )
    const properties = ['--property', 'print.key=true', '--property', 'key.separator=:']
    const reading = started(
      [
        'console-consumer',
        '--bootstrap-server',
        cluster.bootstrap,
        '--topic',
        'orders',
        '--group',
        'g',
      ].concat('--from-beginning', properties),
      join(story.dir, 'read'),
    )
    const producing = started(
      ['console-producer', '--bootstrap-server', cluster.bootstrap, '--topic', 'orders'].concat(
        '--reader-property',
        'parse.key=true',
        '--reader-property',
        'key.separator=:',
      ),
      join(story.dir, 'produced'),
    )
    const perSecond = FULL ? 12_000 : 4000
    const feeding = feed(producing.child, 0, LINES, perSecond)

    await sleep(2000)
    const [{ leader }] = await described('orders')
    await cluster.stop(leader as number, 'SIGKILL')
    await retried('another leads', async () => (await described('orders'))[0].leader !== leader)
    cluster.run(leader as number)
    await inSync('orders')
    if (FULL) {
      for (const id of cluster.ids) {
        await cluster.stop(id)
        await sleep(1000)
        cluster.run(id)
        await inSync('orders')
      }
    }
    await moveAll()
    await said('leader-election', '--election-type', 'preferred', '--all-topic-partitions')
    await retried('the preferred lead', async () =>
      (await described('orders')).every((one) => one.leader === one.replicas[0]),
    )
    await feeding
    producing.child.stdin?.end()
    expect([await producing.ended, producing.stderr()]).toEqual([0, ''])
    const all = await said(
      'console-consumer',
      '--topic',
      'orders',
      '--from-beginning',
      '--until-end',
      ...properties,
    )
    allOnceInOrder(all, LINES)
    await retried('the group has read all', async () => {
      const lines = fs.readFileSync(join(story.dir, 'read'), 'latin1')
      return lines.split('\n').length - 1 >= LINES
    })
    reading.child.kill('SIGTERM')
    await reading.ended
    allOnceInOrder(fs.readFileSync(join(story.dir, 'read'), 'latin1'), LINES)
    const { data } = JSON.parse(
      await said('consumer-groups', '--describe', '--group', 'g', '--output', 'json'),
    )
    expect(data.map((row: { lag: number }) => row.lag)).toEqual(Array(PARTITIONS).fill(0))
  })

  /** Moves every replica list on by one, so that each partition's preferred leader is another node. */
  async function moveAll(): Promise<void> {
    const before = await described('orders')
    const plan = before.map(({ partition, replicas }) => ({
      topic: 'orders',
      partition,
      replicas: [...replicas.slice(1), replicas[0]],
    }))
    story.file('plan.json', JSON.stringify({ version: 1, partitions: plan }))
    const words = ['reassign-partitions', '--reassignment-json-file', join(story.dir, 'plan.json')]
    await said(...words, '--execute')
    await retried(
      'the reassignment is done',
      async () => !/in progress/.test(await said(...words, '--verify')),
    )
    expect((await described('orders')).map(({ replicas }) => replicas)).toEqual(plan.map((p) => p.replicas))
  }

  test.each(['classic', 'consumer'])(
    'members of ours and of Java share a %s group; killed at random',
    async (protocol) => {
      const topic = `shared-${protocol}`
      await said('topics', '--create', '--topic', topic, '--partitions', '6', '--replication-factor', '3')
      const count = FULL ? 100_000 : 10_000
      const property = ['--consumer-property', `group.protocol=${protocol}`]
      if (protocol === 'classic') property.push('--consumer-property', 'session.timeout.ms=6000')
      const words = [
        '--bootstrap-server',
        cluster.bootstrap,
        '--topic',
        topic,
        '--group',
        topic,
        '--from-beginning',
      ]
      const ours = [0, 1, 2].map((i) =>
        started(['console-consumer', ...words, ...property], join(story.dir, `${topic}-ours-${i}`)),
      )
      const java = [0, 1].map((i) =>
        javaConsumer([...words, ...property], join(story.dir, `${topic}-java-${i}`)),
      )
      await retried('five members', async () => (await members(topic)) === 5)
      const producing = started(
        ['console-producer', '--bootstrap-server', cluster.bootstrap, '--topic', topic],
        join(story.dir, 'produced'),
      )
      const feeding = feed(producing.child, 0, count, 2000)
      await sleep(1500)
      ours[0].child.kill('SIGKILL')
      await sleep(1000)
      java[0].child.kill('SIGKILL')
      await sleep(1000)
      ours[1].child.kill('SIGTERM')
      expect(await ours[1].ended).toBe(143)
      await feeding
      producing.child.stdin?.end()
      expect(await producing.ended).toBe(0)
      const outputs = ['ours-0', 'ours-1', 'ours-2', 'java-0', 'java-1'].map((name) =>
        join(story.dir, `${topic}-${name}`),
      )
      const values = () =>
        new Set(
          outputs.flatMap((file) => fs.readFileSync(file, 'latin1').match(/(?<=:)\d{9}(?=\.{80}\n)/g) ?? []),
        )
      await retried('everything was delivered', async () => values().size === count)
      expect(fs.statSync(outputs[2]).size * fs.statSync(outputs[4]).size).toBeGreaterThan(0)
      for (const { child, ended } of [ours[2], java[1]]) {
        child.kill('SIGTERM')
        await ended
      }
    },
  )

  async function members(group: string): Promise<number> {
    const text = await said('consumer-groups', '--describe', '--group', group, '--members')
    return text.split('\n').filter((one) => one.startsWith(group)).length
  }

  function javaConsumer(words: readonly string[], output: string) {
    const out = fs.openSync(output, 'w')
    const child = spawn(
      'java',
      [
        ...['-Xmx200m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-cp', `${genuineLibs()}/*`],
        ...['org.apache.kafka.tools.consumer.ConsoleConsumer', ...words],
      ],
      { stdio: ['ignore', out, 'ignore'] },
    )
    fs.closeSync(out)
    children.push(child)
    return { child, ended: new Promise((resolve) => child.on('close', resolve)) }
  }
})
