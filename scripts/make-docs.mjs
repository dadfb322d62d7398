// Makes docs/commands/*.md, man/*.1, completions/* from the flag rows of src/commands.
//   node scripts/make-docs.mjs [--check]      --check changes nothing and fails when something is stale
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { toolIndex } from './tool-index.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const check = process.argv.includes('--check')
const version = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version

const { tools, generators } = await load()
const files = new Map()
const { markdownPage, markdownIndex, manPage, manIndex, completionScript, valuesOf } = generators
for (const tool of tools) {
  files.set(`docs/commands/${tool.tool}.md`, markdownPage(tool))
  files.set(`man/tkafka-${tool.tool}.1`, manPage(tool, version))
}
files.set('docs/commands/README.md', markdownIndex(tools))
files.set('man/tkafka.1', manIndex(tools, version))
for (const shell of ['bash', 'zsh', 'fish']) {
  files.set(`completions/tkafka.${shell}`, completionScript(shell, tools, valuesOf))
}
files.set(
  'completions/commands.json',
  `{"version":1,"tools":[\n${tools.map((/** @type {unknown} */ tool) => JSON.stringify(tool)).join(',\n')}\n]}\n`,
)

const stale = []
for (const [file, text] of files) {
  const target = path.join(root, file)
  const now = fs.existsSync(target) ? fs.readFileSync(target, 'utf8') : undefined
  if (now === text) continue
  stale.push(file)
  if (check) continue
  fs.mkdirSync(path.dirname(target), { recursive: true })
  fs.writeFileSync(target, text)
}
for (const folder of ['docs/commands', 'man', 'completions']) {
  const there = fs.existsSync(path.join(root, folder)) ? fs.readdirSync(path.join(root, folder)) : []
  for (const name of there) {
    if (files.has(`${folder}/${name}`)) continue
    stale.push(`${folder}/${name}`)
    if (!check) fs.unlinkSync(path.join(root, folder, name))
  }
}
if (check && stale.length > 0) {
  console.error(`stale, run npm run docs:commands: ${stale.join(', ')}`)
  process.exit(1)
}
if (!check) console.log(`${files.size} files, ${stale.length} changed`)

/** Every tool's help data, sorted by name, from one bundle of all commands. */
async function load() {
  const names = [...(await toolIndex(root)).TOOL_NAMES].sort()
  const contents = [
    "export * from './src/cli/help-json.ts'",
    "export * from './src/cli/markdown-help.ts'",
    "export * from './src/cli/man-page.ts'",
    "export * from './src/cli/completion.ts'",
    "export * from './src/commands/hints/completion-values.ts'",
    ...names.map((name, i) => `import { command as command${i} } from './src/commands/${name}.ts'`),
    `export const commands = [${names.map((_, i) => `command${i}`).join(', ')}]`,
  ].join('\n')
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-docs-'))
  try {
    const file = path.join(out, 'commands.mjs')
    await build({
      absWorkingDir: root,
      stdin: { contents, resolveDir: root, loader: 'ts' },
      bundle: true,
      platform: 'node',
      format: 'esm',
      packages: 'bundle',
      external: [
        '@node-rs/crc32',
        'snappy',
        'lz4-napi',
        '@cloudpss/zstd',
        '@cloudpss/zstd/wasm',
        'fs-native-extensions',
      ],
      banner: {
        js: "import { createRequire as cr } from 'node:module'; const require = cr(import.meta.url);",
      },
      outfile: file,
      logLevel: 'error',
    })
    const loaded = await import(pathToFileURL(file).href)
    const helps = loaded.commands.map(loaded.helpTool)
    // Through JSON: what is undefined is not there.
    return { tools: JSON.parse(JSON.stringify(helps)), generators: loaded }
  } finally {
    fs.rmSync(out, { recursive: true })
  }
}
