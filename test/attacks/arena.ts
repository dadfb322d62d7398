/** Where one attack takes place: a copy of a template, and beside it what is none of tkafka's business. */
import fs from 'node:fs'
import path from 'node:path'
import type { Chance } from './chance.ts'
import {
  bytesKept,
  commitsKept,
  type Harm,
  isSetAside,
  NO_HARM,
  newRecordsKept,
  offsetsKept,
  readingKept,
  wordsKept,
} from './promises.ts'
import type { Template } from './templates.ts'
import { differences, portrait, writeTree } from './tree.ts'
import { consumeAsGroup, look, produce, quickOs, Told, withAdmin } from './use.ts'

export interface Arena {
  readonly chance: Chance
  readonly template: Template
  readonly dir: string
  /** A folder beside the directory that belongs to somebody else. */
  readonly outside: string
  /** What is being done, for the report of an attack that does not come back. */
  doing: string
}

export interface Strike {
  /** What was done, in one line. */
  readonly what: string
  readonly harm: Harm
  /** It may make tkafka refuse everything, with a word for it; nothing may be lost all the same. */
  readonly bars?: boolean
  /** What mends such damage is called each time. */
  readonly mends?: boolean
  /** What check goes on telling of rightly, as nothing takes the attack back. */
  readonly stays?: RegExp
  /** Puts back what was attacked. Absent: attacked files are written anew from the template. */
  readonly undo?: () => void
}

/** Of one attack: what was done, and which promises it broke. */
export interface Verdict {
  readonly what: string
  readonly broken: readonly string[]
}

/** Kept for speed, and empty lock files: what a reader may leave. */
const READERS_OWN = /(^|\/)\.tkafka-(image|offsets|lock|gate)$/

export function enter(base: string, chance: Chance, templates: readonly Template[]): Arena {
  // A broker's has more partitions and costs several times as much.
  const small = templates.filter(({ genuine }) => !genuine)
  const template = chance.of(chance.oneIn(6) ? templates : small)
  const dir = path.join(base, 'data')
  const outside = path.join(base, 'outside')
  fs.rmSync(base, { recursive: true, force: true })
  writeTree(dir, template.tree)
  writeTree(
    outside,
    new Map([
      ['folder/', Buffer.alloc(0)],
      ['folder/inner', Buffer.from('inner')],
      ['precious', Buffer.from('precious\n'.repeat(50))],
    ]),
  )
  return { chance, template, dir, outside, doing: template.name }
}

/** Nothing beside the directory is made, changed or removed. */
export function outsideOf({ dir, outside }: Arena): ReadonlyMap<string, string> {
  const base = path.dirname(dir)
  const seen = new Map<string, string>()
  for (const name of fs.readdirSync(base)) if (name !== 'data') seen.set(name, 'there')
  const above = path.dirname(base)
  for (const name of fs.readdirSync(above)) if (!name.startsWith('.')) seen.set(`../${name}`, 'there')
  for (const [name, what] of portrait(outside, /^$/)) seen.set(`outside/${name}`, what)
  return seen
}

/** An attack on files: look, write, look again, then without the attack. */
export async function attackFiles(
  arena: Arena,
  strike: (arena: Arena) => Strike | Promise<Strike>,
): Promise<Verdict> {
  const { template, dir, chance } = arena
  const outside = outsideOf(arena)
  const { what, harm, bars = false, mends = false, undo, stays } = await strike(arena)
  arena.doing = `${template.name}: ${what}`
  const broken: string[] = []
  const add = (when: string, found: readonly string[]) =>
    broken.push(...found.map((line) => `${when}: ${line}`))

  const before = portrait(dir, READERS_OWN)
  const told = new Told()
  const seen = await look(quickOs, dir, template.partitions, told)
  add('reading', differences(before, portrait(dir, READERS_OWN)))
  add('reading', wordsKept(told))
  if (!bars || told.failures.length === 0) add('reading', readingKept(template, harm, seen, told))
  add('reading', commitsKept(template, harm, seen, new Map()))

  const writes = !chance.oneIn(3)
  if (writes) add('writing', await write(arena, harm, bars, mends))
  add('outside', differences(outside, outsideOf(arena)))
  add('bytes', bytesKept(template, harm, dir, true))
  if (!writes || chance.oneIn(2)) add('afterwards', await undone(arena, harm, writes, { undo, stays }))
  return { what: `${template.name}: ${what}`, broken }
}

async function write(arena: Arena, harm: Harm, bars: boolean, mends: boolean): Promise<string[]> {
  const { template, dir, chance } = arena
  const told = new Told()
  const delivered =
    chance.oneIn(3) && !template.genuine ? await consumeAsGroup(quickOs, dir, told) : new Map()
  const acknowledged = await produce(quickOs, dir, template.partitions, told, 'behind the attack')
  const broken = [...bytesKept(template, harm, dir)]
  if (chance.oneIn(4) || mends) {
    await told.by('repair', () =>
      withAdmin(quickOs, dir, told, (admin) =>
        admin.repair({ dryRun: false, done: () => {}, left: () => {} }),
      ),
    )
  }
  if (chance.oneIn(4)) {
    await told.by('clean', () =>
      withAdmin(quickOs, dir, told, async (admin) => {
        for await (const _ of admin.clean({ topics: (name) => name === 'm' }))
          if (told.failures.length > 99) break
      }),
    )
  }
  broken.push(...wordsKept(told))
  // One attacked file, in order before: what the others say is enough to know the end.
  const isLone = harm.files.size === 1 && template.clean
  broken.push(
    ...offsetsKept(
      template,
      acknowledged,
      (name) =>
        isSetAside(harm, name, told) ||
        (!isLone && [...harm.files].some((file) => file.startsWith(name) || !file.includes('-'))),
    ),
  )
  const after = new Told()
  const seen = await look(quickOs, dir, template.partitions, after)
  broken.push(...wordsKept(after))
  if (!bars || after.failures.length === 0)
    broken.push(
      ...readingKept(template, harm, seen, withTold(told, after)),
      ...newRecordsKept(acknowledged, seen),
    )
  broken.push(...commitsKept(template, harm, seen, delivered))
  return broken
}

/** What was lost was told before anybody wrote: afterwards only what nobody touched counts. */
function withTold(then: Told, now: Told): Told {
  const all = new Told()
  all.warnings.push(...then.warnings, ...now.warnings, 'told before')
  all.failures.push(...now.failures, { doing: 'check', error: new Error('told before') })
  return all
}

/** The attacked files are what they were: all that nobody wrote over must be there, and everything work. */
async function undone(
  arena: Arena,
  harm: Harm,
  written: boolean,
  { undo, stays }: { readonly undo: (() => void) | undefined; readonly stays: RegExp | undefined },
): Promise<string[]> {
  const { template, dir } = arena
  if (undo !== undefined) undo()
  // Written over, an old log beside new indexes would be another attack.
  else if (written) return []
  else {
    for (const file of harm.files) {
      const target = path.join(dir, file)
      fs.rmSync(target, { recursive: true, force: true })
      const bytes = template.tree.get(file)
      if (bytes !== undefined) {
        fs.mkdirSync(path.dirname(target), { recursive: true })
        fs.writeFileSync(target, bytes)
      }
      for (const [name, inner] of template.tree) {
        if (!name.startsWith(`${file.replace(/\/?$/, '/')}`)) continue
        if (name.endsWith('/')) fs.mkdirSync(path.join(dir, name), { recursive: true })
        else fs.writeFileSync(path.join(dir, name), inner)
      }
    }
  }
  return worksAgain(arena, new Map(), stays)
}

/** Everything is there and works, as if nothing had been. @param since acknowledged meanwhile */
export async function worksAgain(
  arena: Arena,
  since: ReadonlyMap<string, number> = new Map(),
  stays = /^$/,
): Promise<string[]> {
  const { template, dir } = arena
  const told = new Told()
  const acknowledged = await produce(quickOs, dir, template.partitions, told, 'once more')
  const broken = told.failures.map(
    ({ doing, error }) => `${doing} fails: ${String((error as Error).message).slice(0, 200)}`,
  )
  broken.push(...offsetsKept(template, acknowledged, () => false))
  for (const [name, offset] of since) {
    const given = acknowledged.get(name)?.offset
    if (given !== undefined && given <= offset) broken.push(`${name}: offset ${given} is given twice`)
  }
  const seen = await look(quickOs, dir, template.partitions, told)
  broken.push(
    ...readingKept(template, NO_HARM, seen, told),
    ...newRecordsKept(acknowledged, seen),
    ...bytesKept(template, NO_HARM, dir),
  )
  for (const { severity, file, problem } of seen.findings) {
    if (severity === 'error' && !stays.test(problem))
      broken.push(`check says of ${path.relative(dir, file)}: ${problem}`)
  }
  return broken
}
