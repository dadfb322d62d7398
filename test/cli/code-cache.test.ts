/** What the launcher takes for V8's cache of compiled code runs as it is: nothing that another user could have written. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const TKAFKA = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))
let home: string
let cache: string

function run(): string {
  const env = { ...process.env, XDG_CACHE_HOME: home, TKAFKA_NO_CODE_CACHE: '' }
  return execFileSync(process.execPath, [TKAFKA, 'topics', '--version'], {
    env,
    encoding: 'utf8',
    timeout: 10_000,
  })
}

beforeAll(() => {
  home = fs.mkdtempSync(join(tmpdir(), 'tkafka-code-cache-'))
  run()
  const folder = join(home, 'tkafka')
  cache = join(folder, fs.readdirSync(folder)[0])
})
afterAll(() => fs.rmSync(home, { recursive: true }))

const kind = () => {
  const stat = fs.lstatSync(cache)
  return [stat.isFile(), (stat.mode & 0o777).toString(8), stat.nlink]
}

/** Each leaves in the cache's place one that fits, and that somebody else could have made. */
const plants: readonly (readonly [string, () => void])[] = [
  [
    'a link to one',
    () => {
      fs.renameSync(cache, join(home, 'elsewhere'))
      fs.symlinkSync(join(home, 'elsewhere'), cache)
    },
  ],
  ['a second name of a file', () => fs.linkSync(cache, join(home, 'second'))],
  ['a file that others may write', () => fs.chmodSync(cache, 0o666)],
  [
    'a FIFO',
    () => {
      fs.unlinkSync(cache)
      execFileSync('mkfifo', [cache])
    },
  ],
]

describe.runIf(process.platform === 'linux')("the launcher's code cache", () => {
  it.each(plants)('is not read where it is %s, and made anew (C1)', (_, plant) => {
    plant()
    expect(run()).toMatch(/^\d/)
    expect(kind()).toEqual([true, '600', 1])
  })

  it.runIf(process.getuid?.() === 0)("is not read where it is another user's (C1)", () => {
    fs.chownSync(cache, 65534, 65534)
    run()
    expect(fs.lstatSync(cache).uid).toBe(0)
  })
})
