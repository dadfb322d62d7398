/** Family: any file of a directory is changed in any way, as disks, copies and people do. */
import fs from 'node:fs'
import path from 'node:path'
import { type Arena, attackFiles, type Strike, type Verdict } from './arena.ts'
import type { Harm } from './promises.ts'

interface Change {
  readonly what: string
  /** Bytes [from, to) that are not what they were; undefined: it changes no byte that was there. */
  readonly range?: readonly [number, number]
  /** Valid batches of another file, or of another time, stand there now. */
  readonly replaces?: boolean
  /** Another file that it changes as well. */
  readonly other?: string
}

const ALL: readonly [number, number] = [0, Number.POSITIVE_INFINITY]

/** A place in the file, more often near its end than elsewhere: there the work is. */
function place({ chance }: Arena, length: number): number {
  return chance.oneIn(3)
    ? Math.max(0, length - 1 - chance.below(Math.min(length, 100)))
    : chance.below(Math.max(1, length))
}

type Way = (arena: Arena, file: string, bytes: Buffer) => Change | undefined

/** Undefined: this file cannot be changed that way. */
const WAYS: Readonly<Record<string, Way>> = {
  flip(arena, file, bytes) {
    if (bytes.length === 0) return
    const at = place(arena, bytes.length)
    const now = Buffer.from(bytes)
    now[at] ^= 1 << arena.chance.below(8)
    write(arena, file, now)
    return { what: `a bit flipped at ${at}`, range: [at, at + 1] }
  },
  garble(arena, file, bytes) {
    if (bytes.length === 0) return
    const at = place(arena, bytes.length)
    const now = Buffer.from(bytes)
    const noise = arena.chance.bytes(1 + arena.chance.below(64)).subarray(0, bytes.length - at)
    noise.copy(now, at)
    write(arena, file, now)
    return { what: `${noise.length} bytes of garbage at ${at}`, range: [at, at + noise.length] }
  },
  zero(arena, file, bytes) {
    if (bytes.length === 0) return
    const at = place(arena, bytes.length)
    const end = arena.chance.oneIn(2) ? bytes.length : Math.min(bytes.length, at + 512)
    write(arena, file, Buffer.from(bytes).fill(0, at, end))
    return { what: `zeros from ${at} to ${end}`, range: [at, end] }
  },
  cut(arena, file, bytes) {
    if (bytes.length === 0) return
    const at = place(arena, bytes.length)
    write(arena, file, bytes.subarray(0, at))
    return { what: `cut at ${at} of ${bytes.length}`, range: [at, Number.POSITIVE_INFINITY] }
  },
  drop(arena, file, bytes) {
    if (bytes.length < 2) return
    const at = place(arena, bytes.length)
    const end = Math.min(bytes.length, at + 1 + arena.chance.below(100))
    write(arena, file, Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]))
    return { what: `bytes ${at} to ${end} taken out`, range: [at, Number.POSITIVE_INFINITY] }
  },
  extend(arena, file, bytes) {
    const { chance } = arena
    const more = chance.of([
      () => Buffer.alloc(1 + chance.below(5000)),
      () => chance.bytes(1 + chance.below(200)),
      () => bytes.subarray(0, 1 + chance.below(bytes.length + 1)),
    ])()
    write(arena, file, Buffer.concat([bytes, more]))
    return { what: `${more.length} bytes more` }
  },
  empty(arena, file, bytes) {
    if (bytes.length === 0) return
    write(arena, file, Buffer.alloc(0))
    return { what: 'emptied', range: ALL }
  },
  remove(arena, file) {
    fs.unlinkSync(path.join(arena.dir, file))
    return { what: 'removed', range: ALL }
  },
  folder(arena, file) {
    fs.unlinkSync(path.join(arena.dir, file))
    fs.mkdirSync(path.join(arena.dir, file))
    return { what: 'a folder in its place', range: ALL }
  },
  older(arena, file, bytes) {
    const old = arena.template.older.get(file)
    if (old === undefined || old.equals(bytes)) return
    write(arena, file, old)
    let same = 0
    while (same < old.length && old[same] === bytes[same]) same++
    return { what: 'an older copy in its place', range: [same, Number.POSITIVE_INFINITY] }
  },
  swap(arena, file, bytes) {
    const extension = path.extname(file)
    const others = filesOf(arena).filter((name) => name !== file && path.extname(name) === extension)
    if (others.length === 0) return
    const other = arena.chance.of(others)
    const theirs = arena.template.tree.get(other) as Buffer
    if (theirs.equals(bytes)) return
    write(arena, file, theirs)
    write(arena, other, bytes)
    return { what: `swapped with ${other}`, range: ALL, other, replaces: true }
  },
  copy(arena, file, bytes) {
    const { chance } = arena
    const name = chance.of(['.bak', '~', '.tmp', '.swap', '.deleted', '.cleaned', ' (1)', '.log'])
    write(arena, `${file}${name}`, bytes)
    return { what: `a copy beside it, ${path.basename(file)}${name}` }
  },
}

function write({ dir }: Arena, file: string, bytes: Buffer): void {
  fs.writeFileSync(path.join(dir, file), bytes)
}

function filesOf({ template }: Arena): string[] {
  return [...template.tree.keys()].filter((name) => !name.endsWith('/') && name !== 'server.properties')
}

/** One file in one way; seldom two. Logs as often as all else. */
function strike(arena: Arena): Strike {
  const { chance, template } = arena
  const files = filesOf(arena)
  const logs = files.filter((name) => name.endsWith('.log') && (template.tree.get(name)?.length ?? 0) > 0)
  const harmed = new Set<string>()
  const ranges: Harm['ranges'][number][] = []
  const replaced = new Set<string>()
  const words: string[] = []
  for (let left = chance.oneIn(8) ? 2 : 1; left > 0; ) {
    const file = chance.oneIn(2) ? chance.of(logs) : chance.of(files)
    if (harmed.has(file)) continue
    const bytes = template.tree.get(file) as Buffer
    const change = WAYS[chance.of(Object.keys(WAYS))](arena, file, bytes)
    if (change === undefined) continue
    left--
    for (const name of [file, change.other ?? file]) {
      harmed.add(name)
      if (change.replaces) replaced.add(name)
      if (change.range !== undefined) ranges.push({ file: name, from: change.range[0], to: change.range[1] })
    }
    words.push(`${file}: ${change.what}`)
  }
  return { what: words.join('; '), harm: { files: harmed, ranges, replaced } }
}

export function mutate(arena: Arena): Promise<Verdict> {
  return attackFiles(arena, strike)
}
