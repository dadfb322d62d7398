// How the cost of one run grows with topics, partitions, the size of a log, groups: times beside bare Node in the same
// minute, as a table and as the plot of docs/performance.md (run.mjs --growth).
import fs from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { paired } from './bench.mjs'
import { makeLargePartition } from './large-partition.mjs'

const require = createRequire(import.meta.url)
const library = fileURLToPath(new URL('../dist/index.cjs', import.meta.url))
const NODE = { name: 'node -e 0', command: 'node -e 0' }

/**
 * @typedef {{ title: string, series: { name: string, points: [x: number, timesBareNode: number][] }[] }} Panel
 * @typedef {(tk: string, size: number) => string} CommandOf
 */

/**
 * @param {{ work: string, tkafka: string, runs?: number, most?: number }} options
 * @returns {Promise<Panel[]>}
 */
export async function growth({ work, tkafka, runs = 9, most = 10_000 }) {
  const upTo = (/** @type {number} */ limit, /** @type {number[]} */ sizes) =>
    sizes.filter((size) => size <= limit)
  /** @type {(title: string, sizes: readonly number[], make: (dir: string, size: number) => Promise<void>, series: [string, CommandOf][]) => Promise<Panel>} */
  const panel = async (title, sizes, make, series) => {
    /** @type {Panel} */
    const result = { title, series: series.map(([name]) => ({ name, points: [] })) }
    for (const size of sizes) {
      const dir = path.join(work, `growth-${title.replace(/\W+/g, '-')}-${size}`)
      await make(dir, size)
      for (const [i, [, command]] of series.entries()) {
        const ours = command(`${tkafka} --data-dir ${dir}`, size)
        const { peers } = await paired({ ours, peers: [NODE], runs, warmup: 2 })
        result.series[i].points.push([size, Number(peers[0].ratioOfLeast.toFixed(2))])
      }
      fs.rmSync(dir, { recursive: true, force: true })
    }
    return result
  }
  return [
    await panel('topics of 3 partitions', upTo(most, [1, 10, 100, 1000, 10_000]), withTopics, [
      ['topics --list', (tk) => `${tk} topics --list`],
      ['topics --describe of one', (tk) => `${tk} topics --describe --topic topic-0`],
      ['one line produced', (tk) => `echo x | ${tk} console-producer --topic topic-0`],
    ]),
    await panel(
      'partitions of a topic',
      upTo(most / 10, [1, 10, 100, 1000]),
      (dir, size) => withTopics(dir, 1, size),
      [
        ['topics --describe', (tk) => `${tk} topics --describe --topic topic-0`],
        ['one line produced', (tk) => `echo x | ${tk} console-producer --topic topic-0`],
        ['get-offsets', (tk) => `${tk} get-offsets --topic topic-0`],
      ],
    ),
    await panel('GB in a partition', [1, 10, 100], (dir, size) => makeLargePartition(dir, size, tkafka), [
      ['one line produced', (tk) => `echo x | ${tk} console-producer --topic large`],
      [
        'a record in the middle read',
        (tk, size) =>
          `${tk} console-consumer --topic large --partition 0 --offset ${Math.floor(size / 2) * 8_000_000} --max-messages 1`,
      ],
      ['get-offsets by time', (tk) => `${tk} get-offsets --topic large --time ${Date.now() - 3_500_000}`],
    ]),
    await panel('groups with a commit', upTo(most, [1, 10, 100, 1000, 10_000]), withGroups, [
      ['consumer-groups --list', (tk) => `${tk} consumer-groups --list`],
      ['consumer-groups --describe of one', (tk) => `${tk} consumer-groups --describe --group g0`],
    ]),
  ]
}

/**
 * @param {string} dir
 * @param {number} count
 */
async function withTopics(dir, count, partitions = 3) {
  const admin = await require(library).openLocal(dir).admin()
  for (let i = 0; i < count; i++) await admin.createTopic({ name: `topic-${i}`, partitions })
  await admin.close()
}

/**
 * @param {string} dir
 * @param {number} count
 */
async function withGroups(dir, count) {
  const admin = await require(library).openLocal(dir).admin()
  await admin.createTopic({ name: 'one', partitions: 1 })
  for (let i = 0; i < count; i++) {
    await admin.alterConsumerGroupOffsets(`g${i}`, [
      { partition: { topic: 'one', partition: 0 }, offset: { offset: 0, leaderEpoch: -1, metadata: '' } },
    ])
  }
  await admin.close()
}

/**
 * A row for each series: ratios to bare Node from the least to the most.
 * @param {readonly Panel[]} panels
 */
export function growthTable(panels) {
  const rows = panels.flatMap(({ title, series }) =>
    series.map(
      ({ name, points }) =>
        `| ${title} | ${name} | ${points.map(([x, y]) => `${x.toLocaleString('en')}: ${y.toFixed(2)}`).join(', ')} |`,
    ),
  )
  return ['| with more | what | times `node -e 0` |', '|---|---|---|', ...rows].join('\n')
}

const COLOURS = ['#1b6ca8', '#c8553d', '#3d8b5f']
const [WIDTH, HEIGHT, LEFT, TOP, PLOT_WIDTH, PLOT_HEIGHT] = [860, 620, 44, 34, 340, 200]

/**
 * Four plots with one scale: x in powers of ten, y in times bare Node.
 * @param {readonly Panel[]} panels
 * @param {string} caption
 */
export function growthPlot(panels, caption) {
  const most = Math.max(
    3,
    ...panels.flatMap(({ series }) => series.flatMap(({ points }) => points.map(([, y]) => y))),
  )
  const top = Math.ceil(most) + 1
  const parts = panels.map((panel, i) => {
    const x0 = LEFT + (i % 2) * (WIDTH / 2)
    const y0 = TOP + Math.floor(i / 2) * (HEIGHT / 2 - 6)
    return `<g transform="translate(${x0} ${y0})">${plot(panel, top)}</g>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="11">
<title>How the cost of a command grows with topics, partitions, log size and groups</title>
<rect width="100%" height="100%" fill="#fff"/>
${parts.join('\n')}
<text x="${LEFT}" y="${HEIGHT - 8}" fill="#666">${caption}</text>
</svg>
`
}

/**
 * @param {Panel} panel
 * @param {number} top
 */
function plot({ title, series }, top) {
  const sizes = series[0].points.map(([x]) => x)
  const last = Math.max(1, Math.log10(sizes[sizes.length - 1]))
  const x = (/** @type {number} */ size) => ((Math.log10(size) / last) * PLOT_WIDTH).toFixed(1)
  const y = (/** @type {number} */ ratio) => (PLOT_HEIGHT * (1 - ratio / top)).toFixed(1)
  const step = top > 8 ? Math.ceil(top / 6) : 1
  const grid = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step).map(
    (ratio) =>
      `<line x1="0" x2="${PLOT_WIDTH}" y1="${y(ratio)}" y2="${y(ratio)}" stroke="${ratio === 1 ? '#999' : '#e4e4e4'}"/><text x="-6" y="${y(ratio)}" dy="4" text-anchor="end" fill="#666">${ratio}</text>`,
  )
  const ticks = sizes.map(
    (size) =>
      `<text x="${x(size)}" y="${PLOT_HEIGHT + 15}" text-anchor="middle" fill="#666">${size.toLocaleString('en')}</text>`,
  )
  const lines = series.map(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const dots = points.map(([a, b]) => `<circle cx="${x(a)}" cy="${y(b)}" r="3" fill="${colour}"/>`).join('')
    const legend = `<text x="${8}" y="${14 + i * 14}" fill="${colour}">${name}</text>`
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.map(([a, b]) => `${x(a)},${y(b)}`).join(' ')}"/>${dots}${legend}`
  })
  const heading = `<text x="0" y="-12" font-size="13" font-weight="bold" fill="#222">${title}</text>`
  return [heading, ...grid, ...ticks, ...lines].join('')
}
