import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))

// util-linux's: it gives the command a terminal of its own, and its exit status back.
const hasTerminal = spawnSync('script', ['-qec', 'exit 3', '/dev/null']).status === 3
if (!hasTerminal)
  console.warn('SKIPPED: there is no script of util-linux here, nothing is tried on a terminal')

let story: Story
beforeAll(async () => {
  story = new Story()
  await story.says('topics --create --topic quakes --config retention.ms=5000')
  await story.says('console-producer --topic quakes', { stdin: 'x\n' })
  await story.run('console-consumer --topic quakes --group readers --from-beginning --max-messages 1')
})
afterAll(() => story.end())

/** What comes on a terminal, both streams in one, in plain lines. */
function shown(command: string, env: NodeJS.ProcessEnv = {}): string {
  const { stdout } = spawnSync('script', ['-qec', `'${process.execPath}' '${bin}' ${command}`, '/dev/null'], {
    env: {
      PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
      HOME: story.dir,
      TKAFKA_DATA_DIR: story.data,
      TERM: 'xterm',
      ...ownClock().env,
      ...env,
    },
    encoding: 'utf8',
    input: '',
  })
  return stdout.replaceAll('\r\n', '\n')
}

describe.skipIf(!hasTerminal)('on a terminal', () => {
  test.each([
    ['topics --describe --topic quake', 'Did you mean quakes?'],
    ['topics --create --topic x --config retention.mss=1', 'Did you mean retention.ms?'],
    ['topics --list --exclude-interna', 'Did you mean --exclude-internal?'],
    ['topics list', 'Did you mean --list?'],
    ['consumer-groups --describe --group reader', 'Did you mean readers?'],
    ['configs --alter --topic quakes --add-config segment.byte=5', 'Did you mean segment.bytes?'],
    ['configs --describe --topic quaks', 'Did you mean quakes?'],
    ['log-dirs --describe --topic-list quaks', 'Did you mean quakes?'],
    ['cluster cluster-di', '\tcluster-id'],
    ['cluster cluster-id --comand-config x', '\t--command-config'],
  ])('%s: %s', (command, hint) => {
    expect(shown(command).split('\n')).toContain(hint)
  })

  test('a consumer that waits for new records says so once there, and not in a pipe (F4)', async () => {
    const command = 'console-consumer --topic quakes --from-beginning --timeout-ms 4000'
    expect(shown(command).match(/^Waiting for new records; Ctrl-C ends\.$/gm)).toHaveLength(1)
    expect((await story.run(command)).stderr).not.toContain('Waiting')
  })

  test('a pipe gets the genuine lines alone', async () => {
    expect(await story.fails('consumer-groups --describe --group reader')).not.toContain('mean')
    expect(await story.says('configs --describe --entity-type topics --entity-name quaks')).toBe(
      "The topic 'quaks' doesn't exist and doesn't have dynamic config.\n",
    )
    // In the short form what failed ends with 1, and says why (D2).
    expect(await story.run('configs --describe --topic quaks')).toMatchObject({
      status: 1,
      stderr: 'There is no topic quaks. Did you mean quakes?\n',
    })
  })

  test('settings stand in a table; --output text is Kafka’s text there, too', async () => {
    expect(shown('configs --describe --topic quakes', { NO_COLOR: '1' })).toMatch(
      /^ {2}Setting {7}Value {2}Set by {16}Else\n {2}retention\.ms {2}5000 {3}dynamic topic config {2}/m,
    )
    expect(shown('configs --describe --topic quakes --output text')).toBe(
      await story.says('configs --describe --topic quakes'),
    )
  })

  test('what lasts over a second shows how far it is, without colours where none are wanted', () => {
    const perf = 'producer-perf-test --topic quakes --num-records 18 --record-size 9 --throughput 10'
    const said = shown(perf, { NO_COLOR: '1' })
    expect(said).toMatch(/\[#+\.+\] +\d+ % {2}\d+ of 18 records/)
    expect(said).not.toMatch(/\u001b\[\d+m/)
    expect(said).toMatch(/18 records sent, .*\n$/)
  })

  test('TERM=dumb shows no progress and no colours', () => {
    const perf = 'producer-perf-test --topic quakes --num-records 18 --record-size 9 --throughput 10'
    expect(shown(perf, { TERM: 'dumb' })).toMatch(/^18 records sent, [^\n]*\n$/)
  })
})
