import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ownClock } from '../support/test-clock.ts'

/** Every command and example of README.md, as a reader pastes it. */
const root = fileURLToPath(new URL('../..', import.meta.url))
const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8')

/** The first code block below a heading. */
function block(heading: string, language: string): string {
  const from = readme.indexOf(`\n## ${heading}\n`)
  const code = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(readme.slice(from))?.[1]
  if (from < 0 || code === undefined) throw new Error(`README.md has no ${language} block below ${heading}`)
  return code
}

let dir: string
beforeAll(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-readme-'))
  // Stands in for the clone: the course begins in it.
  fs.symlinkSync(path.join(root, 'bin'), path.join(dir, 'bin'))
})
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }))

const environment = () => ({
  PATH: `${path.dirname(process.execPath)}:/usr/bin:/bin`,
  HOME: dir,
  XDG_CACHE_HOME: path.join(dir, 'cache'),
  ...ownClock().env,
})

/** Pastes lines into a shell that ends with the first one that fails. */
async function paste(lines: string, env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = await execa('sh', ['-e'], {
    cwd: dir,
    input: lines,
    env: { ...environment(), ...env },
    extendEnv: false,
    reject: false,
  })
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
  return stdout
}

describe('README.md as pasted (F)', () => {
  test('the course in ten commands', async () => {
    const course = block('The course in ten commands', 'sh')
    expect(course.match(/^(printf .*\| )?tkafka /gm)?.length).toBe(10)
    const out = await paste(course)
    expect(out).toContain('Created topic registrations.')
    // In the order in which the partition holds them: with keys, then values alone for the group.
    expect(out).toContain('anna\tsignup\nben\tsignup\nanna\tlogin\nsignup\nsignup\nlogin\n')
    expect(out).toMatch(/^mailer +registrations +\d +3 +3 +0 /m)
    expect(out).toMatch(/^registrations:\d:3$/m)
  })

  test('beyond the course', async () => {
    const data = path.join(dir, 'orders')
    const bin = `export PATH="$PWD/bin:$PATH"\n`
    const orders = `printf '{"total":120}\\n{"total":7}\\n' | tkafka console-producer --topic orders\n`
    const out = await paste(bin + orders + block('Beyond the course', 'sh'), { TKAFKA_DATA_DIR: data })
    expect(out).toContain('State        clean: a broker may start on it at once')
    expect(out.match(/^\{"topic":"orders".*$/gm)).toHaveLength(1)
    expect(out).toContain(String.raw`"value":"{\"total\":120}"`)
    // Those of __transaction_state, too.
    expect(out).toMatch(/^ok: 52 partitions, \d+ batches, \d+ records$/m)
    expect(out).toContain('# tkafka completion for bash')
  })

  test('a script written for Kafka finds its tools in bin/, and the stand-in of the broker lets it go on', async () => {
    fs.writeFileSync(
      path.join(dir, 'your-kafka-script.sh'),
      `kafka-server-start.sh server.properties > /dev/null
       kafka-topics.sh --bootstrap-server localhost:9092 --create --topic from-a-script\n`,
    )
    expect(
      await paste(block('A script written for Kafka, unchanged', 'sh'), {
        TKAFKA_DATA_DIR: path.join(dir, 'script'),
      }),
    ).toBe('Created topic from-a-script.')
  })

  test('the broker is started by its path: the stand-in in bin/ starts none and names that way out (F2)', async () => {
    const byPath = '/path/to/kafka/bin/kafka-server-start.sh server.properties'
    expect(readme).toContain(`\n\`\`\`\n${byPath}\n\`\`\`\n`)
    const { stdout, stderr, exitCode } = await execa(
      'sh',
      ['-c', 'kafka-server-start.sh server.properties'],
      {
        cwd: dir,
        env: { ...environment(), PATH: `${path.join(root, 'bin')}:${environment().PATH}` },
        extendEnv: false,
        reject: false,
      },
    )
    expect(exitCode).toBe(1)
    expect(stdout + stderr).toContain(byPath)
  })

  test('the Node example, twice in the same directory (F11)', () => {
    fs.mkdirSync(path.join(dir, 'project', 'node_modules'), { recursive: true })
    fs.symlinkSync(root, path.join(dir, 'project', 'node_modules/tkafka'))
    fs.writeFileSync(path.join(dir, 'project', 'example.mjs'), block('From a Node program', 'ts'))
    const run = () =>
      execFileSync(process.execPath, ['example.mjs'], {
        cwd: path.join(dir, 'project'),
        env: environment(),
        encoding: 'utf8',
      })
    expect(run()).toMatch(/^[0-2] 0 anna one coffee\n$/)
    expect(run()).toMatch(/^[0-2] 1 anna one coffee\n$/)
  })

  test('every page that it links to is there', () => {
    const links = [...readme.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, link]) => link)
    expect(links.length).toBeGreaterThan(10)
    expect(links.filter((link) => !fs.existsSync(path.join(root, link)))).toEqual([])
  })
})
