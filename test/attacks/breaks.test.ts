/**
 * The attack bench on trial: the code is broken on purpose at the root of each family, in a copy of the tree, and the same
 * attacks must see it that pass on the tree as it is. Part of `npm run test:attacks`; TKAFKA_FAMILY takes one family.
 */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { AttackBench, treeRoot } from './bench.ts'

type Edit = readonly [file: string, from: string, to: string]

interface Break {
  readonly family: string
  readonly what: string
  readonly edits: readonly Edit[]
  /** Seen by one of so many, from the first on; no more than a full run has in a seed. */
  readonly attacks: number
  /** Tools of the binary that it is in. */
  readonly tools?: readonly string[]
}

const WAITING = ['console-consumer', 'console-producer', 'topics']

const BREAKS: readonly Break[] = [
  {
    family: 'mutate',
    what: 'checksums are not looked at',
    edits: [
      [
        'src/record/record-batch.ts',
        'if (computed !== this.crc) return',
        'if (computed !== computed) return',
      ],
    ],
    attacks: 300,
  },
  {
    family: 'mutate',
    what: 'what is known of the end is not asked (A2)',
    edits: [
      ['src/log/opening/known-end.ts', 'if (this.#judging || local.tail', 'if (!this.#judging || local.tail'],
    ],
    attacks: 300,
  },
  {
    family: 'fail calls',
    what: 'a write that fails is taken for one that did not',
    edits: [
      [
        'src/log/log-appender.ts',
        'written += someWritten(fs.write(fd, buffer, from, run.end - from, position + written))',
        'try { fs.write(fd, buffer, from, run.end - from, position + written) } catch {} written += run.end - from',
      ],
    ],
    attacks: 300,
  },
  {
    family: 'fail calls',
    what: 'what is cut is not read again (A1)',
    edits: [
      [
        'src/log/opening/second-reading.ts',
        'const { position, nextOffset, size } = bad',
        'if (bad) return; const { position, nextOffset, size } = bad as any',
      ],
      ['src/log/opening/second-reading.ts', 'if (differs !== undefined) throw', 'if (differs === -1) throw'],
    ],
    attacks: 600,
  },
  {
    family: 'fail calls',
    what: 'a lock is kept behind a failing call (B)',
    edits: [
      ['src/local/directory/directory-lock.ts', '      this.close()\n      throw error', '      throw error'],
    ],
    attacks: 600,
  },
  {
    family: 'fail calls',
    what: 'a producer writes behind the first batch that it lost (A6)',
    edits: [
      [
        'src/local/producer/producer-stop.ts',
        'if (stopped !== undefined) throw stopped',
        'if (stopped === null) throw stopped',
      ],
      ['src/local/producer/producer-stop.ts', 'this.#first ??= error as Error', 'void error'],
    ],
    attacks: 600,
  },
  {
    family: 'plant',
    what: 'what is no file is taken for one (B4)',
    edits: [
      [
        'src/os/guarded-path.ts',
        '  try {\n    if (!stat.isFile()) throw notRegular(at, stat)',
        '  try {\n    if (stat.isSocket()) throw notRegular(at, stat)',
      ],
      [
        'src/os/guarded-path.ts',
        'const asked = (flags & ~(O_TRUNC | O_CREAT)) | O_NONBLOCK',
        'const asked = flags & ~(O_TRUNC | O_CREAT)',
      ],
    ],
    attacks: 150,
  },
  {
    family: 'plant',
    what: 'links are followed (C1)',
    edits: [['src/os/guarded-path.ts', 'openSync(at, asked | O_NOFOLLOW)', 'openSync(at, asked)']],
    attacks: 150,
  },
  {
    family: 'forge',
    what: 'names are not looked at (C2)',
    edits: [
      [
        'src/metadata/topic-drafts.ts',
        'return isTopicName(name) &&',
        'return name.length < 9999 || isTopicName(name) &&',
      ],
    ],
    attacks: 150,
  },
  {
    family: 'outputs',
    what: 'a commit counts what was printed, not what was taken (A7)',
    edits: [
      [
        'src/commands/console-consumer.ts',
        'const cut = this.#printer.cut()',
        'const cut = Math.random() < 2 ? undefined : this.#printer.cut()',
      ],
    ],
    attacks: 12,
    tools: ['console-consumer'],
  },
  {
    family: 'signals',
    what: 'SIGTERM is heard and nothing follows',
    edits: [['src/main.ts', "process.on('SIGTERM', onSignal)", "process.on('SIGTERM', () => {})"]],
    attacks: 30,
    tools: ['console-consumer', 'console-producer', 'verifiable-producer', 'log-cleaner', 'topics'],
  },
  {
    family: 'waits',
    what: 'a wait is silent for ever (B3)',
    edits: [['src/os/lock-wait.ts', 'TELL_AFTER_MS = 2000', 'TELL_AFTER_MS = 2000000']],
    attacks: 15,
    tools: WAITING,
  },
  {
    family: 'waits',
    what: 'a wait hears no signal (B2)',
    edits: [['src/os/lock-wait.ts', 'if (interruption !== undefined) {', 'if (interruption === null) {']],
    attacks: 15,
    tools: WAITING,
  },
  {
    family: 'waits',
    what: 'a wait outlasts its deadline (B2)',
    edits: [['src/client/consumer/patient-work.ts', 'if (left <= 0) break', 'if (left <= -3_600_000) break']],
    attacks: 15,
    tools: WAITING,
  },
]

const { TKAFKA_FAMILY } = process.env
const CHOSEN = BREAKS.map((broken, number) => ({ ...broken, number })).filter(
  ({ family }) => family === (TKAFKA_FAMILY ?? family),
)

/** A copy of the tree with one line changed. Beneath node_modules, so that packages are found. */
function brokenTree({ edits, tools }: Break, number: number): string {
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
  for (const [file, from, to] of edits) {
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    if (text.split(from).length !== 2) throw new Error(`${file} has not once: ${from}`)
    fs.writeFileSync(
      path.join(root, file),
      text.replace(from, () => to),
    )
  }
  if (tools !== undefined)
    execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--no-types', ...tools], {
      stdio: 'inherit',
    })
  return root
}

/** The number of the first attack that sees it. They pass on the tree as it is: attacks.test.ts shows that. */
async function firstSeen(root: string, { family, attacks }: Break): Promise<number | undefined> {
  const bench = await AttackBench.start(root)
  try {
    const { violations } = await bench.run(family, 101, 0, attacks, true)
    return violations[0]?.index
  } finally {
    bench.end()
  }
}

describe.skipIf(process.env.TKAFKA_BENCH !== 'attacks' || process.env.TKAFKA_ATTACK !== undefined)(
  'the bench sees',
  () => {
    it.each(CHOSEN)('$family: $what', async (broken) => {
      const root = brokenTree(broken, broken.number)
      const seen = await firstSeen(root, broken)
      fs.rmSync(root, { recursive: true, force: true })
      console.log(`${broken.family}, ${broken.what}: seen by attack ${seen} of ${broken.attacks}`)
      expect(seen).toBeDefined()
    })
  },
)
