import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/** The layer rules of docs/design.md, read from the imports themselves. */
const root = fileURLToPath(new URL('..', import.meta.url))

const MAY_IMPORT: Record<string, readonly string[]> = {
  bytes: [],
  record: ['bytes'],
  message: ['bytes'],
  config: [],
  os: [],
  log: ['record', 'bytes', 'os', 'config'],
  metadata: ['log', 'message', 'record', 'bytes', 'os'],
  group: ['log', 'message', 'record', 'bytes', 'os', 'metadata', 'client'],
  client: ['record', 'bytes', 'config'],
  local: ['client', 'log', 'metadata', 'group', 'message', 'record', 'bytes', 'os', 'config'],
  cluster: ['client', 'message', 'record', 'bytes'],
  cli: [],
  commands: ['cli', 'client', 'config', 'log', 'record', 'message', 'metadata', 'bytes', 'os'],
}

/** What everybody may use. */
const SHARED = ['src/errors.ts', 'src/count.ts']

interface Import {
  readonly file: string
  readonly specifier: string
}

function sources(): string[] {
  return (fs.readdirSync(path.join(root, 'src'), { recursive: true }) as string[])
    .filter((f) => f.endsWith('.ts'))
    .map((f) => `src/${f.split(path.sep).join('/')}`)
}

function imports(): Import[] {
  return sources().flatMap((file) => {
    const text = fs.readFileSync(path.join(root, file), 'utf8')
    return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => ({ file, specifier: m[1] }))
  })
}

/** `local` of `src/local/x.ts`; '' for files straight in src/. */
const folderOf = (file: string): string => (file.split('/').length > 2 ? file.split('/')[1] : '')

describe('architecture', () => {
  test('there is something to check', () => {
    expect(imports().length).toBeGreaterThan(100)
  })

  test('each folder imports only what docs/design.md allows it', () => {
    const wrong = imports()
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ file, specifier }) => ({ file, target: path.posix.join(path.posix.dirname(file), specifier) }))
      .filter(({ file, target }) => {
        const from = folderOf(file)
        const to = folderOf(target)
        if (from === '' || from === to || SHARED.includes(target)) return false
        if (file === 'src/commands/open/open-client.ts' && (to === 'local' || to === 'cluster')) return false
        return !(MAY_IMPORT[from] ?? []).includes(to)
      })
    expect(wrong, 'layers point one way: see the table in docs/design.md').toEqual([])
  })

  test('only os/ touches the machine: node:fs, child processes, sockets', () => {
    const machine = /^node:(fs|fs\/promises|net|tls|dgram|http|https|child_process|worker_threads)$/
    const wrong = imports().filter(
      ({ file, specifier }) => machine.test(specifier) && folderOf(file) !== 'os',
    )
    expect(wrong, 'go through the ports of src/os/').toEqual([])
  })

  test('only src/main.ts ends the process', () => {
    const wrong = sources().filter(
      (file) =>
        file !== 'src/main.ts' &&
        /process\.(exit|kill|abort)\(/.test(fs.readFileSync(path.join(root, file), 'utf8')),
    )
    expect(wrong, 'throw a TerseError, or return the status from the handler').toEqual([])
  })

  test('files stay small enough to read in one sitting', () => {
    const long = sources()
      .filter((file) => !file.startsWith('src/message/generated/'))
      .map((file) => ({
        file,
        lines: fs.readFileSync(path.join(root, file), 'utf8').trimEnd().split('\n').length,
      }))
      .filter(({ lines }) => lines > 400)
    expect(long, 'cut the file where its concepts part').toEqual([])
  })

  test('the file map in docs/design.md names every source file, and no other', () => {
    const design = fs.readFileSync(path.join(root, 'docs/design.md'), 'utf8')
    const map = [...design.matchAll(/^\| `(src\/[^`]+\.ts)` \|/gm)].map((m) => m[1]).sort()
    expect(map).toEqual(sources().sort())
  })

  test('docs, code and package name no machine path', () => {
    const files = [
      ...sources(),
      'package.json',
      'README.md',
      'CHANGELOG.md',
      ...fs.readdirSync(path.join(root, 'docs')).map((f) => `docs/${f}`),
    ]
    const wrong = files.filter(
      (f) =>
        fs.statSync(path.join(root, f)).isFile() &&
        /\/(work|root|home\/[a-z]+)\//.test(fs.readFileSync(path.join(root, f), 'utf8')),
    )
    expect(wrong).toEqual([])
  })

  test('no thread blocks in the kernel for a lock: it is tried, then awaited (B1)', () => {
    // Naps in the two places that have nothing else to do: a full pipe, and the thread that compresses.
    const mayNap = ['src/os/standard-streams.ts', 'src/record/compression/compression-slots.ts']
    const blocking = /waitForLockSync|waitForLock\(fd|waitSync|SETLKW|Atomics\.wait\(/
    const found = sources().filter(
      (file) => !mayNap.includes(file) && blocking.test(fs.readFileSync(path.join(root, file), 'utf8')),
    )
    expect(found).toEqual([])
  })

  test('the wall clock dates things; only what was never waited for may ask it in the layers below commands (B5)', () => {
    const found = sources().filter(
      (file) =>
        /^src\/(local|log|group|metadata|client|record)\//.test(file) &&
        /Date\.now\(|(deadline|lookedAt|lastFlush|lastCommit|lastLook|started)\b.* = .*clock\.now\(\)/.test(
          fs.readFileSync(path.join(root, file), 'utf8'),
        ),
    )
    expect(found).toEqual([])
  })
})
