import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const USER = 65534

/** As cron runs it: no HOME, no terminal, a short PATH; as root or as a user. */
function cron(uid: number, data: string, args: string, input = ''): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [bin, '--data-dir', data, ...args.split(' ')], {
    uid,
    gid: uid,
    env: { PATH: '/usr/bin:/bin', ...ownClock().env },
    input,
    encoding: 'utf8',
  })
}
const canDropPrivileges = process.getuid?.() === 0 && cron(USER, '/nonexistent', '--version').status === 0

let story: Story
beforeEach(() => {
  story = new Story()
  fs.chmodSync(story.dir, 0o755)
})
afterEach(() => story.end())

const KEYED = 'console-producer --topic c --reader-property parse.key=true --reader-property key.separator=:'
const LINES = 'a:1\nb:1\na:2\n'

/** All that the user could not write to, or that has another mode than files and folders of such a directory. */
function strange(dir: string, uid: number, gid: number, mode: number): string[] {
  return ['', ...fs.readdirSync(dir, { recursive: true, encoding: 'utf8' })].filter((name) => {
    const stat = fs.statSync(path.join(dir, name))
    // Kafka's, too, are read only.
    const wanted = stat.isDirectory() ? mode : mode & (name.endsWith('.checkpoint') ? 0o444 : 0o666)
    const checkpoint = name === 'bootstrap.checkpoint' ? mode & 0o666 : wanted
    // Whoever may only read cannot even open a lock file: his read lock would keep writers out.
    const isLock = /(^|\/)(\.lock|\.tkafka-gate|\.tkafka-producer-ids|\.tkafka(-\w+)?-lock)$/.test(name)
    const wantedMode = isLock ? checkpoint & ~((~mode & 0o222) << 1) : checkpoint
    return stat.uid !== uid || stat.gid !== gid || (stat.mode & 0o777) !== wantedMode
  })
}

describe.runIf(canDropPrivileges)('from cron', () => {
  test("root's cron cleans a user's directory, quietly, and leaves nothing that the user cannot write", async () => {
    const { data } = story
    fs.mkdirSync(data, { mode: 0o750 })
    fs.chownSync(data, USER, USER)
    expect(cron(USER, data, 'topics --create --topic c --config cleanup.policy=compact').status).toBe(0)
    expect(cron(USER, data, KEYED, LINES).stderr).toBe('')
    const cleaned = cron(0, data, 'log-cleaner --now --max-time 8m')
    expect([cleaned.status, cleaned.stderr]).toEqual([0, ''])
    expect(cleaned.stdout).toMatch(/^c-0: compacted \(now\), .* 3 -> 2 records/)
    expect(cron(0, data, 'log-cleaner --topic __cluster_metadata --now').status).toBe(0)
    expect(strange(data, USER, USER, 0o750)).toEqual([])
    expect(cron(USER, data, KEYED, LINES).stderr).toBe('')
    const read = 'console-consumer --topic c --group g --from-beginning --until-end'
    expect(cron(USER, data, read).stdout).toBe('1\n2\n1\n1\n2\n')
    expect(cron(USER, data, 'log-cleaner --topic c --now')).toMatchObject({ status: 0, stderr: '' })
    expect(strange(data, USER, USER, 0o750)).toEqual([])
  })

  test("a user's cron cleans in root's directory only what the folder's mode allows, and root goes on", () => {
    const { data } = story
    fs.mkdirSync(data)
    fs.chownSync(data, 0, USER)
    fs.chmodSync(data, 0o770)
    expect(cron(0, data, 'topics --create --topic c --config cleanup.policy=compact').status).toBe(0)
    expect(cron(0, data, KEYED, LINES).stderr).toBe('')
    expect(cron(0, data, 'log-cleaner --topic __cluster_metadata --now').status).toBe(0)
    const cleaned = cron(USER, data, 'log-cleaner --now')
    expect([cleaned.status, cleaned.stderr]).toEqual([0, ''])
    expect(cleaned.stdout).toMatch(/^c-0: compacted/)
    expect(cron(0, data, KEYED, LINES).stderr).toBe('')
    expect(cron(USER, data, KEYED, LINES).stderr).toBe('')
  })
})
