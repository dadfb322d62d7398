// `npm run demo`: the whole story on real data. Flights of 2001 keyed by their origin airport, a week of earthquakes
// keyed by region; groups, a reset to earliest, a change of settings. The directory stays, to be explored.
//   node scripts/demo.mjs [DIR]
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const cli = path.join(root, 'bin/tkafka')

/**
 * @typedef {[key: string, value: string][]} Pairs
 * @typedef {{ dataDir: string, say: (line: string) => void }} DemoOptions
 * @typedef {ReturnType<typeof stage> & ReturnType<typeof realData>} Story
 */

/**
 * `[key, value]` pairs of both data sets; the event's own time stays in the value.
 * @returns {{ flights: Pairs, quakes: Pairs }}
 */
export function realData() {
  const folder = path.join(root, 'node_modules/vega-datasets/data')
  const json = (/** @type {string} */ name) => JSON.parse(fs.readFileSync(path.join(folder, name), 'utf8'))
  /** @type {{ origin: string }[]} */
  const allFlights = json('flights-20k.json')
  /** @type {{ features: { properties: { time: number, mag: number, place: string } }[] }} */
  const allQuakes = json('earthquakes.json')
  /** @type {Pairs} */
  const flights = allFlights.map((f) => [f.origin, JSON.stringify(f)])
  /** @type {Pairs} */
  const quakes = allQuakes.features
    .map(({ properties: q }) => ({ time: q.time, mag: q.mag, place: q.place }))
    .sort((a, b) => a.time - b.time)
    .map((q) => [q.place.slice(q.place.lastIndexOf(',') + 1).trim(), JSON.stringify(q)])
  return { flights, quakes }
}

/**
 * The tools on one directory, and a check that says what it found.
 * @param {DemoOptions} options
 */
function stage({ dataDir, say }) {
  /** @type {(args: string[], options?: { stdin?: string, show?: boolean, lines?: number }) => string[]} */
  const tkafka = (args, { stdin, show = true, lines = 12 } = {}) => {
    const shown = args
      .map((a) => (/[\s'"\t;|&<>$]/.test(a) || a === '' ? `'${a.replaceAll('\t', '\\t')}'` : a))
      .join(' ')
    say(`$ tkafka ${shown}${stdin === undefined ? '' : '   < the data, one line a record'}`)
    const result = spawnSync(process.execPath, [cli, ...args], {
      env: { ...process.env, TKAFKA_DATA_DIR: dataDir },
      input: stdin ?? '',
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
    if (result.status !== 0) throw new Error(`tkafka ${shown}: ${result.stderr}`)
    const out = result.stdout.split('\n').filter((line) => line !== '')
    if (show) {
      for (const line of out.slice(0, lines)) say(`  ${line}`)
      if (out.length > lines) say(`  ... ${out.length - lines} more lines`)
    }
    return out
  }
  /** @type {(what: string, is: string | number, should: string | number) => void} */
  const check = (what, is, should) => {
    if (is !== should) throw new Error(`${what}: ${is}, should be ${should}`)
    say(`  -> ${what}: ${is}`)
  }
  return { tkafka, check, say }
}

/**
 * Runs the story in `dataDir`; `say` gets each line to show. Throws when a step does not do what it should.
 * @param {DemoOptions} options
 */
export async function demo({ dataDir, say }) {
  const story = { ...stage({ dataDir, say }), ...realData() }
  flightsAndQuakes(story)
  groups(story)
  compaction(story)
  say("\n8. Settings are Kafka's, and kept in Kafka's own metadata log.")
  story.tkafka(['configs', '--alter', '--topic', 'flights', '--add-config', 'retention.ms=604800000'])
  story.tkafka(['topics', '--describe', '--topic', 'flights'])
}

/** @param {Story} story */
function flightsAndQuakes({ tkafka, check, say, flights, quakes }) {
  const text = (/** @type {Pairs} */ pairs) => pairs.map(([key, value]) => `${key}\t${value}\n`).join('')
  const airports = new Set(flights.map(([key]) => key))
  const keyed = ['--reader-property', 'parse.key=true']
  say('\n1. Two topics: flights in three partitions, earthquakes compacted to the latest of each region.')
  tkafka(['topics', '--create', '--topic', 'flights', '--partitions', '3'])
  tkafka(['topics', '--create', '--topic', 'earthquakes', '--config', 'cleanup.policy=compact'])

  say(
    `\n2. Real data through a pipe: ${flights.length} flights keyed by origin, ${quakes.length} earthquakes keyed by region.`,
  )
  tkafka(['console-producer', '--topic', 'flights', ...keyed, '--compression-codec', 'zstd'], {
    stdin: text(flights),
  })
  tkafka(['console-producer', '--topic', 'earthquakes', ...keyed], { stdin: text(quakes) })
  tkafka(['get-offsets', '--topic', 'flights'])

  say('\n3. An airport lives in one partition, so its flights keep their order.')
  const read = tkafka(
    [
      'console-consumer',
      '--topic',
      'flights',
      '--from-beginning',
      '--until-end',
      '--formatter-property',
      'print.key=true',
      '--formatter-property',
      'print.partition=true',
    ],
    { lines: 3 },
  )
  const homes = new Map()
  const orders = new Map()
  for (const line of read) {
    const [partition, key, value] = line.split('\t')
    homes.set(key, (homes.get(key) ?? new Set()).add(partition))
    if (!orders.has(key)) orders.set(key, [])
    orders.get(key).push(value)
  }
  check('flights read', read.length, flights.length)
  check('airports', homes.size, airports.size)
  check(
    'airports that live in more than one partition',
    [...homes.values()].filter((h) => h.size > 1).length,
    0,
  )
  const jumbled = [...airports].filter(
    (a) =>
      orders.get(a).join() !==
      flights
        .filter(([k]) => k === a)
        .map(([, v]) => v)
        .join(),
  )
  check('airports whose flights are out of order', jumbled.length, 0)
}

/** @param {Story} story */
function groups({ tkafka, check, say, flights }) {
  say('\n4. A group reads some, stops, and goes on where it stopped.')
  const group = ['--topic', 'flights', '--group', 'delays', '--timeout-ms', '2000']
  const first = tkafka(['console-consumer', ...group, '--from-beginning', '--max-messages', '5000'], {
    lines: 2,
  })
  const rest = tkafka(['console-consumer', ...group], { lines: 2 })
  check('first and rest together', first.length + rest.length, flights.length)
  tkafka(['consumer-groups', '--describe', '--group', 'delays'])

  say('\n5. Once more from the start: reset to earliest, and the mean delay of all flights.')
  tkafka([
    'consumer-groups',
    '--reset-offsets',
    '--group',
    'delays',
    '--topic',
    'flights',
    '--to-earliest',
    '--execute',
  ])
  const again = tkafka(['console-consumer', ...group], { lines: 1 })
  check('flights read again', again.length, flights.length)
  const mean = (/** @type {string[]} */ lines) =>
    (lines.reduce((sum, line) => sum + JSON.parse(line).delay, 0) / lines.length).toFixed(2)
  check('mean delay in minutes', mean(again), mean(flights.map(([, v]) => v)))
}

/** @param {Story} story */
function compaction({ tkafka, check, say, quakes }) {
  say(
    '\n6. The latest earthquake of each region: the last value of each key, which is what compaction keeps.',
  )
  const table = new Map()
  for (const line of tkafka(
    [
      'console-consumer',
      '--topic',
      'earthquakes',
      '--from-beginning',
      '--until-end',
      '--formatter-property',
      'print.key=true',
    ],
    { show: false },
  )) {
    const tab = line.indexOf('\t')
    table.set(line.slice(0, tab), JSON.parse(line.slice(tab + 1)))
  }
  check('regions', table.size, new Set(quakes.map(([k]) => k)).size)
  for (const region of ['Alaska', 'Japan', 'Hawaii']) {
    const q = table.get(region)
    if (q) say(`  ${region}: magnitude ${q.mag}, ${q.place}, ${new Date(q.time).toISOString()}`)
  }

  say('\n7. Compaction, as cron would run it: the table stays what it was, the history behind it goes.')
  tkafka(['log-cleaner', '--topic', 'earthquakes', '--compaction', '--now'])
  const compacted = tkafka(
    [
      'console-consumer',
      '--topic',
      'earthquakes',
      '--from-beginning',
      '--until-end',
      '--formatter-property',
      'print.key=true',
    ],
    { show: false },
  )
  check('earthquakes kept, one a region', compacted.length, table.size)
  const wrong = compacted.filter((line) => {
    const tab = line.indexOf('\t')
    return JSON.stringify(table.get(line.slice(0, tab))) !== line.slice(tab + 1)
  })
  check('regions whose latest earthquake changed', wrong.length, 0)
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const dataDir = path.resolve(process.argv[2] ?? 'demo-data')
  if (fs.existsSync(dataDir) && fs.readdirSync(dataDir).length > 0) {
    console.error(
      `demo: ${dataDir} is not empty; remove it (rm -r) or name another directory: npm run demo -- DIR`,
    )
    process.exit(1)
  }
  const started = Date.now()
  await demo({ dataDir, say: (line) => console.log(line) })
  const shown = path.relative(process.cwd(), dataDir) || '.'
  console.log(
    `\nDone in ${((Date.now() - started) / 1000).toFixed(1)} s. The directory is yours to explore, and a genuine broker can be started on it:`,
  )
  console.log(`  export TKAFKA_DATA_DIR=${shown.startsWith('..') ? dataDir : `"$PWD/${shown}"`}`)
  console.log('  ./bin/tkafka topics --list')
  console.log('  ./bin/tkafka console-consumer --topic earthquakes --from-beginning --max-messages 3')
}
