/** On a local directory file permissions are the guard: who lacks them gets one clear line from every tool. */
import { execFile, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
const NOBODY = 65534

interface Said {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const asNobody = (data: string, args: string) =>
  new Promise<Said>((done) => {
    const env = { HOME: '/nonexistent', TKAFKA_DATA_DIR: data }
    const options = { uid: NOBODY, gid: NOBODY, env, encoding: 'utf8' as const }
    const child = execFile(process.execPath, [bin, ...args.split(' ')], options, (_, stdout, stderr) =>
      done({ status: child.exitCode, stdout, stderr }),
    )
    child.stdin?.end('y\n')
  })

const canDropPrivileges =
  process.getuid?.() === 0 &&
  spawnSync(process.execPath, [bin, '--version'], { uid: NOBODY, gid: NOBODY, env: {} }).status === 0

const READERS = [
  'acls --list',
  'topics --list',
  'console-consumer --topic q --until-end',
  'consumer-groups --list',
  'configs --describe --topic q',
  'check',
]
const WRITERS = [
  'acls --add --allow-principal User:a --operation Read --topic q',
  'console-producer --topic q',
  'consumer-groups --reset-offsets --group g --topic q --to-earliest --execute',
  'configs --alter --topic q --add-config retention.ms=5',
  'delete-records --offset-json-file {DIR}/plan.json',
]

describe.runIf(canDropPrivileges)('who may not', () => {
  let story: Story
  beforeEach(async () => {
    story = new Story()
    fs.chmodSync(story.dir, 0o755)
    await story.says('topics --create --topic q')
    await story.run('console-producer --topic q', { stdin: 'x\n' })
    story.file('data/server.properties', 'authorizer.class.name=x.StandardAuthorizer\n')
    story.file('plan.json', '{"partitions":[{"topic":"q","partition":0,"offset":1}],"version":1}')
  })
  afterEach(() => story.end())

  const tried = (tools: readonly string[]) =>
    Promise.all(tools.map((tool) => asNobody(story.data, tool.replace('{DIR}', story.dir))))

  /** The line that names the directory; nothing of Node's own words. */
  function refusal({ status, stdout, stderr }: Said, tool: string): string[] {
    expect([tool, status]).toEqual([tool, 1])
    const said = `${stdout}${stderr}`
    expect(said).not.toMatch(/EACCES|EPERM|, open '|\n\s+at /)
    return stderr.split('\n').filter((line) => line.includes('permission denied'))
  }

  test('look into the directory is told so by every tool, with whose it is', async () => {
    fs.chmodSync(story.data, 0o700)
    const outcomes = await tried([...READERS, ...WRITERS])
    for (const [index, tool] of [...READERS, ...WRITERS].entries()) {
      const lines = refusal(outcomes[index], tool)
      expect([tool, lines.length]).toEqual([tool, 1])
      expect(lines[0]).toContain(story.data)
      expect(lines[0]).toMatch(/belongs to uid 0, you are uid 65534$/)
    }
  })

  test('write in it reads all, and is told so by every tool that writes', async () => {
    const acls = await asNobody(story.data, 'acls --list')
    expect(acls).toEqual({ status: 0, stdout: '', stderr: '' })
    const outcomes = await tried(WRITERS)
    for (const [index, tool] of WRITERS.entries()) {
      const [line, ...more] = refusal(outcomes[index], tool)
      expect([tool, more]).toEqual([tool, []])
      expect(line).toContain(
        `${story.data}: permission denied (${story.data}/.tkafka-gate); it belongs to uid 0, you are uid 65534`,
      )
    }
  })

  test('read a file of settings is told why, behind its path', async () => {
    const file = path.join(story.dir, 'mine.properties')
    fs.writeFileSync(file, 'client.id=x\n', { mode: 0o600 })
    for (const tool of [`topics --list --command-config ${file}`, `storage info -c ${file}`]) {
      const { status, stderr } = await asNobody(story.data, tool)
      expect([status, stderr]).toEqual([
        1,
        `${file}\npermission denied; it belongs to uid 0, you are uid 65534\n`,
      ])
    }
  })
})
