import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { absentTools } from '../src/commands/absent-tools.ts'
import { ABSENT_TOOL_NAMES, TOOL_NAMES } from '../src/commands/index.ts'

/** The layer rules of docs/design.md, read from the imports themselves. */
const root = fileURLToPath(new URL('..', import.meta.url))

const MAY_IMPORT: Record<string, readonly string[]> = {
  bytes: [],
  names: [],
  java: [],
  record: ['bytes'],
  message: ['bytes'],
  config: [],
  os: [],
  log: ['record', 'bytes', 'os', 'config'],
  metadata: ['log', 'message', 'record', 'bytes', 'os'],
  group: ['log', 'message', 'record', 'bytes', 'os', 'metadata', 'client'],
  client: ['record', 'bytes', 'config', 'os'],
  local: ['client', 'log', 'metadata', 'group', 'message', 'record', 'bytes', 'os', 'config'],
  cluster: ['client', 'message', 'record', 'bytes', 'os', 'config', 'group'],
  cli: [],
  commands: ['cli', 'client', 'config', 'log', 'record', 'message', 'metadata', 'bytes', 'os'],
}

/** What everybody may use. */
const SHARED = ['src/errors.ts', 'src/count.ts']
/** Folders of plain facts, which import nothing: any layer may. */
const GROUND = ['names', 'java']

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

/** A tool that Kafka has not. */
const isAddition = (tool: string): boolean =>
  TOOL_NAMES.includes(tool) &&
  /^ {2}addition: true,$/m.test(fs.readFileSync(path.join(root, `src/commands/${tool}.ts`), 'utf8'))

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
        if (from === '' || from === to || SHARED.includes(target) || GROUND.includes(to)) return false
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

  test('every file begins with a block that says what it is, in front of its imports', () => {
    const headless = sources().filter(
      (file) =>
        !file.startsWith('src/message/generated/') &&
        !/^\/\*\*\s[^@]*\w/.test(fs.readFileSync(path.join(root, file), 'utf8')),
    )
    expect(headless, 'see "File head" in CONTRIBUTING.md').toEqual([])
  })

  test('every folder of src/ is an idea that docs/design.md names, of at most 60 files', () => {
    const design = fs.readFileSync(path.join(root, 'docs/design.md'), 'utf8')
    const rows = [...design.matchAll(/^\| ((?:`[\w/-]+`(?:, )?)+) \| /gm)].flatMap((m) =>
      m[1].replaceAll('`', '').split(', '),
    )
    const named = (folder: string) =>
      rows.includes(folder) ||
      /^commands\/[^/]+(\/decoders)?$/.test(folder) ||
      /\/(explain|assembly|generated)$/.test(folder)
    const folders = new Map<string, number>()
    for (const file of sources()) {
      const folder = path.posix.dirname(file).slice('src/'.length)
      if (folder !== '') folders.set(folder, (folders.get(folder) ?? 0) + 1)
    }
    expect([...folders.keys()].filter((folder) => !named(folder))).toEqual([])
    expect([...folders].filter(([, files]) => files > 60)).toEqual([])
    const gone = rows.filter((row) => !/[A-Z]/.test(row) && !fs.existsSync(path.join(root, 'src', row)))
    expect(gone, 'docs/design.md names folders that are no more').toEqual([])
  })

  test('every file that docs/design.md names is there', () => {
    const design = fs.readFileSync(path.join(root, 'docs/design.md'), 'utf8')
    const known = [...sources(), 'test/architecture.test.ts', 'test/support/output-shapes.ts']
    const named = [...design.matchAll(/`([a-z/.-]+\.ts)`/g)].map((m) => m[1])
    const gone = named.filter((name) => !known.some((file) => `/${file}`.endsWith(`/${name}`)))
    expect(gone).toEqual([])
  })

  test('commands/*.ts are the tools and nothing else, as commands/index.ts lists them', () => {
    const files = sources().filter((file) => /^src\/commands\/[^/]+\.ts$/.test(file))
    const expected = [...TOOL_NAMES, 'index', 'absent-tools'].map((name) => `src/commands/${name}.ts`)
    expect(files.sort()).toEqual(expected.sort())
    expect(absentTools.map(({ name }) => name)).toEqual(ABSENT_TOOL_NAMES)
  })

  test("bin/ has a script for every tool of Kafka's, which runs the tool of its name", () => {
    const all: readonly string[] = [...TOOL_NAMES, ...ABSENT_TOOL_NAMES]
    const scripts = fs.readdirSync(path.join(root, 'bin')).filter((name) => name.endsWith('.sh'))
    const toolOf = (script: string) => {
      const name = script.slice(0, -'.sh'.length)
      return all.includes(name) ? name : name.replace(/^kafka-/, '')
    }
    for (const script of scripts) {
      const text = fs.readFileSync(path.join(root, 'bin', script), 'utf8')
      expect(/launch\(\['([^']+)'/.exec(text)?.[1], script).toBe(toolOf(script))
    }
    expect(scripts.map(toolOf).sort()).toEqual(all.filter((name) => !isAddition(name)).sort())
  })

  test('bin/run-class.cjs leads every class to a tool that there is', () => {
    const text = fs.readFileSync(path.join(root, 'bin/run-class.cjs'), 'utf8')
    const table = /const TOOLS = \{([^}]*)\}/.exec(text)?.[1] ?? ''
    const tools = [...table.matchAll(/^ {2}\w+: '([^']+)',$/gm)].map((match) => match[1])
    expect(tools.filter((name) => ![...TOOL_NAMES, ...ABSENT_TOOL_NAMES].includes(name))).toEqual([])
    const classless = TOOL_NAMES.filter((name) => !tools.includes(name))
    expect(classless.sort(), 'tools of ours have no class').toEqual(TOOL_NAMES.filter(isAddition).sort())
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
