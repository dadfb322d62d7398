/** Family: what takes the output is full, of limited size, or goes away. With the real binary. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { openLocal } from '../../src/index.ts'
import { type Arena, outsideOf, type Verdict, worksAgain } from './arena.ts'
import { differences } from './tree.ts'

const RECORDS = 3000
const FORMATS = [
  '',
  '--output jsonl',
  '--output tsv',
  '--formatter-property print.key=true',
  '--formatter-property print.offset=true --formatter-property print.timestamp=true',
  '--value-deserializer org.apache.kafka.common.serialization.StringDeserializer',
  '--max-messages 2900',
]

/** The binary of the tree that is attacked. */
export function binary(): string {
  return path.join(process.env.TKAFKA_ATTACK_ROOT ?? '.', 'bin/tkafka')
}

export async function fillWith(dir: string, topic: string, records: number): Promise<void> {
  const producer = await openLocal(dir).producer()
  const sent = []
  for (let i = 0; i < records; i++)
    sent.push(producer.send({ topic, key: `${i}`, value: `${i} ${'v'.repeat(i % 40)}` }))
  await Promise.all(sent)
  await producer.close()
}

export async function commitOf(dir: string, group: string, partition: string): Promise<number> {
  const admin = await openLocal(dir).admin()
  try {
    for (const { partition: at, offset } of (await admin.listConsumerGroupOffsets(group)).values()) {
      if (`${at.topic}-${at.partition}` === partition) return offset.offset
    }
    return 0
  } finally {
    await admin.close()
  }
}

function shell(dir: string, script: string) {
  const env = { ...process.env, TKAFKA_DATA_DIR: dir, HOME: path.resolve(dir, '../..') }
  const { stdout, stderr, status, signal } = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    env,
    timeout: 9000,
  })
  return { stdout, stderr, status, timedOut: signal !== null }
}

export async function fillOutputs(arena: Arena): Promise<Verdict> {
  const { chance, dir } = arena
  await fillWith(dir, 'z', RECORDS)
  const outside = outsideOf(arena)
  const file = path.join(path.dirname(dir), 'delivered')
  const format = chance.of(FORMATS)
  const sink = chance.of(['full', 'limit', 'limit', 'pipe'])
  const end = chance.oneIn(2) ? '--until-end' : '--timeout-ms 1000'
  const command = `"${process.execPath}" "${binary()}" console-consumer --topic z --group out --from-beginning ${end} ${format}`
  const kilobytes = 1 + chance.below(40)
  const script = {
    full: `${command} > /dev/full`,
    limit: `ulimit -f ${kilobytes}; ${command} > "${file}"`,
    pipe: `${command} | head -c ${kilobytes * 1000} > "${file}"; exit \${PIPESTATUS[0]}`,
  }[sink] as string
  const what = `${arena.template.name}: ${format} ${end} into ${sink}${sink === 'full' ? '' : ` of ${kilobytes} KB`}`

  const broken: string[] = []
  const first = shell(dir, script)
  if (first.timedOut) broken.push('it hangs')
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'latin1').split('\n').length - 1 : 0
  const expected = sink === 'pipe' ? 0 : 1
  if (first.status !== expected)
    broken.push(`it ends with ${first.status}, not ${expected}: ${first.stderr.slice(0, 200)}`)
  const said = first.stderr
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('Processed a total of'))
  if (expected === 1 && said.length !== 1)
    broken.push(`it says ${JSON.stringify(first.stderr.slice(0, 300))}`)
  if (said.some((line) => line.includes(dir))) broken.push(`it blames the directory: ${said[0]}`)
  const committed = await commitOf(dir, 'out', 'z-0')
  // A pipe may have taken what its reader left in it.
  const delivered = sink === 'pipe' ? RECORDS * 2 : lines
  if (committed > delivered) broken.push(`${committed} committed, ${lines} delivered`)

  const rest = shell(
    dir,
    `"${process.execPath}" "${binary()}" console-consumer --topic z --group out --from-beginning --until-end`,
  )
  const more = rest.stdout.split('\n').length - 1
  const all = arena.template.partitions.find(({ topic }) => topic === 'z')!.end + RECORDS
  if (rest.status !== 0) broken.push(`the next one ends with ${rest.status}: ${rest.stderr.slice(0, 200)}`)
  else if (more !== all - committed)
    broken.push(`the next one is given ${more} of the ${all - committed} that were not committed`)
  fs.rmSync(file, { force: true })
  broken.push(...differences(outside, outsideOf(arena)))
  broken.push(
    ...(await worksAgain(arena, new Map([['z-0', all - 1]]))).map((line) => `the next run: ${line}`),
  )
  return { what, broken }
}
