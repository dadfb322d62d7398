// `npm run bench [-- --quick] [-- --only REGEX]`: the table of docs/performance.md, each figure beside what it stands
// against, in one run. Ratios are what counts; absolute figures belong to the machine that is named.
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { machine, paired } from './bench.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tkafka = path.join(root, 'bin/tkafka')
const quick = process.argv.includes('--quick')
const only = new RegExp(
  process.argv[process.argv.indexOf('--only') + 1] && process.argv.includes('--only')
    ? process.argv[process.argv.indexOf('--only') + 1]
    : '',
)
const LINES = quick ? 300_000 : 3_000_000
const RUNS = quick ? 3 : 5

const work = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-bench-'))
process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
const dataDir = path.join(work, 'data')
const extraEnv = { TKAFKA_DATA_DIR: dataDir }
const tk = (...args) =>
  execFileSync(process.execPath, [tkafka, ...args], {
    env: { ...process.env, ...extraEnv },
    stdio: ['ignore', 'pipe', 'inherit'],
  })

/** Lines of 100 bytes with the line end; keyed ones begin with one of 10,000 keys and a tab. */
function lines(file, keyed) {
  const fd = fs.openSync(file, 'w')
  const filler = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(4)
  for (let done = 0; done < LINES; done += 10_000) {
    let text = ''
    for (let i = done; i < Math.min(LINES, done + 10_000); i++) {
      const head = keyed ? `k${i % 10_000}\t${i}-` : `${i}-`
      text += `${head}${filler.slice(0, 99 - head.length)}\n`
    }
    fs.writeSync(fd, text)
  }
  fs.closeSync(fd)
}
const plain = path.join(work, 'lines')
const keyed = path.join(work, 'keyed')
const freshTopic = (name, partitions) => () => {
  try {
    tk('topics', '--delete', '--topic', name)
  } catch {}
  tk('topics', '--create', '--topic', name, '--partitions', `${partitions}`)
}

const rows = [
  {
    name: 'topics --list, small directory',
    bar: 1.8,
    runs: 21,
    setup: () => tk('topics', '--create', '--topic', 'small', '--if-not-exists'),
    ours: `${tkafka} topics --list`,
    peers: [{ name: 'node -e 0', command: 'node -e 0' }],
  },
  {
    name: 'echo x | console-producer',
    runs: 21,
    setup: () => tk('topics', '--create', '--topic', 'small', '--if-not-exists'),
    ours: `echo x | ${tkafka} console-producer --topic small`,
    peers: [{ name: 'node -e 0', command: 'node -e 0' }],
  },
  {
    name: `${LINES / 1e6} M lines of 100 B, pipe -> 1 partition (synced once before exit)`,
    bar: 3,
    setup: () => lines(plain, false),
    prepare: freshTopic('in', 1),
    ours: `cat ${plain} | ${tkafka} console-producer --topic in`,
    peers: [
      { name: 'cat > file', command: `cat ${plain} | cat > ${work}/copy` },
      { name: 'cat > file, sync -d', command: `cat ${plain} | cat > ${work}/copy && sync -d ${work}/copy` },
    ],
  },
  {
    name: 'the same with parse.key, 8 partitions, murmur2',
    setup: () => lines(keyed, true),
    prepare: freshTopic('keyed', 8),
    ours: `cat ${keyed} | ${tkafka} console-producer --topic keyed --reader-property parse.key=true`,
    peers: [
      { name: 'cat > file, sync -d', command: `cat ${keyed} | cat > ${work}/copy && sync -d ${work}/copy` },
    ],
  },
  {
    name: `${LINES / 1e6} M records out to a pipe`,
    bar: 4,
    ours: `${tkafka} console-consumer --topic in --from-beginning --max-messages ${LINES} | cat > /dev/null`,
    peers: [
      {
        name: 'node, stdin to stdout',
        command: `cat ${plain} | node -e 'process.stdin.pipe(process.stdout)' | cat > /dev/null`,
      },
    ],
  },
  {
    name: 'the same with key, timestamp, offset, headers printed',
    ours: `${tkafka} console-consumer --topic in --from-beginning --max-messages ${LINES} --formatter-property print.key=true --formatter-property print.timestamp=true --formatter-property print.offset=true --formatter-property print.headers=true | cat > /dev/null`,
    peers: [
      {
        name: 'the plain form',
        command: `${tkafka} console-consumer --topic in --from-beginning --max-messages ${LINES} | cat > /dev/null`,
      },
    ],
  },
]

console.log(`machine: ${machine()}\n`)
console.log('| what | ours | peak MB | beside | ratio | bar |\n|---|---|---|---|---|---|')
const results = []
for (const row of rows) {
  if (!only.test(row.name)) {
    if (row.name.includes('pipe -> 1 partition')) {
      row.setup()
      row.prepare()
      execFileSync('sh', ['-c', row.ours], { env: { ...process.env, ...extraEnv } })
    }
    continue
  }
  row.setup?.()
  const result = await paired({ ...row, runs: row.runs ?? RUNS, extraEnv })
  results.push({ name: row.name, bar: row.bar, ...result })
  result.peers.forEach((peer, i) => {
    const bar =
      i === 0 && row.bar !== undefined ? `<= ${row.bar} ${peer.ratio <= row.bar ? '' : 'MISSED'}` : ''
    const mine = i === 0 ? `${(result.seconds * 1000).toFixed(0)} ms | ${result.peakMb}` : ' | '
    console.log(
      `| ${i === 0 ? row.name : ''} | ${mine} | ${peer.name} ${(peer.seconds * 1000).toFixed(0)} ms | ${peer.ratio.toFixed(2)} | ${bar} |`,
    )
  })
}
if (!quick) {
  const file = path.join(root, 'bench/results', `${new Date().toISOString().slice(0, 10)}.json`)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, `${JSON.stringify({ machine: machine(), results }, null, 2)}\n`)
}
