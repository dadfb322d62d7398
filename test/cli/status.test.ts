import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

/** Whether another user can be taken on, and can read the program at all. */
const asNobody = (args: readonly string[], env: Record<string, string>) =>
  spawnSync(process.execPath, [bin, ...args], {
    uid: 65534,
    gid: 65534,
    env: { ...env, ...ownClock().env },
    encoding: 'utf8',
  })
const canDropPrivileges =
  process.getuid?.() === 0 && asNobody(['--version'], { HOME: '/nonexistent' }).status === 0

describe('status', () => {
  test('a folder beside which no broker starts is told by status and check, and work goes on (C3)', async () => {
    await story.says('topics --create --topic t')
    expect(await story.says('status')).toContain('a broker may start on it at once')
    fs.mkdirSync(path.join(story.data, 'lost+found'))
    const text = await story.says('status')
    expect(text).toContain("no broker starts on it: lost+found is no partition's folder")
    expect(text).not.toContain('at once')
    expect(await story.says('check')).toMatch(/lost\+found: it is no partition's folder/)
    await story.says('console-producer --topic t', { stdin: 'x\n' })
    const read = await story.run('console-consumer --topic t --from-beginning --until-end')
    expect(read).toMatchObject({ stdout: 'x\n', status: 0 })
  })

  test('a directory that is not there yet is told of, and not made', async () => {
    const text = await story.says('status')
    expect(text).toContain(`Directory    ${story.data}\n`)
    expect(text).toContain('Chosen by    the environment variable TKAFKA_DATA_DIR\n')
    expect(text).toContain('State        not there yet')
    expect(fs.existsSync(story.data)).toBe(false)
  })

  test('what is in a directory, on one screen', async () => {
    await story.says('topics --create --topic q --partitions 2')
    await story.run('console-producer --topic q', { stdin: '1\n2\n3\n' })
    const text = await story.says('status')
    expect(text).toContain('Made by      tkafka; metadata.version 4.3-IV0\n')
    expect(text).toContain('State        clean')
    expect(text).toContain('Held by      nobody\n')
    expect(text).toContain('Topics       1; 2 partitions\n')
    expect(text).toContain('Records      3; ')
    expect(text.split('\n').length).toBeLessThan(24)
  })

  test('what is no log directory is named in one line', async () => {
    fs.mkdirSync(story.data)
    fs.writeFileSync(path.join(story.data, 'holiday.jpg'), '')
    const { stderr, status } = await story.run('status')
    expect(status).toBe(1)
    expect(stderr).toBe(
      `${story.data}: not a Kafka log directory (it has no meta.properties, but holiday.jpg); name another with --data-dir\n`,
    )
  })

  test('broken metadata is a line, and the rest is still told', async () => {
    await story.says('topics --create --topic q')
    const log = path.join(story.data, '__cluster_metadata-0', '00000000000000000000.log')
    const bytes = fs.readFileSync(log)
    bytes[70] ^= 0xff
    fs.writeFileSync(log, bytes)
    const { stdout, stderr, status } = await story.run('status')
    expect(status).toBe(1)
    expect(stdout).toContain('Made by      tkafka')
    expect(stderr).toContain(log)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  if (!canDropPrivileges) console.warn('skipped: only root can try what another user is told')
  // File permissions are what guards a directory. Skipped aloud where no other user can be taken on.
  test.skipIf(!canDropPrivileges)('a user without permission gets one clear line', async () => {
    await story.says('topics --create --topic q')
    fs.chmodSync(story.dir, 0o755)
    fs.chmodSync(story.data, 0o700)
    const env = { HOME: story.dir, XDG_CACHE_HOME: '/nonexistent', TKAFKA_DATA_DIR: story.data }
    for (const command of ['topics --list', 'log-dirs --describe', 'topics --create --topic z', 'status']) {
      const { stderr, status } = asNobody(command.split(' '), env)
      expect(status).toBe(1)
      expect(stderr).toMatch(
        /^(?:Error while .* : )?\S+: permission denied.* belongs to uid 0, you are uid 65534\n$/,
      )
    }
  })
})
