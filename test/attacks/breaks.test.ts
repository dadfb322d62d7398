/**
 * The attack bench on trial: the code is broken on purpose at the root of each family, in a copy of the tree, and the same
 * attacks must see it that pass on the tree as it is. Part of `npm run test:attacks`.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { AttackBench, treeRoot } from './bench.ts'

interface Break {
  readonly family: string
  readonly what: string
  readonly file: string
  readonly from: string
  readonly to: string
  readonly attacks: number
  /** Tools of the binary that it is in. */
  readonly tools?: readonly string[]
}

const BREAKS: readonly Break[] = [
  {
    family: 'mutate',
    what: 'checksums are not looked at',
    file: 'src/record/record-batch.ts',
    from: 'if (computed !== this.crc) return',
    to: 'if (computed !== computed) return',
    attacks: 60,
  },
  {
    family: 'fail calls',
    what: 'a write that fails is taken for one that did not',
    file: 'src/log/log-appender.ts',
    from: 'written += someWritten(fs.write(fd, buffer, from, run.end - from, position + written))',
    to: 'try { fs.write(fd, buffer, from, run.end - from, position + written) } catch {} written += run.end - from',
    attacks: 120,
  },
  {
    family: 'plant',
    what: 'every link may lead everywhere',
    file: 'src/os/guarded-path.ts',
    from: '  try {\n    if (!stat.isFile()) throw notRegular(at, stat)',
    to: '  try {\n    if (stat.isFIFO()) throw notRegular(at, stat)',
    attacks: 60,
  },
  {
    family: 'signals',
    what: 'SIGTERM is heard and nothing follows',
    file: 'src/main.ts',
    from: "process.on('SIGTERM', onSignal)",
    to: "process.on('SIGTERM', () => {})",
    attacks: 60,
    tools: ['console-consumer', 'console-producer', 'verifiable-producer', 'log-cleaner', 'topics'],
  },
]

/** A copy of the tree with one line changed. Beneath node_modules, so that packages are found. */
function brokenTree({ file, from, to, tools }: Break, number: number): string {
  const root = path.join(treeRoot, `node_modules/.cache/tkafka-break-${number}/`)
  fs.rmSync(root, { recursive: true, force: true })
  for (const part of [
    'src',
    'test/attacks',
    'test/support',
    'bin',
    'scripts',
    'package.json',
    'tsconfig.json',
  ]) {
    fs.cpSync(path.join(treeRoot, part), path.join(root, part), { recursive: true })
  }
  const text = fs.readFileSync(path.join(root, file), 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${file} has not once: ${from}`)
  fs.writeFileSync(path.join(root, file), text.replace(from, to))
  if (tools !== undefined)
    execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--no-types', ...tools], {
      stdio: 'inherit',
    })
  return root
}

async function violated(root: string, { family, attacks }: Break): Promise<Set<number>> {
  const bench = await AttackBench.start(root)
  const { violations } = await bench.run(family, 1, 0, attacks)
  bench.end()
  return new Set(violations.map(({ index }) => index))
}

describe.skipIf(process.env.TKAFKA_BENCH !== 'attacks' || process.env.TKAFKA_ATTACK !== undefined)(
  'the bench sees',
  () => {
    it.each(BREAKS.map((broken, number) => ({ ...broken, number })))('$family: $what', async (broken) => {
      const root = brokenTree(broken, broken.number)
      const before = await violated(treeRoot, broken)
      const seen = [...(await violated(root, broken))].filter((index) => !before.has(index))
      fs.rmSync(root, { recursive: true, force: true })
      console.log(`${broken.family}, ${broken.what}: seen by ${seen.length} of ${broken.attacks} attacks`)
      expect(seen.length).toBeGreaterThan(0)
    })
  },
)
