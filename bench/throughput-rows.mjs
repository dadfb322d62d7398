// The rows of run.mjs about many records: pipes, keys, codecs, many processes, latency.
import { execFileSync, spawn } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { env, median } from './bench.mjs'

/** @param {{ work: string, tkafka: string, lines: number, topics: (...args: string[]) => unknown, kafka: object, extraEnv: object }} bench */
export function throughputRows({ work, tkafka, lines, topics, kafka, extraEnv }) {
  const plain = path.join(work, 'lines')
  const keyed = path.join(work, 'keyed')
  const million = `${lines / 1e6} M`
  const topicsMade = new Set()
  const fresh = (name, partitions) => () => {
    if (topicsMade.has(name)) topics('--delete', '--topic', name)
    topicsMade.add(name)
    topics('--create', '--topic', name, '--partitions', `${partitions}`)
  }
  const cat = (file) => ({ name: 'cat > file', command: `cat ${file} | cat > ${work}/copy` })
  const catSync = (file) => ({
    name: 'cat > file, sync -d',
    command: `cat ${file} | cat > ${work}/copy && sync -d ${work}/copy`,
  })
  const there = (peers) => peers.filter((peer) => peer.command !== undefined)
  const once = (() => {
    const made = new Set()
    return (name, partitions) => {
      if (made.has(name) || kafka.topic === undefined) return
      made.add(name)
      kafka.topic(name, partitions)
    }
  })()
  const producers = (file, topic, flags = '') =>
    there([
      { name: 'kcat -P', command: kafka.kcat(`-P -t ${topic} -l ${file}`) },
      {
        name: 'kafka-console-producer',
        command: kafka.tool(
          'ConsoleProducer',
          `--bootstrap-server {server} --topic ${topic} ${flags} < ${file} > /dev/null`,
        ),
      },
      {
        name: 'kafka-producer-perf-test',
        command: kafka.tool(
          'ProducerPerformance',
          `--topic ${topic} --num-records ${lines} --record-size 99 --throughput -1 --producer-props bootstrap.servers={server}`,
        ),
      },
    ])
  const produce = (name, topic, partitions, file, flags, peers, bar) => ({
    name,
    bar,
    setup: () => {
      makeLines(plain, lines, false)
      makeLines(keyed, lines, true)
      once(topic, partitions)
    },
    prepare: fresh(topic, partitions),
    ours: `cat ${file} | ${tkafka} console-producer --topic ${topic} ${flags}`,
    peers,
  })
  const consume = (flags) =>
    `${tkafka} console-consumer --topic in --from-beginning --max-messages ${lines} ${flags} | cat > /dev/null`
  const filled = () => {
    makeLines(plain, lines, false)
    fresh('in', 1)()
    execFileSync('sh', ['-c', `cat ${plain} | ${tkafka} console-producer --topic in`], {
      env: { ...env, ...extraEnv },
    })
  }
  const codecAlone = (codec) => ({
    name: `${codec} alone, in one process`,
    command: `node ${path.join(import.meta.dirname, 'codec-alone.mjs')} ${codec} ${plain}`,
  })
  return [
    produce(
      `${million} lines of 100 B, pipe -> 1 partition (synced once before exit)`,
      'in',
      1,
      plain,
      '',
      [catSync(plain), cat(plain), ...producers(plain, 'in')],
      1.8,
    ),
    produce(
      'the same with parse.key, 8 partitions, murmur2',
      'keyed',
      8,
      keyed,
      '--reader-property parse.key=true',
      [cat(keyed), catSync(keyed), ...producers(keyed, 'keyed', '--reader-property parse.key=true')],
      3,
    ),
    ...['lz4', 'zstd'].map((codec) =>
      produce(`the same with ${codec}, 1 partition`, codec, 1, plain, `--compression-codec ${codec}`, [
        codecAlone(codec),
        cat(plain),
      ]),
    ),
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
          { name: 'kcat -C', command: kafka.kcat(`-C -t in -o beginning -c ${lines} > /dev/null`) },
          {
            name: 'kafka-console-consumer',
            command: kafka.tool(
              'consumer.ConsoleConsumer',
              `--bootstrap-server {server} --topic in --from-beginning --max-messages ${lines} > /dev/null`,
            ),
          },
          {
            name: 'kafka-consumer-perf-test',
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
    ...[8, 1].map((partitions) => ({
      name: `8 processes to ${partitions} partition${partitions > 1 ? 's' : ''}, ${million} lines in all`,
      bar: 1.1,
      setup: () => makeLines(plain, lines, false),
      prepare: () => {
        fresh('many', partitions)()
        fresh('one', 1)()
      },
      ours: [
        ...Array.from({ length: 8 }, (_, i) => {
          const part = `tail -n +${(i * lines) / 8 + 1} ${plain} | head -n ${lines / 8}`
          const partition = partitions > 1 ? `--partition ${i}` : ''
          return `{ ${part} | ${tkafka} console-producer --topic many ${partition}; } &`
        }),
        'wait',
      ].join(' '),
      peers: [{ name: 'one process', command: `cat ${plain} | ${tkafka} console-producer --topic one` }],
    })),
  ]
}

/** Lines of 100 bytes with the line end; keyed ones begin with one of 10,000 keys and a tab. Made once. */
function makeLines(file, count, keyed) {
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

/** From a line into a producer's pipe to the line out of a waiting consumer's, in ms: 200 lines a second. */
export async function latency({ tkafka, extraEnv, count = 600 }) {
  const start = (args, stdio) =>
    spawn(process.execPath, [tkafka, ...args], { env: { ...env, ...extraEnv }, stdio })
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const now = () => performance.timeOrigin + performance.now()
  const producer = start(['console-producer', '--topic', 'latency'], ['pipe', 'ignore', 'ignore'])
  producer.stdin.write('0\n')
  await sleep(1000)
  const consumer = start(['console-consumer', '--topic', 'latency'], ['ignore', 'pipe', 'ignore'])
  const taken = []
  let rest = ''
  consumer.stdout.on('data', (data) => {
    const at = now()
    const lines = (rest + data).split('\n')
    rest = lines.pop()
    for (const line of lines) taken.push(at - Number(line))
  })
  await sleep(1500)
  for (let i = 0; i < count; i++) {
    producer.stdin.write(`${now()}\n`)
    await sleep(5)
  }
  await sleep(500)
  producer.stdin.end()
  consumer.kill('SIGTERM')
  taken.sort((a, b) => a - b)
  return { lines: taken.length, p50: median(taken), p99: taken[Math.floor(taken.length * 0.99)] }
}
