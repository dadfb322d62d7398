// Rows of run.mjs on start-up and fixed costs: what one run of a tool costs beside bare Node, and how little that grows
// with topics, partitions and commits. Directories are made through the public API.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { env } from './bench.mjs'
import { makeLargePartition } from './large-partition.mjs'

const require = createRequire(import.meta.url)
const library = fileURLToPath(new URL('../dist/index.cjs', import.meta.url))
const NODE = { name: 'node -e 0', command: 'node -e 0' }

/**
 * A row of run.mjs: our command, and those that it is timed beside.
 * @typedef {{ name: string, command: string, bar?: number, runs?: number }} Peer
 * @typedef {{ name: string, bar?: number, runs?: number, warmup?: number, setup?: () => unknown, prepare?: () => unknown, ours: string,
 *   peers: Peer[], env?: Record<string, string> }} BenchRow
 */

/**
 * `topics` directories of 3 partitions each, `commits` committed offsets.
 * @param {{ work: string, tkafka: string, kafka: import('./kafka.mjs').Kafka, topics?: number, commits?: number, runs?: number }} options
 * @returns {BenchRow[]}
 */
export function startRows({ work, tkafka, kafka, topics = 10_000, commits = 1_000_000, runs = 21 }) {
  const small = path.join(work, 'small')
  const many = path.join(work, 'many')
  const committed = path.join(work, 'committed')
  const plain = path.join(work, 'uncommitted')
  const on = (/** @type {string} */ dir, /** @type {string} */ rest) => `${tkafka} --data-dir ${dir} ${rest}`
  const peer = (/** @type {string} */ name, /** @type {string} */ command) => ({ name, command })
  // Seldom, as what runs behind a JVM finds the processor's caches cold.
  /** @type {(name: string, command: string | undefined) => Peer[]} */
  const genuine = (name, command) => (command === undefined ? [] : [{ ...peer(name, command), runs: 5 }])
  return [
    {
      name: 'topics --list, small directory',
      bar: 1.4,
      runs,
      setup: () => withTopics(small, 1),
      ours: on(small, 'topics --list'),
      peers: [
        NODE,
        ...genuine('kcat -L', quiet(kafka.kcat('-L'))),
        ...genuine('kafka-topics', quiet(kafka.tool('TopicCommand', '--bootstrap-server {server} --list'))),
      ],
    },
    {
      name: 'echo x | console-producer',
      bar: 1.7,
      runs,
      setup: () => withTopics(small, 1),
      ours: `echo x | ${on(small, 'console-producer --topic topic-0')}`,
      peers: [
        NODE,
        ...genuine('kcat -P', piped(kafka.kcat('-P -t start'))),
        ...genuine(
          'kafka-console-producer',
          piped(kafka.tool('ConsoleProducer', '--bootstrap-server {server} --topic start')),
        ),
      ],
    },
    {
      name: `topics --list, ${topics} topics of 3 partitions`,
      bar: 2,
      runs,
      setup: () => Promise.all([withTopics(small, 1), withTopics(many, topics)]),
      ours: on(many, 'topics --list'),
      peers: [peer('small directory', on(small, 'topics --list'))],
    },
    {
      name: 'topics --describe of one of them',
      bar: 1.5,
      runs,
      ours: on(many, 'topics --describe --topic topic-0'),
      peers: [peer('small directory', on(small, 'topics --describe --topic topic-0'))],
    },
    {
      name: 'one produce to one of them',
      bar: 1.5,
      runs,
      ours: `echo x | ${on(many, 'console-producer --topic topic-0')}`,
      peers: [peer('small directory', `echo x | ${on(small, 'console-producer --topic topic-0')}`)],
    },
    {
      name: 'one line appended to 100 GB',
      bar: 1.2,
      runs,
      setup: () => makeLargePartition(path.join(work, 'large'), 100, tkafka),
      ours: `echo x | ${on(path.join(work, 'large'), 'console-producer --topic large')}`,
      peers: [peer('to 1 MB', `echo x | ${on(path.join(work, 'large'), 'console-producer --topic plain')}`)],
    },
    {
      name: `consumer-groups --describe behind ${commits} commits`,
      bar: 1.5,
      runs,
      setup: () => Promise.all([withCommits(committed, commits), withCommits(plain, 1)]),
      ours: on(committed, 'consumer-groups --describe --group g'),
      peers: [peer('one commit', on(plain, 'consumer-groups --describe --group g'))],
    },
  ]
}

const quiet = (/** @type {string | undefined} */ command) => command && `${command} > /dev/null`
const piped = (/** @type {string | undefined} */ command) => command && `echo x | ${command} > /dev/null`

/**
 * Lookups by timestamp and offset in a partition of 100 GB, in a process of their own.
 * @param {{ work: string, tkafka: string }} options
 * @returns {Promise<Record<string, { first: number, p50: number, p99: number }>>}
 */
export async function lookups({ work, tkafka }) {
  const dir = path.join(work, 'large')
  await makeLargePartition(dir, 100, tkafka)
  const script = fileURLToPath(new URL('./large-partition.mjs', import.meta.url))
  return JSON.parse(execFileSync(process.execPath, [script, 'lookup', dir], { env }).toString())
}

/**
 * @param {string} dir
 * @param {number} count
 */
async function withTopics(dir, count) {
  if (fs.existsSync(dir)) return
  const admin = await require(library).openLocal(dir).admin()
  for (let i = 0; i < count; i++) await admin.createTopic({ name: `topic-${i}`, partitions: 3 })
  await admin.close()
}

/**
 * Commits of group g for `wide`, a thousand partitions at a time; what is described is the group's last state.
 * @param {string} dir
 * @param {number} count
 */
async function withCommits(dir, count) {
  if (fs.existsSync(dir)) return
  const admin = await require(library).openLocal(dir).admin()
  const width = Math.min(count, 1000)
  await admin.createTopic({ name: 'one', partitions: 1 })
  await admin.createTopic({ name: 'wide', partitions: width })
  for (let done = 0; done < count; done += width) {
    await admin.alterConsumerGroupOffsets(
      'g',
      Array.from({ length: width }, (_, partition) => ({
        partition: { topic: 'wide', partition },
        offset: { offset: done / width, leaderEpoch: -1, metadata: '' },
      })),
    )
  }
  // Only one partition is left, so that both sides print the same.
  await admin.deleteConsumerGroupOffsets(
    'g',
    Array.from({ length: width }, (_, partition) => ({ topic: 'wide', partition })),
  )
  await admin.alterConsumerGroupOffsets('g', [
    { partition: { topic: 'one', partition: 0 }, offset: { offset: 0, leaderEpoch: -1, metadata: '' } },
  ])
  await admin.close()
}
