// The rows of run.mjs about many records: pipes, keys, codecs, many processes, latency.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { env, median, settle, timed } from './bench.mjs'
import { groupTimings, idleCosts } from './groups.mjs'
import { kafkaLatency, latency } from './latency.mjs'

/**
 * @typedef {{ name: string, command: string, bar?: number, runs?: number }} Peer
 * @typedef {Omit<Peer, 'command'> & { command: string | undefined }} MaybePeer one that may not be there
 * @typedef {import('./start-rows.mjs').BenchRow} BenchRow
 * @typedef {{ topic: string, partitions: number, file: string, flags?: string }} Produced
 * @typedef {{ work: string, tkafka: string, lines: number, topics: (...args: string[]) => unknown, kafka: import('./kafka.mjs').Kafka,
 *   extraEnv: Record<string, string> & { TKAFKA_DATA_DIR: string } }} Bench
 * @typedef {{ plain: string, keyed: string, json: string, million: string, cat: (file: string) => Peer, catSync: (file: string) => Peer,
 *   there: (peers: readonly MaybePeer[]) => Peer[] }} Shared by producing and consuming
 */

/**
 * @param {Bench} bench
 * @returns {BenchRow[]}
 */
export function throughputRows({ work, tkafka, lines, topics, kafka, extraEnv }) {
  const plain = path.join(work, 'lines')
  const keyed = path.join(work, 'keyed')
  const json = path.join(work, 'json')
  const million = `${lines / 1e6} M`
  const topicsMade = new Set()
  const fresh = (/** @type {string} */ name, /** @type {number} */ partitions) => () => {
    if (topicsMade.has(name)) topics('--delete', '--topic', name)
    topicsMade.add(name)
    topics('--create', '--topic', name, '--partitions', `${partitions}`)
  }
  const cat = (/** @type {string} */ file) => ({
    name: 'cat > file',
    command: `cat ${file} | cat > ${work}/copy`,
  })
  const catSync = (/** @type {string} */ file) => ({
    name: 'cat > file, sync -d',
    command: `cat ${file} | cat > ${work}/copy && sync -d ${work}/copy`,
  })
  /** @type {Shared['there']} */
  const there = (peers) =>
    peers.flatMap(({ command, ...peer }) => (command === undefined ? [] : [{ ...peer, command }]))
  const once = (() => {
    const made = new Set()
    return (/** @type {string} */ name, /** @type {number} */ partitions) => {
      if (made.has(name) || kafka.topic === undefined) return
      made.add(name)
      kafka.topic(name, partitions)
    }
  })()
  // Kafka's own tools take up to a minute for this: once each.
  /** @type {(file: string, topic: string, flags?: string, judged?: boolean) => Peer[]} */
  const producers = (file, topic, flags = '', judged = true) =>
    there([
      {
        name: 'kcat -P',
        ...(judged && { bar: 0.4 }),
        command: kafka.kcat(`-P -t ${topic} ${keyFlag(flags)} -l ${file}`),
      },
      {
        name: 'kafka-console-producer',
        ...(judged && { bar: 0.1 }),
        runs: 1,
        command: kafka.tool(
          'ConsoleProducer',
          `--bootstrap-server {server} --topic ${topic} ${flags} < ${file} > /dev/null`,
        ),
      },
      {
        name: 'kafka-producer-perf-test',
        runs: 1,
        command: kafka.tool(
          'ProducerPerformance',
          `--topic ${topic} --num-records ${lines} --record-size 99 --throughput -1 --producer-props bootstrap.servers={server}`,
        ),
      },
    ])
  /** @type {(name: string, produced: Produced, peers: Peer[], bar?: number) => BenchRow} */
  const produce = (name, { topic, partitions, file, flags = '' }, peers, bar) => ({
    name,
    bar,
    setup: () => {
      makeLines(plain, lines, false)
      makeLines(keyed, lines, true)
      if (file === json) makeJson(json, lines)
      once(topic, partitions)
    },
    prepare: fresh(topic, partitions),
    ours: `cat ${file} | ${tkafka} console-producer --topic ${topic} ${flags}`,
    peers,
  })
  const consume = (/** @type {string} */ flags) =>
    `${tkafka} console-consumer --topic in --from-beginning --max-messages ${lines} ${flags} | cat > /dev/null`
  const filled = () => {
    makeLines(plain, lines, false)
    fresh('in', 1)()
    execFileSync('sh', ['-c', `cat ${plain} | ${tkafka} console-producer --topic in`], {
      env: { ...env, ...extraEnv },
    })
    // Of the broker's topic the first so many are read: it may hold more.
    once('in', 1)
    const theirs = kafka.kcat(`-P -t in -l ${plain}`)
    if (theirs !== undefined && !brokerFilled) execFileSync('sh', ['-c', theirs])
    brokerFilled = true
  }
  let brokerFilled = false
  const bench = { plain, keyed, json, million, lines, tkafka, kafka, extraEnv, there, cat, catSync }
  return [...produceRows({ ...bench, produce, producers }), ...consumeRows({ ...bench, consume, filled })]
}

/**
 * @param {Omit<Shared, 'there'> & { produce: (name: string, produced: Produced, peers: Peer[], bar?: number) => BenchRow,
 *   producers: (file: string, topic: string, flags?: string, judged?: boolean) => Peer[] }} bench
 */
function produceRows({ plain, keyed, json, million, produce, producers, cat, catSync }) {
  return [
    produce(
      `${million} lines of 100 B, pipe -> 1 partition (synced once before exit)`,
      { topic: 'in', partitions: 1, file: plain },
      [catSync(plain), cat(plain), ...producers(plain, 'in')],
      1.8,
    ),
    produce('the same, 8 partitions in turn', { topic: 'spread', partitions: 8, file: plain }, [
      catSync(plain),
      cat(plain),
    ]),
    produce(
      'the same with parse.key, 8 partitions, murmur2',
      { topic: 'keyed', partitions: 8, file: keyed, flags: '--reader-property parse.key=true' },
      [catSync(keyed), cat(keyed), ...producers(keyed, 'keyed', '--reader-property parse.key=true', false)],
      3,
    ),
    // The lines above compress so well that a codec is quicker than a pipe; measured values are what codecs are for.
    ...['lz4', 'zstd'].flatMap((codec) =>
      [
        ['the same', plain],
        [`${million} lines of JSON, 100 B,`, json],
      ].map(([what, file]) =>
        produce(
          `${what} with ${codec}, 1 partition`,
          { topic: codec, partitions: 1, file, flags: `--compression-codec ${codec}` },
          [codecAlone(codec, file), cat(file)],
          1.67,
        ),
      ),
    ),
  ]
}

/**
 * @param {Pick<Shared, 'plain' | 'million' | 'there'> & Pick<Bench, 'lines' | 'tkafka' | 'kafka' | 'extraEnv'> &
 *   { consume: (flags: string) => string, filled: () => void }} bench
 * @returns {BenchRow[]}
 */
function consumeRows({ plain, million, lines, tkafka, kafka, extraEnv, there, consume, filled }) {
  return [
    {
      name: `${million} records out to a pipe`,
      bar: 2,
      setup: filled,
      ours: consume(''),
      peers: [
        {
          name: 'node, stdin to stdout',
          command: `cat ${plain} | node -e 'process.stdin.pipe(process.stdout)' | cat > /dev/null`,
        },
        ...there([
          { name: 'kcat -C', bar: 0.2, command: kafka.kcat(`-C -t in -o beginning -c ${lines} > /dev/null`) },
          {
            name: 'kafka-console-consumer',
            bar: 0.1,
            runs: 2,
            command: kafka.tool(
              'consumer.ConsoleConsumer',
              `--bootstrap-server {server} --topic in --from-beginning --max-messages ${lines} > /dev/null`,
            ),
          },
          {
            name: 'kafka-consumer-perf-test',
            runs: 2,
            command: kafka.tool(
              'ConsumerPerformance',
              `--bootstrap-server {server} --topic in --num-records ${lines} > /dev/null`,
            ),
          },
        ]),
      ],
    },
    {
      name: 'the same with key, timestamp, offset, headers printed',
      bar: 2,
      setup: filled,
      ours: consume(
        ['key', 'timestamp', 'offset', 'headers']
          .map((column) => `--formatter-property print.${column}=true`)
          .join(' '),
      ),
      peers: [{ name: 'the plain form', command: consume('') }],
    },
    {
      name: `memory: ${BIG} x ${million} lines out of one log`,
      runs: 1,
      warmup: 0,
      setup: () => {
        filled()
        const twice = `for i in $(seq ${BIG - 1}); do cat ${plain}; done`
        execFileSync('sh', ['-c', `{ ${twice}; } | ${tkafka} console-producer --topic in`], {
          env: { ...env, ...extraEnv },
        })
      },
      ours: `${tkafka} console-consumer --topic in --from-beginning --max-messages ${BIG * lines} | cat > /dev/null`,
      peers: [
        {
          name: 'the same lines in again',
          command: `for i in $(seq ${BIG}); do cat ${plain}; done | ${tkafka} console-producer --topic in`,
        },
      ],
    },
  ]
}

/** @type {<T>(times: T | undefined) => T} */
const arrived = (times) => {
  if (times === undefined) throw new Error('no line came out')
  return times
}

/**
 * @param {string} codec
 * @param {string} file
 */
const codecAlone = (codec, file) => ({
  name: `${codec} alone, in one process`,
  command: `node ${path.join(import.meta.dirname, 'codec-alone.mjs')} ${codec} ${file}`,
})

/**
 * kcat splits keys when told so.
 * @param {string} flags
 */
const keyFlag = (flags) => (flags.includes('parse.key') ? "-K '\\t'" : '')

/** How often the lines go into the large log: 5.1 GB with 3 M of them. */
const BIG = 17

/**
 * Lines of 100 bytes with the line end; keyed ones begin with one of 10,000 keys and a tab. Made once.
 * @param {string} file
 * @param {number} count
 * @param {boolean} keyed
 */
export function makeLines(file, count, keyed) {
  if (fs.existsSync(file)) return
  const fd = fs.openSync(file, 'w')
  const filler = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(4)
  for (let done = 0; done < count; done += 10_000) {
    let text = ''
    for (let i = done; i < Math.min(count, done + 10_000); i++) {
      const head = keyed ? `k${i % 10_000}\t${i}-` : `${i}-`
      text += `${head}${filler.slice(0, 99 - head.length)}\n`
    }
    fs.writeSync(fd, text)
  }
  fs.closeSync(fd)
}

/**
 * Readings of a sensor, 100 bytes each: names that come again, digits that do not.
 * @param {string} file
 * @param {number} count
 */
function makeJson(file, count) {
  if (fs.existsSync(file)) return
  const fd = fs.openSync(file, 'w')
  let seed = 1
  const random = (/** @type {number} */ below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return Math.floor((seed / 0x80000000) * below)
  }
  for (let done = 0; done < count; done += 10_000) {
    let text = ''
    for (let i = done; i < Math.min(count, done + 10_000); i++) {
      const time = 1_700_000_000_000 + i * 37 + random(37)
      const line = `{"sensor":"s${random(5000)}","time":${time},"celsius":${(random(6000) / 100 - 20).toFixed(2)},"volts":${(random(5000) / 1000).toFixed(3)}`
      text += `${line},"n":${`${i}`.padStart(93 - line.length, '0')}}\n`
    }
    fs.writeSync(fd, text)
  }
  fs.closeSync(fd)
}

/**
 * Eight processes at once, to one partition or one each, and one process with as many lines as all of them, in turn.
 * @param {Omit<Bench, 'lines' | 'kafka'> & { partitions: number, each: number, runs?: number }} options
 * @returns medians: `ratio` of the eight's rate to the one's, `slowest` of them beside their mean, lines a second
 */
export async function manyProducers({ work, tkafka, topics, extraEnv, partitions, each, runs = 3 }) {
  const file = path.join(work, `each-${each}`)
  makeLines(file, each, false)
  /** @type {{ ratio: number, slowest: number, all: number, one: number }[]} */
  const found = []
  for (let i = 0; i < runs; i++) {
    const topic = `many-${partitions}-${each}-${i}`
    topics('--create', '--topic', topic, '--partitions', `${partitions}`)
    const produce = (/** @type {string} */ input, flags = '') =>
      timed(`${input} | ${tkafka} console-producer --topic ${topic} ${flags}`, extraEnv).then(
        (r) => r.seconds,
      )
    settle()
    const started = performance.now()
    const walls = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        produce(`cat ${file}`, partitions > 1 ? `--partition ${n}` : '--partition 0'),
      ),
    )
    const all = (performance.now() - started) / 1000
    settle()
    const one = await produce(`cat ${Array(8).fill(file).join(' ')}`, '--partition 0')
    topics('--delete', '--topic', topic)
    const rates = walls.map((seconds) => each / seconds)
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length
    found.push({
      ratio: one / all,
      slowest: Math.min(...rates) / mean,
      all: (8 * each) / all,
      one: (8 * each) / one,
    })
  }
  const of = (/** @type {'ratio' | 'slowest' | 'all' | 'one'} */ name) =>
    median(found.map((run) => run[name]))
  return {
    ratio: of('ratio'),
    slowest: of('slowest'),
    linesPerSecond: of('all'),
    oneLinesPerSecond: of('one'),
  }
}

/**
 * Rows that are no pairs of commands: `run` returns cells (what, ours, beside, bar) and what is to be kept.
 * @param {Bench & { quick: boolean }} bench
 * @returns {{ name: string, run: (name: string) => Promise<{ cells: string[], result: object }> }[]}
 */
export function throughputMeasures({ work, tkafka, lines, topics, kafka, extraEnv, quick }) {
  const missed = (/** @type {boolean} */ good) => (good ? '' : 'MISSED')
  /** @type {(times: { p50: number, p99?: number, max?: number }) => string} */
  const ms = ({ p50, p99, max = 0 }) =>
    `p50 ${p50.toFixed(2)} ms, ${p99 ? `p99 ${p99.toFixed(2)}` : `max ${max.toFixed(0)}`} ms`
  return [
    // As many lines each as in the rows above; and so few that starting and V8's warming up are most of it.
    ...[lines, lines / 6]
      .flatMap((each) => [8, 1].map((partitions) => ({ each, partitions })))
      .map(({ each, partitions }) => ({
        name: `8 processes to ${partitions} partition${partitions > 1 ? 's' : ''}, ${each} lines each`,
        async run(/** @type {string} */ name) {
          const runs = each === lines ? 1 : 3
          const result = await manyProducers({ work, tkafka, topics, extraEnv, partitions, each, runs })
          const { ratio, slowest, linesPerSecond } = result
          const bar = `rate >= 0.9 of one, slowest >= 0.5 of mean ${missed(ratio >= 0.9 && slowest >= 0.5)}`
          const ours = `${(linesPerSecond / 1e6).toFixed(2)} M/s, slowest ${slowest.toFixed(2)} of mean`
          const one = `one process ${(result.oneLinesPerSecond / 1e6).toFixed(2)} M/s`
          return { cells: [name, ours, one, ratio.toFixed(2), bar], result }
        },
      })),
    {
      name: 'append to line out of a waiting consumer, 200 a second',
      async run(/** @type {string} */ name) {
        const ours = arrived(await latency({ tkafka, extraEnv, count: quick ? 200 : 1000 }))
        const bar = `p50 <= 1, p99 <= 5 ${missed(ours.p50 <= 1 && ours.p99 <= 5)}`
        return { cells: [name, `${ms(ours)} (${ours.lines} lines)`, '', '', bar], result: { ours } }
      },
    },
    {
      name: 'line in to line out through both console tools, 200 a second',
      async run(/** @type {string} */ name) {
        const ours = arrived(await latency({ tkafka, extraEnv, count: quick ? 200 : 1000, fromLine: true }))
        const theirs = await kafkaLatency(kafka)
        const beside = theirs === undefined ? '' : `Kafka's console tools, linger 0: ${ms(theirs)}`
        const ratio = theirs === undefined ? '' : (ours.p50 / theirs.p50).toFixed(2)
        return {
          cells: [name, `${ms(ours)} (${ours.lines} lines)`, beside, ratio, ''],
          result: { ours, theirs },
        }
      },
    },
    ...['tool', 'library'].map((kind) => ({
      name: `group of ${kind === 'tool' ? 'console-consumers' : 'programs with the library'}`,
      async run(/** @type {string} */ name) {
        const dir = extraEnv.TKAFKA_DATA_DIR
        if (!fs.existsSync(path.join(dir, 'groups-0')))
          topics('--create', '--topic', 'groups', '--partitions', '4')
        const result = await groupTimings({ dir, tkafka, kind, rounds: quick ? 5 : 20 })
        const { death, join } = result
        const ours = `killed -> taken over ${ms(death)}; joined -> its share ${ms(join)}`
        return {
          cells: [name, ours, '', '', `<= 50 ms each ${missed(death.p50 <= 50 && join.p50 <= 50)}`],
          result,
        }
      },
    })),
    {
      name: 'idle consumers',
      async run(/** @type {string} */ name) {
        const dir = extraEnv.TKAFKA_DATA_DIR
        if (!fs.existsSync(path.join(dir, 'groups-0')))
          topics('--create', '--topic', 'groups', '--partitions', '4')
        const result = await idleCosts({ dir, tkafka, seconds: quick ? 10 : 60 })
        const ours = Object.entries(result).map(([kind, percent]) => `${kind} ${percent.toFixed(2)} %`)
        const bar = `< 0.5 % of a core ${missed(Object.values(result).every((percent) => percent < 0.5))}`
        return { cells: [name, ours.join(', '), '', '', bar], result }
      },
    },
  ]
}
