/** Family: somebody put links, pipes, sockets, devices, folders or huge files where tkafka's files are, or will be. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { type Arena, attackFiles, type Strike, type Verdict } from './arena.ts'

/** The user who owns the directory, where root attacks: what he planted, root must not follow. */
const USER = 65534
const isRoot = process.getuid?.() === 0

type Plant = (arena: Arena, target: string, name: string) => { what: string; grows?: boolean }

const link = (target: string, to: string, what: string) => {
  fs.symlinkSync(to, target)
  return { what }
}

const PLANTS: Readonly<Record<string, Plant>> = {
  'a link to a file outside': ({ outside }, target) =>
    link(target, path.join(outside, 'precious'), 'a link to a file outside'),
  'a link to nothing outside': ({ outside }, target) =>
    link(target, path.join(outside, 'new'), 'a link to nothing outside'),
  'a link to a folder outside': ({ outside }, target) =>
    link(target, path.join(outside, 'folder'), 'a link to a folder outside'),
  'a link to itself': (_, target) => link(target, target, 'a link to itself'),
  'a link to endless zeros': (_, target) => link(target, '/dev/zero', 'a link to endless zeros'),
  'a link to a terminal': (_, target) => link(target, '/dev/tty', 'a link to a terminal'),
  'a pipe': (_, target) => {
    execFileSync('mkfifo', [target])
    return { what: 'a pipe' }
  },
  'a device': (_, target) => {
    try {
      execFileSync('mknod', [target, 'c', '1', '5'], { stdio: 'ignore' })
    } catch {
      return link(target, '/dev/zero', 'a link to a device')
    }
    return { what: 'a device' }
  },
  'a folder': (_, target) => {
    fs.mkdirSync(target)
    return { what: 'a folder' }
  },
  'a file of a terabyte': ({ template }, target, name) => {
    fs.writeFileSync(target, template.tree.get(name) ?? '')
    fs.truncateSync(target, 2 ** 40)
    return { what: 'a file of a terabyte', grows: true }
  },
}

/** Names that tkafka makes, seldom or for a moment, beside those that are there. */
const TO_COME = [
  '.tkafka-open',
  '.tkafka-making',
  '.tkafka-deleting',
  '.tkafka-marker',
  '.tkafka-producer-ids',
  '.tkafka-checkpoints-lock',
  '.tkafka-cleaner-lock',
  '.tkafka-damaged',
  '.tkafka-offsets',
  '.kafka_cleanshutdown',
  '.lock',
  '.tkafka-gate',
  'recovery-point-offset-checkpoint',
  'recovery-point-offset-checkpoint.tmp',
  'log-start-offset-checkpoint.tmp',
  'replication-offset-checkpoint.tmp',
  'cleaner-offset-checkpoint.tmp',
  '__cluster_metadata-0/.tkafka-image',
  '__cluster_metadata-0/quorum-state',
  '__cluster_metadata-0/quorum-state.tmp',
  't-0/.tkafka-lock',
  't-0/00000000000000000024.snapshot',
  't-0/leader-epoch-checkpoint.tmp',
  't-1/partition.metadata.tmp',
]

function strike(arena: Arena): Strike {
  const { chance, template, dir } = arena
  const there = [...template.tree.keys()].filter((name) => name !== 'server.properties')
  const folders = there.filter((name) => name.endsWith('/')).map((name) => name.slice(0, -1))
  const pick = (): string => {
    if (chance.oneIn(8)) return chance.of(folders)
    const names = chance.oneIn(2) ? there.filter((name) => !name.endsWith('/')) : TO_COME
    return chance.of(names)
  }
  let name = pick()
  // A folder that is missing takes nothing.
  while (!template.tree.has(`${path.dirname(name)}/`) && path.dirname(name) !== '.') name = pick()
  const target = path.join(dir, name)
  fs.rmSync(target, { recursive: true, force: true })
  const { what, grows = false } = PLANTS[chance.of(Object.keys(PLANTS))](arena, target, name)
  if (isRoot) giveAway(dir)
  const gone = [...template.tree.keys()].filter((file) => file === name || file.startsWith(`${name}/`))
  const files = new Set([name, ...gone.filter((file) => !file.endsWith('/'))])
  // In the place of a file it keeps what was there; in that of a folder it keeps nothing.
  const keeps = grows && template.tree.has(name)
  const ranges = keeps ? [] : gone.map((file) => ({ file, from: 0, to: Number.POSITIVE_INFINITY }))
  return { what: `${name}: ${what}`, harm: { files, ranges }, bars: true }
}

function giveAway(dir: string): void {
  fs.chownSync(dir, USER, USER)
  for (const name of fs.readdirSync(dir, { recursive: true }) as string[])
    fs.lchownSync(path.join(dir, name), USER, USER)
}

export function plant(arena: Arena): Promise<Verdict> {
  return attackFiles(arena, strike)
}
