import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { claimFileName } from '../../src/group/group-files.ts'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

/** Names, kinds, owners and contents of all that is in a folder. */
function contents(dir: string): string[] {
  return fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name)
      const { mode, uid } = fs.statSync(file)
      return `${file} ${mode} ${uid} ${entry.isFile() ? fs.readFileSync(file).toString('base64') : ''}`
    })
    .sort()
}

const asNobody = (args: readonly string[], input = '') =>
  spawnSync(process.execPath, [bin, ...args], {
    uid: 65534,
    gid: 65534,
    env: { HOME: '/nonexistent', ...ownClock().env },
    input,
    encoding: 'utf8',
  })
const canDropPrivileges = process.getuid?.() === 0 && asNobody(['--version']).status === 0

describe('what is no data directory', () => {
  test('is refused in one line by whoever writes, and left as it is', async () => {
    fs.mkdirSync(story.data)
    fs.writeFileSync(path.join(story.data, 'letter.txt'), 'dear reader')
    const before = contents(story.data)
    for (const tool of ['topics --create --topic q', 'topics --list']) {
      expect(await story.fails(tool)).toBe(
        `Error while executing topic command : ${story.data}: not a Kafka log directory (it has no meta.properties, but letter.txt); name another with --data-dir\n`,
      )
    }
    const { stderr, status } = await story.run('console-producer --topic q', { stdin: 'x\n' })
    expect([status, stderr.split('\n').length]).toEqual([1, 2])
    expect(contents(story.data)).toEqual(before)
  })

  test('a file, and a folder that should lie in a file', async () => {
    story.file('note', 'mine')
    expect(await story.fails('--data-dir {DIR}/note topics --list')).toBe(
      `Error while executing topic command : ${story.dir}/note: a file, not a directory\n`,
    )
    expect(await story.fails('--data-dir {DIR}/note/data topics --create --topic q')).toBe(
      `Error while executing topic command : ${story.dir}/note/data: a file stands where a folder should be (${story.dir}/note)\n`,
    )
    expect(fs.readFileSync(path.join(story.dir, 'note'), 'utf8')).toBe('mine')
  })

  test('an empty --data-dir (a variable that was not set) is not taken for the default directory', async () => {
    const said = await story.fails(['--data-dir', '', 'topics', '--list'])
    expect(said).toContain('--data-dir is empty: name a directory, or leave the flag out\n')
  })
})

test('a topic whose name has a slash is refused, and nothing is made', async () => {
  expect(await story.fails('topics --create --topic a/b')).toBe(
    "Error while executing topic command : Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'\n",
  )
  const { stderr, status } = await story.run('console-producer --topic ../b', { stdin: 'x\n' })
  expect([status, stderr.split('\n').length]).toEqual([1, 2])
  expect(stderr).toContain('Invalid topics: [../b]')
  expect(fs.existsSync(story.data)).toBe(false)
  expect(fs.existsSync(path.join(story.dir, 'b-0'))).toBe(false)
})

test('a damaged index is made anew by the next writer; readers find every record meanwhile', async () => {
  await story.says('topics --create --topic q')
  const lines = Array.from({ length: 3000 }, (_, n) => `line ${n}`)
  await story.run('console-producer --topic q', { stdin: `${lines.join('\n')}\n` })
  const index = path.join(story.data, 'q-0', '00000000000000000000.index')
  const good = fs.readFileSync(index)
  expect(good.length).toBeGreaterThan(0)
  fs.writeFileSync(index, 'no index at all')
  const read = await story.run('console-consumer --topic q --partition 0 --offset 2998 --until-end')
  expect([read.status, read.stdout]).toEqual([0, 'line 2998\nline 2999\n'])
  expect(fs.readFileSync(index, 'utf8')).toBe('no index at all')
  await story.run('console-producer --topic q', { stdin: 'one more\n' })
  expect(fs.readFileSync(index).subarray(0, good.length)).toEqual(good)
  expect(await story.says('check')).toContain('ok: ')
})

test('a line far beyond any record is refused by its number, in little memory, and its neighbours are kept', async () => {
  await story.says('topics --create --topic q')
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=64', bin, 'console-producer', '--topic', 'q'],
    {
      env: { TKAFKA_DATA_DIR: story.data, HOME: story.dir, ...ownClock().env },
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  )
  let said = ''
  child.stderr.on('data', (chunk) => {
    said += chunk
  })
  child.stdin.write('before\n')
  const mebibyte = Buffer.alloc(1 << 20, 'a')
  for (let n = 0; n < 300; n++) if (!child.stdin.write(mebibyte)) await once(child.stdin, 'drain')
  child.stdin.end('\nafter\n')
  const [status] = await once(child, 'close')
  expect([status, said]).toEqual([
    1,
    'Line 2 was not sent: it is longer than 1048576 bytes (max.request.size), by far: 314572800.\n',
  ])
  const { stdout } = await story.run('console-consumer --topic q --from-beginning --until-end')
  expect(stdout).toBe('before\nafter\n')
})

describe.runIf(canDropPrivileges)('of two users', () => {
  beforeEach(() => fs.chmodSync(story.dir, 0o755))

  test('one reads what belongs to the other, and is refused writing by name, changing nothing', async () => {
    await story.says('topics --create --topic q')
    await story.run('console-producer --topic q', { stdin: 'x\n' })
    const before = contents(story.data)
    const args = ['--data-dir', story.data]
    const read = asNobody([...args, 'console-consumer', '--topic', 'q', '--from-beginning', '--until-end'])
    expect([read.status, read.stdout]).toEqual([0, 'x\n'])
    for (const tool of [
      ['console-producer', '--topic', 'q'],
      ['topics', '--create', '--topic', 'z'],
    ]) {
      const { status, stdout, stderr } = asNobody([...args, ...tool], 'y\n')
      expect([status, stdout, stderr.split('\n').length]).toEqual([1, '', 2])
      expect(stderr).toContain(
        `${story.data}: permission denied (${story.data}/.tkafka-gate); it belongs to uid 0, you are uid 65534\n`,
      )
    }
    expect(contents(story.data)).toEqual(before)
  })

  test('one file that may not be opened is named with the way out, by readers and members of groups', async () => {
    fs.mkdirSync(story.data, { mode: 0o755 })
    fs.chownSync(story.data, 65534, 65534)
    await story.says('topics --create --topic q')
    await story.run('console-producer --topic q', { stdin: 'x\n' })
    const consume = (...more: string[]) =>
      asNobody(['--data-dir', story.data, 'console-consumer', '--topic', 'q', '--until-end', ...more])
    const log = path.join(story.data, 'q-0', '00000000000000000000.log')
    const mode = fs.statSync(log).mode
    fs.chmodSync(log, 0)
    const read = consume('--from-beginning')
    expect(read.status).toBe(1)
    expect(read.stderr.split('\n')[0]).toContain(
      `${story.data}: permission denied (${log}); its mode is 000: chmod u+rw ${log}`,
    )
    fs.chmodSync(log, mode)
    const id = /topic_id: (\S+)/.exec(
      fs.readFileSync(path.join(story.data, 'q-0/partition.metadata'), 'utf8'),
    )?.[1]
    const claim = path.join(story.data, claimFileName('g', id ?? '', 0))
    fs.writeFileSync(claim, '')
    fs.chownSync(claim, 65534, 65534)
    fs.chmodSync(claim, 0)
    const member = consume('--group', 'g', '--from-beginning')
    expect(member.stderr.split('\n')[0]).toContain(
      `${story.data}: permission denied (${claim}); its mode is 000: chmod u+rw ${claim}`,
    )
  })

  test("an index that only root may read: nothing is cut, a user's producer works or says why, root reads all (A1)", async () => {
    fs.mkdirSync(story.data, { mode: 0o755 })
    fs.chownSync(story.data, 65534, 65534)
    await story.says('topics --create --topic q')
    const lines = Array.from({ length: 1000 }, (_, n) => `${n}\n`).join('')
    await story.says('console-producer --topic q', { stdin: lines })
    const log = path.join(story.data, 'q-0', '00000000000000000000.log')
    const before = fs.readFileSync(log)
    let taken = 0
    for (const name of ['index', 'timeindex']) {
      const index = path.join(story.data, 'q-0', `00000000000000000000.${name}`)
      fs.chownSync(index, 0, 0)
      fs.chmodSync(index, 0o600)
      const { status, stdout, stderr } = asNobody(
        ['--data-dir', story.data, 'console-producer', '--topic', 'q'],
        `beside root's ${name}\n`,
      )
      // It may make another in its place, or not: the one line names what stands in its way.
      expect([stdout, stderr.split('\n').length]).toEqual(['', 2])
      expect(stderr).toContain(`${index}: permission denied; it belongs to uid 0, you are uid 65534`)
      taken += status === 0 ? 1 : 0
      expect(fs.readFileSync(log).subarray(0, before.length)).toEqual(before)
    }
    const read = await story.run('console-consumer --topic q --from-beginning --until-end')
    expect([read.status, read.stdout.slice(0, lines.length)]).toEqual([0, lines])
    expect(await story.says('get-offsets --topic q')).toBe(`q:0:${1000 + taken}\n`)
    expect(fs.readdirSync(path.join(story.data, 'q-0')).filter((name) => /broken|stray/.test(name))).toEqual(
      [],
    )
  })

  test("what root's cron makes in a user's directory belongs to the user, who goes on working", async () => {
    fs.mkdirSync(story.data, { mode: 0o750 })
    fs.chownSync(story.data, 65534, 65534)
    await story.says('topics --create --topic q')
    await story.run('console-producer --topic q', { stdin: '1\n2\n' })
    await story.run('console-consumer --topic q --group g --from-beginning --until-end')
    const owners = new Set(contents(story.data).map((line) => line.split(' ')[2]))
    expect([...owners]).toEqual(['65534'])
    const args = ['--data-dir', story.data]
    expect(asNobody([...args, 'console-producer', '--topic', 'q'], '3\n').stderr).toBe('')
    const read = asNobody([...args, 'console-consumer', '--topic', 'q', '--group', 'g', '--until-end'])
    expect([read.status, read.stdout]).toEqual([0, '3\n'])
  })
})

/** Whether a file system of its own can be made for a test. */
function mounted(at: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tkafka-bad-input', at], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test('on a full disk a topic is made whole or not at all, and what fails says so in one line', async ({
  skip,
}) => {
  const disk = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-full-disk-'))
  try {
    if (!mounted(disk)) return skip()
    try {
      story.env('TKAFKA_DATA_DIR', path.join(disk, 'data'))
      await story.says('topics --create --topic q')
      spawnSync('sh', ['-c', `cat /dev/zero > ${disk}/fill`], { stdio: 'ignore' })
      const made: string[] = []
      for (let n = 0; n < 40; n++) {
        const name = `t${n}-${'x'.repeat(200)}`
        const { status, stderr } = await story.run(`topics --create --topic ${name}`)
        if (status === 0) made.push(name)
        else {
          expect(stderr).toBe(
            `Error while executing topic command : ${disk}/data: no space left on the disk\n`,
          )
          break
        }
      }
      expect((await story.says('topics --list')).trim().split('\n').sort()).toEqual(['q', ...made].sort())
      fs.unlinkSync(path.join(disk, 'fill'))
      expect((await story.run('console-producer --topic q', { stdin: 'x\n' })).status).toBe(0)
      expect(await story.says('check')).toContain('ok: ')
    } finally {
      execFileSync('umount', ['-l', disk])
    }
  } finally {
    fs.rmSync(disk, { recursive: true, force: true })
  }
})

test('--include is a Java pattern, and a wrong one is a line', async () => {
  await story.says('topics --create --topic rot')
  await story.run('console-producer --topic rot', { stdin: 'x\n' })
  for (const include of ['(?i)ROT', '\\Qrot\\E', 'ro*+t', '\\p{Lower}+']) {
    const { stdout } = await story.run([
      ...['console-consumer', '--include', include],
      ...['--from-beginning', '--until-end'],
    ])
    expect([include, stdout]).toEqual([include, 'x\n'])
  }
  const { stderr, status } = await story.run(['console-consumer', '--include', 'rot('])
  expect([status, stderr.split('\n')[0]]).toEqual([
    1,
    'Unknown error when running consumer: rot( is an invalid regex.',
  ])
})
