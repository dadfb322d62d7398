import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Command } from '../../../../src/cli/command.ts'
import { parseArguments } from '../../../../src/cli/parse.ts'
import { withProfile } from '../../../../src/commands/open/profile.ts'
import { openLocal } from '../../../../src/index.ts'
import { METADATA_REQUEST, METADATA_RESPONSE } from '../../../../src/message/generated/requests.ts'
import { FakeListeners } from '../../../support/fake-listener.ts'
import { allCommands, runInProcess } from '../../../support/in-process.ts'

const listeners = new FakeListeners()
let commands: Map<string, Command>
let home: string
let env: Record<string, string>

beforeAll(async () => {
  commands = await allCommands()
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-profile-'))
  env = { HOME: home }
})
beforeEach(() => fs.rmSync(path.join(home, '.config'), { recursive: true, force: true }))
afterEach(() => listeners.close())
afterAll(() => fs.rmSync(home, { recursive: true, force: true }))

/** Writes ~/.config/tkafka/NAME.properties. */
function profile(name: string, lines: readonly string[], mode = 0o600): string {
  const folder = path.join(home, '.config/tkafka')
  fs.mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${name}.properties`)
  fs.writeFileSync(file, lines.join('\n'))
  fs.chmodSync(file, mode)
  return file
}

const run = (line: string, dataDir?: string) => {
  const [tool, ...args] = line.split(' ')
  return runInProcess(commands.get(tool) as Command, args, dataDir, env)
}

/** A broker with one topic. */
async function broker(topic: string) {
  const fake = await listeners.broker()
  const brokers = [{ nodeId: 1, host: '127.0.0.1', port: fake.port, rack: null }]
  const topics = [{ errorCode: 0, name: topic, isInternal: false, partitions: [] }]
  return fake.on(METADATA_REQUEST, METADATA_RESPONSE, () => ({
    brokers,
    topics,
    clusterId: 'fake',
    controllerId: 1,
  }))
}

describe('--profile', () => {
  test('of a cluster: its servers and its settings', async () => {
    const { port, seen } = await broker('orders')
    profile('prod', [`bootstrap.servers=127.0.0.1:${port}`, 'client.id=me'])
    expect(await run('topics --profile prod --list')).toEqual({ status: 0, stdout: 'orders\n', stderr: '' })
    expect(seen.length).toBeGreaterThan(0)
  })

  test('of a directory: data.dir, under ~ too', async () => {
    const admin = await openLocal(path.join(home, 'dir')).admin()
    await admin.createTopic({ name: 'here' })
    await admin.close()
    for (const dir of [path.join(home, 'dir'), '~/dir']) {
      profile('mine', [`data.dir=${dir}`])
      expect(await run('topics --profile mine --list')).toEqual({ status: 0, stdout: 'here\n', stderr: '' })
    }
  })

  test('the address on the command line goes over it, the other settings hold', async () => {
    const other = await broker('there')
    profile('prod', ['bootstrap.servers=nowhere.invalid:9092', 'security.protocol=nonsense'])
    const line = `topics --profile prod --bootstrap-server 127.0.0.1:${other.port} --list`
    expect((await run(line)).stderr).toContain('security.protocol=nonsense is none of')
    profile('prod', ['bootstrap.servers=nowhere.invalid:9092'])
    expect((await run(line)).stdout).toBe('there\n')
  })

  test('a name that is none: the near one, and those that there are', async () => {
    profile('prod', ['bootstrap.servers=a:1'])
    profile('dev', ['bootstrap.servers=a:1'])
    const { status, stderr } = await run('topics --profile prd --list')
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `There is no profile prd. Did you mean prod? ${home}/.config/tkafka has dev, prod.\n`,
    })
    expect((await run('topics --profile ../../secret --list')).stderr).toContain(
      'There is no profile ../../secret.',
    )
  })

  test('no folder of profiles is none', async () => {
    expect((await run('topics --profile prod --list')).stderr).toBe(
      `There is no profile prod. ${home}/.config/tkafka has none.\n`,
    )
  })

  test.each([
    [['client.id=x'], /names neither bootstrap\.servers nor data\.dir: profile p leads nowhere$/],
    [['bootstrap.servers=a:1', 'data.dir=/x'], /names both bootstrap\.servers and data\.dir: leave one out$/],
    [['data.dir=x/y'], /data\.dir=x\/y is no absolute path$/],
  ])('%j is refused in one line', async (lines, told) => {
    profile('p', lines)
    const { status, stdout, stderr } = await run('topics --profile p --list')
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr.trimEnd()).toMatch(told)
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  test('beside another file of settings is refused: none of the two would be whole', async () => {
    profile('p', ['bootstrap.servers=a:1'])
    expect((await run('topics --profile p --command-config x --list')).stderr).toBe(
      '--profile p and --command-config cannot be used together: both are a file of settings\n',
    )
  })

  test('a file with a password that others can read is refused', async () => {
    const { port } = await broker('orders')
    const lines = [`bootstrap.servers=127.0.0.1:${port}`, 'ssl.truststore.password=x']
    const file = profile('prod', lines, 0o644)
    expect(await run('topics --profile prod --list')).toEqual({
      status: 1,
      stdout: '',
      stderr: `${file} holds passwords, and others can read it: chmod 600 ${file}\n`,
    })
    profile('prod', lines, 0o600)
    expect((await run('topics --profile prod --list')).stderr).toBe('')
    profile('prod', lines.slice(0, 1), 0o644)
    expect((await run('topics --profile prod --list')).stderr).toBe('')
  })

  test('what is no file is refused, and not waited for', async () => {
    const file = profile('pipe', [])
    fs.rmSync(file)
    execFileSync('mkfifo', [file])
    expect(await run('topics --profile pipe --list')).toEqual({
      status: 1,
      stdout: '',
      stderr: `${file} is no regular file\n`,
    })
  })

  test('every tool that takes an address takes it as the file of its settings', async () => {
    const file = profile('prod', ['bootstrap.servers=a:1'])
    const missing: string[] = []
    for (const command of commands.values()) {
      const rows = [...command.flags, ...(command.subcommands ?? []).flatMap(({ flags }) => flags)]
      if (!rows.some(({ name }) => name === 'bootstrap-server')) continue
      const options = await withProfile(command, await optionsOf(command), env)
      // Those that work on files read no settings, and refuse the address.
      const reads = rows.some(({ name }) => name === 'command-config')
      const isTaken = reads
        ? options.value('command-config') === file
        : options.value('bootstrap-server') === 'a:1'
      if (!isTaken) missing.push(command.name)
    }
    expect(missing).toEqual([])
  })

  test('completion offers their names', async () => {
    profile('prod', [])
    profile('dev', [])
    expect((await run('completion names profiles')).stdout).toBe('dev\nprod\n')
  })
})

/** `TOOL --profile prod`, without what a tool's subcommands ask for. */
function optionsOf(command: Command) {
  const bare = { ...command, parser: undefined }
  return parseArguments(bare as Command, ['--profile', 'prod'])
}
