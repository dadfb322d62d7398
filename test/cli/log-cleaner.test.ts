import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openLocal } from '../../src/index.ts'
import { nativeFileLocks } from '../../src/os/native-file-lock.ts'
import { Story } from '../support/cli.ts'
import { ownClock } from '../support/test-clock.ts'

let story: Story
beforeEach(() => {
  story = new Story()
})
afterEach(() => story.end())

const keyed = { stdin: 'a:1\nb:1\na:2\n' }
const PRODUCE =
  'console-producer --topic c --reader-property parse.key=true --reader-property key.separator=:'
const print = '--formatter-property print.key=true --formatter-property print.offset=true'

/** Name, times and content of all that is in a folder. */
const tree = (dir: string): string[] =>
  fs
    .readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const stat = fs.statSync(path.join(dir, name))
      const bytes = stat.isFile() ? fs.readFileSync(path.join(dir, name)).toString('base64') : ''
      return `${name} ${stat.ino} ${stat.mtimeMs} ${stat.ctimeMs} ${bytes}`
    })
    .sort()

describe('log-cleaner', () => {
  test('says nothing and touches nothing when there is nothing to do, without HOME or PATH', async () => {
    story.env('HOME', undefined).env('PATH', undefined)
    expect(await story.says('log-cleaner')).toBe('')
    expect(fs.existsSync(story.data)).toBe(false)
    await story.says('topics --create --topic c')
    const before = fs.readdirSync(story.data).sort()
    expect(await story.says('log-cleaner')).toBe('')
    expect(fs.readdirSync(story.data).sort()).toEqual(before)
  })

  test('compacts with --now, and the second time there is nothing left', async () => {
    await story.says('topics --create --topic c --config cleanup.policy=compact')
    await story.says(PRODUCE, keyed)
    expect(await story.says('log-cleaner')).toBe('')
    expect(await story.says('log-cleaner --now')).toMatch(
      /^c-0: compacted \(now\), .* -> .* freed, 3 -> 2 records, 2 keys, [\d.]+ s/,
    )
    expect(await story.says('log-cleaner --now')).toBe('')
    const { stdout } = await story.run(
      `console-consumer --topic c --from-beginning --timeout-ms 500 ${print}`,
    )
    expect(stdout).toBe('Offset:1\tb\t1\nOffset:2\ta\t2\n')
  })

  test('deletes what is past retention.ms, rolls the active segment for it, and says so before with --dry-run', async () => {
    await story.says('topics --create --topic r --config retention.ms=1 --config file.delete.delay.ms=0')
    await story.says('console-producer --topic r', { stdin: '1\n2\n' })
    const would = await story.says('log-cleaner --dry-run')
    expect(would).toMatch(
      /^r-0: retention would delete .* \(time\).* to be freed, log would start at offset 2\n$/,
    )
    expect(await story.says('get-offsets --topic r --time earliest')).toBe('r:0:0\n')
    const [row] = JSON.parse(await story.says('log-cleaner --output json')).data
    expect(row).toMatchObject({
      action: 'retention',
      topic: 'r',
      status: 'done',
      logStartOffset: 2,
      bytesAfter: 0,
    })
    expect(await story.says('get-offsets --topic r --time earliest')).toBe('r:0:2\n')
    expect(fs.readdirSync(path.join(story.data, 'r-0')).filter((name) => name.endsWith('.deleted'))).toEqual(
      [],
    )
  })

  test('the course: a topic written steadily keeps old records in its active segment; shown, explained, rolled, deleted', async () => {
    await story.says('topics --create --topic s --config retention.ms=60000 --config file.delete.delay.ms=0')
    const producer = await openLocal(story.data).producer()
    for (const age of [300_000, 120_000, 30_000]) {
      await producer.send({ topic: 's', value: `${age} ms old`, timestamp: Date.now() - age })
    }
    await producer.close()
    // All is still there, and a run of the cleaner does not change that.
    expect(await story.says('log-cleaner')).toBe('')
    const { stdout } = await story.run('console-consumer --topic s --from-beginning --until-end')
    expect(stdout).toBe('300000 ms old\n120000 ms old\n30000 ms old\n')
    const text = await story.says('explain --topic s')
    expect(text).toMatch(
      /up to 5 min .*old, but also one only [345]\d s old: a segment goes as a whole; retention.ms is 1 min/,
    )
    expect(text).toContain('[retention.ms=60000, set for the topic]')
    expect(text).toContain('it is the active one: as long as records go into it, its newest stays new')
    expect(text).toContain('tkafka configs --alter --topic s --add-config segment.ms=60000')
    expect(text).toContain('tkafka log-cleaner --topic s --retention --now rolls it at once')
    // What explain says to do.
    expect(await story.says('log-cleaner --topic s --retention --now --dry-run')).toBe(
      's-0: would roll the active segment (now)\n',
    )
    expect(await story.says('log-cleaner --topic s --retention --now')).toBe(
      's-0: rolled the active segment (now)\n',
    )
    // In place of the half minute until the newest is old, too.
    await story.says('configs --alter --topic s --add-config retention.ms=20000')
    expect(await story.says('log-cleaner --topic s')).toMatch(
      /^s-0: retention deleted 1 segment \(time\), .* -> 0 B, .* freed, log starts at offset 3\n$/,
    )
    expect(await story.says('get-offsets --topic s --time earliest')).toBe('s:0:3\n')
  })

  test('rolls and deletes by segment.ms, when explain was taken at its word', async () => {
    await story.says('topics --create --topic s --config retention.ms=60000 --config file.delete.delay.ms=0')
    const producer = await openLocal(story.data).producer()
    for (const age of [300_000, 290_000]) {
      await producer.send({ topic: 's', value: 'v', timestamp: Date.now() - age })
    }
    await producer.close()
    await story.says('configs --alter --topic s --add-config segment.ms=60000')
    // A new one: a producer that goes on looks at the settings anew only every 200 ms.
    const later = await openLocal(story.data).producer()
    await later.send({ topic: 's', value: 'now' })
    await later.close()
    expect(await story.says('log-cleaner')).toMatch(/^s-0: retention deleted 1 segment \(time\)/)
    const { stdout } = await story.run('console-consumer --topic s --from-beginning --until-end')
    expect(stdout).toBe('now\n')
  })

  test('a second run beside the first leaves quietly with 0, as cron wants it', async () => {
    await story.says('topics --create --topic c --config cleanup.policy=compact')
    await story.says(PRODUCE, keyed)
    const lock = fs.openSync(path.join(story.data, 'c-0', '.tkafka-cleaner-lock'), 'a+')
    expect(nativeFileLocks.tryLock(lock, 'exclusive')).toBe(true)
    expect(await story.says('log-cleaner --now')).toBe('')
    fs.closeSync(lock)
    expect(await story.says('log-cleaner --now')).toMatch(/^c-0: compacted/)
  })

  test('a dry run with --now tells what the run then does, and changes nothing', async () => {
    await story.says('topics --create --topic c --config cleanup.policy=compact')
    await story.says(PRODUCE, keyed)
    const before = tree(story.data)
    expect(await story.says('log-cleaner --now --dry-run')).toMatch(
      /^c-0: compaction would run \(now\), .* to be freed, 3 -> 2 records, 2 keys/,
    )
    expect(tree(story.data)).toEqual(before)
    const row = async (flags: string) => {
      const { data } = JSON.parse(await story.says(`log-cleaner --now --output json ${flags}`))
      const [{ bytesBefore, bytesAfter, recordsBefore, recordsAfter, keys }] = data
      return { bytesBefore, bytesAfter, recordsBefore, recordsAfter, keys }
    }
    const planned = await row('--dry-run')
    expect(planned).toMatchObject({ recordsBefore: 3, recordsAfter: 2, keys: 2 })
    expect(tree(story.data)).toEqual(before)
    expect(await row('')).toEqual(planned)
  })

  test.each([
    ['docs/cleaning.md', /^ {4}\*\/10 .*?(tkafka .*)$/m],
    ['docs/cleaning.md', /^ {4}ExecStart=\/usr\/bin\/env (.*)$/m],
    ['README.md', /^\*\/10 .*?(tkafka .*)$/m],
  ])('the line for cron or systemd in %s runs as it stands', async (file, line) => {
    await story.says('topics --create --topic r --config retention.ms=1 --config file.delete.delay.ms=0')
    await story.says('console-producer --topic r', { stdin: '1\n' })
    const root = fileURLToPath(new URL('../../', import.meta.url))
    const command = line.exec(fs.readFileSync(path.join(root, file), 'utf8'))?.[1] ?? 'false'
    const { exitCode, stdout, stderr } = await execa(
      '/bin/sh',
      ['-c', command.replace('/var/lib/tkafka', story.data)],
      {
        env: { PATH: `${root}bin:${path.dirname(process.execPath)}:/usr/bin:/bin`, ...ownClock().env },
        extendEnv: false,
        input: '',
        reject: false,
      },
    )
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    if (!command.includes('/dev/null')) expect(stdout).toMatch(/^r-0: retention deleted/)
    expect(await story.says('get-offsets --topic r --time earliest')).toBe('r:0:1\n')
  })

  test('says what was left when its time is over, with exit status 0', async () => {
    await story.says('topics --create --topic c --config cleanup.policy=compact')
    await story.says(PRODUCE, keyed)
    expect(await story.says('log-cleaner --now --max-time 0s')).toBe(
      'time is over; left for the next run: retention of c-0, compaction of c-0\n',
    )
    expect(await story.says('log-cleaner --now --max-time 1h')).toMatch(/^c-0: compacted/)
  })

  test('refuses a duration that is none', async () => {
    expect(await story.fails('log-cleaner --max-time soon')).toBe(
      '--max-time soon is no duration: write 30s, 5m or 1h\n',
    )
  })
})

describe('explain', () => {
  test('names the cause, the setting and where it comes from', async () => {
    await story.says('topics --create --topic c --config cleanup.policy=compact,delete')
    await story.says(PRODUCE, keyed)
    const text = await story.says('explain --topic c')
    expect(text).toContain('cleanup.policy=compact,delete (set for the topic)')
    expect(text).toContain('retention.ms is 7 d [retention.ms=604800000, built in]')
    expect(text).toContain('the active segment is never compacted before it is rolled')
    const [row] = JSON.parse(await story.says('explain --topic c --output json')).data
    expect(row.segments[0].causes.map((cause: { code: string }) => cause.code)).toEqual([
      'newer-than-retention',
      'active',
    ])
    expect(row.compaction).toMatchObject({ due: false, firstDirtyOffset: 0 })
  })

  test('suggests a topic with a near name', async () => {
    await story.says('topics --create --topic quakes')
    expect(await story.fails('explain --topic quake')).toBe('there is no topic quake; did you mean quakes?\n')
  })
})
