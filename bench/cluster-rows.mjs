// The rows of run.mjs on a broker: our tools with --bootstrap-server beside kcat, in processor time and on the clock. The broker is the
// genuine one that run.mjs starts; TKAFKA_BENCH_CLUSTER=host:port,... names a cluster of several that is there already.
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { clusterLatency } from './latency.mjs'

/**
 * @typedef {import('./start-rows.mjs').BenchRow & { cpu?: true }} ClusterRow cpu: processor time counts, not the clock
 * @typedef {{ work: string, tkafka: string, lines: number, kafka: import('./kafka.mjs').Kafka, makeLines: (file: string) => void }} ClusterBench
 */

/**
 * None where there is no broker, or no kcat.
 * @param {ClusterBench} bench
 * @returns {ClusterRow[]}
 */
export function clusterRows({ work, tkafka, lines, kafka, makeLines }) {
  const { server } = kafka
  if (server === undefined || kafka.kcat('-L') === undefined) return []
  const file = path.join(work, 'lines')
  const million = `${lines / 1e6} M`
  const made = new Set()
  const ready =
    (/** @type {string} */ name, /** @type {number} */ partitions, servers = server) =>
    () => {
      makeLines(file)
      if (made.has(`${servers} ${name}`)) return false
      made.add(`${servers} ${name}`)
      const create = `topics --create --if-not-exists --topic ${name} --partitions ${partitions}`
      execFileSync('sh', ['-c', `${tkafka} ${create} --bootstrap-server ${servers} > /dev/null`])
      return true
    }
  const filled =
    (/** @type {string} */ name, /** @type {number} */ partitions, servers = server) =>
    () => {
      if (!ready(name, partitions, servers)()) return
      execFileSync('sh', ['-c', `kcat -q -b ${servers} -P -t ${name} -l ${file}`])
    }
  const ours = (/** @type {string} */ rest, servers = server) =>
    `${tkafka} ${rest} --bootstrap-server ${servers}`
  const kcat = (/** @type {string} */ args, servers = server) => `kcat -q -b ${servers} ${args}`
  /** @type {(name: string, topic: string, partitions: number, count: number, bar: number, servers?: string) => ClusterRow[]} */
  const consume = (name, from, partitions, count, bar, servers = server) => {
    const row = {
      name,
      bar,
      setup: filled(from, partitions, servers),
      ours: `${ours(`console-consumer --topic ${from} --from-beginning --max-messages ${count}`, servers)} > /dev/null`,
      peers: [
        {
          name: 'kcat -C',
          bar,
          command: kcat(`-C -t ${from} -o beginning -c ${count} > /dev/null`, servers),
        },
      ],
    }
    return [row, { ...row, name: `${name}, processor time`, bar: 1, cpu: true }]
  }
  /** @type {ClusterRow} */
  const produced = {
    name: `${million} lines of 100 B to a broker, 1 partition`,
    bar: 1,
    setup: ready('b-in', 1),
    ours: `cat ${file} | ${ours('console-producer --topic b-in')} > /dev/null`,
    peers: [{ name: 'kcat -P', command: kcat(`-P -t b-in -l ${file}`) }],
  }
  // A shell counts processor time in steps of 10 ms.
  const tenTimes = (/** @type {string} */ command) =>
    `for i in 0 1 2 3 4 5 6 7 8 9; do ${command} > /dev/null; done`
  const cluster = process.env.TKAFKA_BENCH_CLUSTER
  return [
    {
      name: 'topics --list of a broker, ten times, processor time',
      bar: 1.9,
      cpu: true,
      ours: tenTimes(ours('topics --list')),
      peers: [
        { name: 'node -e 0', command: tenTimes('node -e 0') },
        { name: 'the same of a directory', bar: 1.15, command: tenTimes(`${tkafka} topics --list`) },
        { name: 'kcat -L', command: tenTimes(kcat('-L')) },
      ],
    },
    produced,
    { ...produced, name: `${produced.name}, processor time`, cpu: true },
    ...consume(`${million} records of a broker, 1 partition`, 'b-out', 1, lines, 1),
    ...consume(`${million} records of a broker, 6 partitions`, 'b-six', 6, lines, 1),
    ...(cluster === undefined
      ? []
      : consume(`${million} records of a cluster, 6 partitions`, 'b-six', 6, lines, 0.5, cluster)),
  ]
}

/**
 * How long a line takes through a broker to our console-consumer and to `kcat -C -u`, from the same producer.
 * @param {{ tkafka: string, kafka: import('./kafka.mjs').Kafka, quick: boolean }} bench
 */
export function clusterMeasures({ tkafka, kafka, quick }) {
  const { server, topic } = kafka
  if (server === undefined || topic === undefined || kafka.kcat('-L') === undefined) return []
  return [
    {
      name: 'line in to line out through a broker, 200 a second',
      async run(/** @type {string} */ name) {
        topic('b-latency', 1)
        const count = quick ? 200 : 1000
        const { ours, theirs } = await clusterLatency({ tkafka, server, topic: 'b-latency', count })
        const text = (/** @type {{ p50: number, p99: number }} */ { p50, p99 }) =>
          `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`
        const ratio = ours.p50 / theirs.p50
        const bar = `p50 <= 1.0 ${ratio <= 1 ? '' : 'MISSED'}`
        return {
          cells: [
            name,
            `${text(ours)} (${ours.lines} lines)`,
            `kcat -C -u: ${text(theirs)}`,
            ratio.toFixed(2),
            bar,
          ],
          result: { ours, theirs },
        }
      },
    },
  ]
}
