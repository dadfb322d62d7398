import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import type { Command } from '../../../src/cli/command.ts'
import { COMMON_FLAGS } from '../../../src/cli/flags.ts'
import { VALUES_BY_FLAG } from '../../../src/commands/hints/completion-values.ts'
import { TOOL_NAMES } from '../../../src/commands/index.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** To say which other flags go with one is no use of it. */
const CHECKS = ['checkInvalidArguments', 'only', 'both']
const ROWS = /\bsatisfies (readonly )?(Flag|Subcommand)\b/

interface Source {
  /** Names that are read here; `*-host` stands for every name with that end. */
  readonly names: readonly string[]
  readonly imports: readonly string[]
}

const sources = new Map<string, Source>()

/** What one file reads and imports, by its syntax: a text that is handed to a call, chosen, or listed. */
function sourceOf(file: string): Source {
  const known = sources.get(file)
  if (known !== undefined) return known
  const text = fs.readFileSync(path.join(root, file), 'utf8')
  const names: string[] = []
  const imports: string[] = []
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier?.startsWith('.')) imports.push(path.posix.join(path.posix.dirname(file), specifier))
    if (ts.isSatisfiesExpression(node) && ROWS.test(node.getText().slice(-40))) return
    if (ts.isTypeNode(node)) return
    if (ts.isCallExpression(node) && CHECKS.includes(node.expression.getText())) return
    if (ts.isStringLiteral(node) && isHandedOn(node)) names.push(node.text)
    if (ts.isTemplateExpression(node) && isHandedOn(node)) {
      names.push(
        [node.head, ...node.templateSpans.map(({ literal }) => literal)].map((part) => part.text).join('*'),
      )
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true))
  const source = { names, imports }
  sources.set(file, source)
  return source
}

function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node)) return node.moduleSpecifier.getText().slice(1, -1)
  const dynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
  return dynamic ? node.arguments[0].getText().slice(1, -1) : undefined
}

/** Not what a property holds, nor a list that a property holds (columns; what goes with what). */
function isHandedOn(node: ts.Expression): boolean {
  const { parent } = node
  if (ts.isCallExpression(parent)) return parent.arguments.includes(node)
  if (ts.isConditionalExpression(parent)) return node !== parent.condition
  if (!ts.isArrayLiteralExpression(parent)) return false
  const list = ts.isAsExpression(parent.parent) ? parent.parent : parent
  return !ts.isPropertyAssignment(list.parent)
}

/** Names that the tool's file reads, and the files of commands/ and cli/ that it needs; hints read for people, and decide nothing. */
function readsOf(tool: string): (name: string) => boolean {
  const files = [`src/commands/${tool}.ts`]
  const names = new Set<string>()
  for (const file of files) {
    const source = sourceOf(file)
    for (const name of source.names) names.add(name)
    for (const target of source.imports) {
      if (/^src\/(commands|cli)\/(?!hints\/)/.test(target) && !files.includes(target)) files.push(target)
    }
  }
  const patterns = [...names].filter((name) => /^[\w*.-]*\*[\w*.-]+$/.test(name))
  const anyOf = new RegExp(
    `^(${patterns.map((one) => one.replaceAll('.', '\\.').replaceAll('*', '\\w+')).join('|')})$`,
  )
  return (name) => names.has(name) || anyOf.test(name)
}

describe('every row is read (issue 12, item 4)', () => {
  const common: readonly string[] = COMMON_FLAGS.map(({ name }) => name)

  test.each(TOOL_NAMES)(
    '%s reads what it has rows for, or the row says that it has no effect',
    async (tool) => {
      const { command }: { command: Command } = await import(`../../../src/commands/${tool}.ts`)
      const rows = [...command.flags, ...(command.subcommands ?? []).flatMap(({ flags }) => flags)]
      const isRead = readsOf(tool)
      const own = rows.filter(({ name }) => !common.includes(name))
      const unread = own.filter(({ name, noEffect }) => !noEffect && !isRead(name)).map(({ name }) => name)
      expect(unread, 'read it, take the row away, or write noEffect: true').toEqual([])
      const readAfterAll = own
        .filter(({ name, noEffect }) => noEffect && isRead(name))
        .map(({ name }) => name)
      expect(readAfterAll, 'the row says noEffect').toEqual([])
    },
  )

  test('what serves every tool asks for flags that some tool has', async () => {
    const rows = new Set(common)
    for (const tool of TOOL_NAMES) {
      const { command }: { command: Command } = await import(`../../../src/commands/${tool}.ts`)
      for (const { name } of command.flags) rows.add(name)
      for (const { flags } of command.subcommands ?? []) for (const { name } of flags) rows.add(name)
    }
    const asked = Object.keys(VALUES_BY_FLAG)
    for (const file of ['open/open-client', 'hints/near-name-hint']) {
      const text = fs.readFileSync(path.join(root, `src/commands/${file}.ts`), 'utf8')
      for (const [, list] of text.matchAll(/(?:flag of|given =) \[([^\]]*)\]/g))
        asked.push(...list.split(',').flatMap((word) => /'(.*)'/.exec(word)?.[1] ?? []))
      for (const [, name] of text.matchAll(/options\.\w+\('([^']+)'\)/g)) asked.push(name)
      for (const [, name] of text.matchAll(/^ {2}\['([^']+)', '/gm)) asked.push(name)
    }
    expect(asked.length).toBeGreaterThan(40)
    expect(asked.filter((name) => !rows.has(name))).toEqual([])
  })

  test('only what serves every tool asks without a row', () => {
    const commands = path.join(root, 'src/commands')
    const files = (fs.readdirSync(commands, { recursive: true }) as string[])
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => fs.readFileSync(path.join(commands, file), 'utf8').includes('.ofAnyTool'))
    expect(files.sort()).toEqual([
      'copy/sides.ts',
      'e2e-latency/word-options.ts',
      'hints/near-name-hint.ts',
      'open/open-client.ts',
      'share-groups.ts',
      'streams-groups/changes.ts',
    ])
  })
})
