/**
 * Attacks with what somebody planted in a data directory: under any name that tkafka opens, makes, renames or removes
 * there stands a link, a FIFO, a device, a folder or a huge file, and root or the owner runs a command.
 *
 * Whatever the command makes of it: the world outside stays as it is, byte for byte; it ends within its time and in
 * little memory; it prints no stack; and when the planted thing is gone and what it replaced is back, all works again.
 */
import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
export const OWNER = 65534
const HANGS_AFTER_MS = 20_000
/** Of 512 bytes: 512 MiB a file. */
const MOST_WRITTEN_BLOCKS = 2 ** 20
const MOST_MEMORY_KB = 500 * 1024

export const KINDS = [
  'link-to-file',
  'link-to-folder',
  'link-to-log-folder',
  'dangling-link',
  'link-loop',
  'link-to-device',
  'hard-link',
  'fifo',
  'socket',
  'device',
  'folder',
  'full-folder',
  'sparse',
  'unreadable',
] as const
export type Kind = (typeof KINDS)[number]

/** Names in the directory's root that come and go, beside what is in the directory when it is at rest. */
const ROOT_NAMES = [
  '.tkafka-open',
  '.tkafka-making',
  '.tkafka-deleting',
  '.tkafka-marker',
  '.tkafka-marker.tmp',
  '.tkafka-producer-ids',
  '.tkafka-fallback-locks',
  '.tkafka-wake',
  '.lock',
  'server.properties',
  'meta.properties.tmp',
  'recovery-point-offset-checkpoint.tmp',
  'log-start-offset-checkpoint.tmp',
  'replication-offset-checkpoint.tmp',
  'cleaner-offset-checkpoint.tmp',
  'new-0',
  't-0.0123456789abcdef0123456789abcdef-delete',
  't-0.0123456789abcdef0123456789abcdef-stray',
]
const PARTITION_NAMES = [
  '.tkafka-damaged',
  '.tkafka-swapping',
  '.tkafka-cleaner-lock',
  'leader-epoch-checkpoint.tmp',
  'partition.metadata.tmp',
  '00000000000000000000.log.0.broken',
  '00000000000000000000.log.deleted',
  '00000000000000000000.log.cleaned',
  '00000000000000000000.log.swap',
  '00000000000000000000.txnindex',
  '00000000000000000003.log',
  '00000000000000000003.index',
  '00000000000000000003.snapshot',
]
const METADATA_NAMES = ['.tkafka-image', '.tkafka-image.part', 'quorum-state.broken']

export const COMMANDS: readonly (readonly [command: string, input: string])[] = [
  ['topics --list', ''],
  ['topics --describe', ''],
  ['topics --create --topic new --partitions 2', ''],
  ['topics --delete --topic t', ''],
  ['console-producer --topic t', 'a\nb\n'],
  ['console-consumer --topic t --from-beginning --until-end', ''],
  ['console-consumer --topic t --group g --from-beginning --until-end', ''],
  ['consumer-groups --describe --group g', ''],
  ['consumer-groups --delete --group g', ''],
  ['configs --alter --topic t --add-config retention.ms=99', ''],
  ['log-cleaner', ''],
  ['delete-records --offset-json-file {PLAN}', ''],
  ['get-offsets', ''],
  ['status', ''],
  ['check', ''],
  ['repair', ''],
  ['dump-log --files {DATA}/t-0/00000000000000000000.log', ''],
]

export interface PlantedAttack {
  /** Inside the data directory. */
  readonly name: string
  readonly kind: Kind
  readonly command: number
  readonly as: 'root' | 'owner'
}

/** A directory at rest that attacks are made on copies of. `dir` is a folder of its own, which is filled. */
export function makeAttacked(dir: string): string[] {
  const data = path.join(dir, 'data')
  const run = (args: string, input = '') =>
    execFileSync(process.execPath, [bin, '--data-dir', data, ...args.split(' ')], { input, env: ENVIRONMENT })
  run('topics --create --topic t --partitions 2')
  run('topics --create --topic c --config cleanup.policy=compact')
  run('console-producer --topic t', 'one\ntwo\nthree\n')
  run('console-producer --topic c --property parse.key=true --property key.separator=:', 'k:1\nk:2\n')
  run('console-consumer --topic t --group g --from-beginning --until-end')
  execFileSync('chown', ['-R', `${OWNER}:${OWNER}`, data])
  return plantedNames(data)
}

/** Every name worth planting at, sorted. */
function plantedNames(data: string): string[] {
  const there = (fs.readdirSync(data, { recursive: true }) as string[]).filter(
    (name) => !name.startsWith('__consumer_offsets-') || /^__consumer_offsets-(0|1)(\/|$)/.test(name),
  )
  const inFolders = (folder: string, names: readonly string[]) => names.map((name) => `${folder}/${name}`)
  return [
    ...new Set([
      ...there,
      ...ROOT_NAMES,
      ...inFolders('t-0', PARTITION_NAMES),
      ...inFolders('c-0', PARTITION_NAMES),
      ...inFolders('__cluster_metadata-0', METADATA_NAMES),
    ]),
  ].sort()
}

/** `count` attacks, the same for the same seed. */
export function plantedAttacks(names: readonly string[], seed: number, count: number): PlantedAttack[] {
  let state = seed >>> 0 || 1
  const below = (n: number) => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % n
  }
  return Array.from({ length: count }, () => ({
    name: names[below(names.length)],
    kind: KINDS[below(KINDS.length)],
    command: below(COMMANDS.length),
    as: below(3) === 0 ? 'owner' : 'root',
  }))
}

/** Makes one attack on a copy of `base` below `work`; what it violated, one line each. */
export async function runPlantedAttack(
  base: string,
  work: string,
  attack: PlantedAttack,
): Promise<{ violations: string[]; status: number | null; stderr: string }> {
  const data = path.join(work, 'data')
  const outside = path.join(work, 'outside')
  fs.rmSync(work, { recursive: true, force: true })
  fs.mkdirSync(outside, { recursive: true, mode: 0o700 })
  fs.chmodSync(work, 0o755)
  execFileSync('cp', ['-a', path.join(base, 'data'), data])
  makeOutside(outside, data)
  const plan = path.join(work, 'plan.json')
  fs.writeFileSync(plan, '{"partitions":[{"topic":"t","partition":0,"offset":1}],"version":1}')
  const target = path.join(data, attack.name)
  const aside = path.join(work, 'aside')
  if (fs.existsSync(target)) fs.renameSync(target, aside)
  plant(target, attack.kind, outside)
  const planted = fs.lstatSync(target).ino
  const before = look(outside)

  const [command, input] = COMMANDS[attack.command]
  const args = command.replace('{PLAN}', plan).replace('{DATA}', data).split(' ')
  const said = await run(data, args, input, attack.as)
  const violations = judge(said)
  if (look(outside) !== before) violations.push('something outside the directory changed')
  violations.push(...(await worksAgain(data, target, planted, aside)))
  fs.rmSync(work, { recursive: true, force: true })
  return { violations, status: said.status, stderr: said.stderr }
}

function judge({ status, signal, stdout, stderr, memoryKb, ms }: Said): string[] {
  const wrong: string[] = []
  if (signal !== null || ms > HANGS_AFTER_MS) wrong.push(`hung (${ms} ms)`)
  else if (status !== 0 && status !== 1) wrong.push(`ended with ${status}`)
  if (memoryKb > MOST_MEMORY_KB) wrong.push(`took ${memoryKb} kB`)
  if (/\n\s+at |node:internal|\/proc\/self\/fd/.test(stderr))
    wrong.push(`a stack or a path of ours: ${stderr.slice(0, 300)}`)
  if (status === 1 && `${stdout}${stderr}`.trim() === '') wrong.push('failed without a word')
  return wrong
}

/** The owner takes the thing away, puts what it replaced back, repairs what he is told to, and produces. */
async function worksAgain(data: string, target: string, planted: number, aside: string): Promise<string[]> {
  const replaced = fs.existsSync(aside)
  const there = fs.lstatSync(target, { throwIfNoEntry: false })
  if (there !== undefined && (replaced || there.ino === planted)) {
    fs.rmSync(target, { recursive: true, force: true })
  }
  if (replaced && fs.existsSync(path.dirname(target))) fs.renameSync(aside, target)
  const repaired = await run(data, ['repair'], '', 'root')
  const produced = await run(data, ['console-producer', '--topic', 'after'], 'x\n', 'owner')
  const read = await run(
    data,
    ['console-consumer', '--topic', 'after', '--from-beginning', '--until-end'],
    '',
    'owner',
  )
  if (produced.status === 0 && read.stdout === 'x\n') return []
  return [`does not work afterwards: ${repaired.stderr}${produced.stderr}${read.stderr}`.slice(0, 500)]
}

/** Whether the directory's owner may run this Node and this tkafka: either may stand in a folder that is root's alone. */
export function ownerCanRun(): boolean {
  try {
    execFileSync(process.execPath, [bin, '--version'], {
      uid: OWNER,
      gid: OWNER,
      env: ENVIRONMENT,
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

const ENVIRONMENT = { PATH: process.env.PATH, HOME: '/nonexistent' }

interface Said {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
  readonly memoryKb: number
  readonly ms: number
}

/** Memory as the shell's own child counts it: the most that was resident. */
function run(data: string, args: readonly string[], input: string, as: 'root' | 'owner'): Promise<Said> {
  const began = performance.now()
  const ids = as === 'owner' && process.getuid?.() === 0 ? { uid: OWNER, gid: OWNER } : {}
  return new Promise((resolve) => {
    // A repair that copied 100 GB of zeros would fill the disk of whoever runs the attacks.
    const limited = `ulimit -f ${MOST_WRITTEN_BLOCKS}; exec "$0" "$@"`
    const words = ['-c', limited, process.execPath, '--require', MEMORY, bin, '--data-dir', data, ...args]
    const options = { ...ids, env: ENVIRONMENT, timeout: HANGS_AFTER_MS, killSignal: 'SIGKILL' as const }
    const child = execFile('sh', words, options, (_error, stdout, told) => {
      const memoryKb = Number(/\nPEAK-KB (\d+)\n/.exec(`\n${told}`)?.[1] ?? 0)
      const stderr = told.replace(/(^|\n)PEAK-KB \d+\n/, '$1')
      resolve({
        status: child.exitCode,
        signal: child.signalCode,
        stdout,
        stderr,
        memoryKb,
        ms: performance.now() - began,
      })
    })
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}

const MEMORY = fileURLToPath(new URL('./peak-memory.cjs', import.meta.url))

/** Root's files, and a log directory of root's, with the names that tkafka uses. */
function makeOutside(outside: string, data: string): void {
  fs.writeFileSync(path.join(outside, 'precious'), 'precious '.repeat(1000), { mode: 0o600 })
  const folder = path.join(outside, 'log')
  fs.mkdirSync(folder)
  for (const name of fs.readdirSync(path.join(data, 't-0'))) {
    fs.copyFileSync(path.join(data, 't-0', name), path.join(folder, name))
  }
  fs.mkdirSync(path.join(outside, 'folder'))
  fs.writeFileSync(path.join(outside, 'folder/precious'), 'x')
}

/** Everything there is to see of a folder: names, kinds, owners, modes, times of change, bytes. */
function look(folder: string): string {
  const lines: string[] = []
  for (const name of (fs.readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const file = path.join(folder, name)
    const { mode, uid, gid, size, mtimeMs } = fs.lstatSync(file)
    const bytes = fs.lstatSync(file).isFile() ? fs.readFileSync(file).toString('base64') : ''
    lines.push([name, mode, uid, gid, size, mtimeMs, bytes].join(' '))
  }
  return lines.join('\n')
}

function plant(target: string, kind: Kind, outside: string): void {
  PLANTS[kind](target, outside)
  // Devices only root can make, and a second name keeps its owner.
  if (process.getuid?.() === 0 && !/^(hard-link|device|unreadable)$/.test(kind)) {
    fs.lchownSync(target, OWNER, OWNER)
  }
}

const PLANTS: Readonly<Record<Kind, (target: string, outside: string) => void>> = {
  'link-to-file': (target, outside) => fs.symlinkSync(path.join(outside, 'precious'), target),
  'link-to-folder': (target, outside) => fs.symlinkSync(path.join(outside, 'folder'), target),
  'link-to-log-folder': (target, outside) => fs.symlinkSync(path.join(outside, 'log'), target),
  'dangling-link': (target, outside) => fs.symlinkSync(path.join(outside, 'nowhere'), target),
  'link-loop': (target) => fs.symlinkSync(path.basename(target), target),
  'link-to-device': (target) => fs.symlinkSync('/dev/zero', target),
  'hard-link': (target, outside) => fs.linkSync(path.join(outside, 'precious'), target),
  fifo: (target) => void execFileSync('mkfifo', [target]),
  socket: (target) => void execFileSync(process.execPath, ['-e', SOCKET_PROGRAM, target]),
  device: (target) => void execFileSync('mknod', [target, 'c', '1', '5']),
  folder: (target) => fs.mkdirSync(target),
  'full-folder': (target) => {
    fs.mkdirSync(target)
    fs.writeFileSync(path.join(target, 'x'), 'x')
  },
  sparse: (target) => {
    fs.writeFileSync(target, '')
    fs.truncateSync(target, 100 * 2 ** 30)
  },
  unreadable: (target) => fs.writeFileSync(target, 'x', { mode: 0 }),
}

/** A name that was bound and whose process has gone. */
const SOCKET_PROGRAM = `const s = require('node:net').createServer()
process.chdir(require('node:path').dirname(process.argv[1]))
s.listen(require('node:path').basename(process.argv[1]), () => process.reallyExit(0))`
