// Builds dist/: one CommonJS bundle a tool (CommonJS loads some 4 ms faster than ESM), the public API in both
// forms, and its types. Native packages stay outside and are required when first needed.
//   node scripts/build.mjs [--no-types] [TOOL ...]
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { refreshKernels } from './make-kernels.mjs'
import { packChunks } from './pack-chunks.mjs'
import { toolIndex } from './tool-index.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = process.env.TKAFKA_DIST ?? path.join(root, 'dist')
const began = new Date()
const args = process.argv.slice(2)
const only = args.filter((a) => !a.startsWith('-'))
const version = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version

const external = [
  '@node-rs/crc32',
  'snappy',
  'lz4-napi',
  '@cloudpss/zstd',
  '@cloudpss/zstd/wasm',
  'fs-native-extensions',
]
/** @satisfies {import('esbuild').BuildOptions} */
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  external,
  logLevel: 'warning',
  write: false,
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  define: { __TKAFKA_VERSION__: JSON.stringify(version) },
}
// commander needs node:child_process (4 ms to load) only for subcommands that are programs of their own; ours are not.
/** @type {import('esbuild').Plugin} */
const leanCommander = {
  name: 'lean-commander',
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, (args) =>
      /[\\/]commander[\\/]/.test(args.importer) ? { path: 'child_process', namespace: 'absent' } : undefined,
    )
    build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({
      contents: 'module.exports = {}',
      loader: 'js',
    }))
  },
}
/** @satisfies {import('esbuild').BuildOptions} */
const cjs = {
  ...shared,
  plugins: [leanCommander],
  // A script that runs from V8's code cache has no import() of its own; require serves for node: modules.
  supported: { 'dynamic-import': false },
  format: 'cjs',
  define: { ...shared.define, 'import.meta.url': '__tkafkaModuleUrl' },
  banner: { js: 'const __tkafkaModuleUrl = __filename;' },
}

fs.mkdirSync(path.join(dist, 'rest'), { recursive: true })
await refreshKernels()

/**
 * Temp file and rename, so that a build under running tests never shows half a file; unchanged files are left alone.
 * @param {string} file
 * @param {string} text
 */
function put(file, text) {
  try {
    if (fs.readFileSync(file, 'utf8') === text) return
  } catch {}
  const temp = `${file}.${process.pid}.tmp`
  fs.writeFileSync(temp, text)
  fs.renameSync(temp, file)
}

/**
 * @param {import('esbuild').BuildOptions} options
 * @param {string} file
 */
async function bundle(options, file) {
  const result = await build(options)
  put(path.join(dist, file), result.outputFiles?.[0].text ?? '')
}

const { TOOL_NAMES } = await toolIndex(root)
const tools = TOOL_NAMES.filter((t) => only.length === 0 || only.includes(t))

// Imported lazily, so that a tool that does not touch a directory does without, and yet needed by nearly every run.
/** @type {Record<string, RegExp>} */
const AT_START = {
  topics: /^src\/local\/(directory\/directory-reader|admin\/local-admin)\.ts$/,
  others:
    /^src\/(local\/(directory\/(directory-reader|local-directory)|admin\/local-admin|producer\/local-producer|consumer\/local-consumer)|client\/partitioner)\.ts$/,
}

/** Imported only where an address is named. */
const FOR_CLUSTERS = /^src\/cluster\//

/**
 * A tool: what each run needs, and the rest in a folder of its own. Smaller files start sooner.
 * @param {string} tool
 */
async function bundleTool(tool) {
  const result = await build({
    ...shared,
    plugins: [leanCommander],
    format: 'esm',
    splitting: true,
    metafile: true,
    outdir: dist,
    chunkNames: '[hash]',
    minifyIdentifiers: true,
    define: cjs.define,
    stdin: {
      contents: `import { main } from './src/main.ts'\nimport { command } from './src/commands/${tool}.ts'\nmain(command)`,
      resolveDir: root,
      sourcefile: `${tool}.entry.ts`,
      loader: 'ts',
    },
  })
  const files = { rest: `rest/${tool}.cjs`, apart: `rest/${tool}.cluster.cjs` }
  const atStart = AT_START[tool] ?? AT_START.others
  const { start, rest, apart } = packChunks(result, `${tool}.entry.ts`, atStart, FOR_CLUSTERS, files)
  // The launcher reads them as ASCII.
  for (const text of [start, rest, apart]) if (/[^\0-\x7f]/.test(text)) throw new Error(`${tool}: not ASCII`)
  put(path.join(dist, files.rest), rest)
  if (apart !== '') put(path.join(dist, files.apart), apart)
  put(path.join(dist, `${tool}.cjs`), start)
}

const jobs = tools.map(bundleTool)
// The thread that compresses for a producer with much to compress.
jobs.push(bundle({ ...cjs, entryPoints: ['src/client/compression-worker.ts'] }, 'compression_worker.cjs'))
if (only.length === 0) {
  const entry = (/** @type {string} */ file) => fs.existsSync(path.join(root, file))
  if (entry('src/tkafka.ts'))
    jobs.push(bundle({ ...cjs, minifyIdentifiers: true, entryPoints: ['src/tkafka.ts'] }, 'tkafka.cjs'))
  jobs.push(
    bundle(
      {
        ...cjs,
        minifyIdentifiers: true,
        stdin: {
          contents: `import { main } from './src/main.ts'
            import { absentTools } from './src/commands/absent-tools.ts'
            main(absentTools.find(({ name }) => name === globalThis.__tkafkaAbsentTool))`,
          resolveDir: root,
          sourcefile: 'absent-tools.entry.ts',
          loader: 'ts',
        },
      },
      'absent-tools.cjs',
    ),
  )
  // Colours, tables, spinners: one bundle of their own, required only on a terminal.
  if (entry('src/cli/terminal-parts.ts'))
    jobs.push(bundle({ ...cjs, entryPoints: ['src/cli/terminal-parts.ts'] }, 'terminal_parts.cjs'))
  if (entry('src/index.ts')) {
    // In lines as they were written: Node prints the line that throws above an error that nobody caught.
    jobs.push(
      bundle(
        {
          ...cjs,
          supported: {},
          minifySyntax: false,
          minifyWhitespace: false,
          entryPoints: ['src/index.ts'],
        },
        'index.cjs',
      ),
    )
    jobs.push(
      bundle(
        {
          ...shared,
          format: 'esm',
          minifySyntax: false,
          minifyWhitespace: false,
          entryPoints: ['src/index.ts'],
        },
        'index.mjs',
      ),
    )
  }
}
const results = await Promise.allSettled(jobs)
const failed = results.filter((r) => r.status === 'rejected')
for (const f of failed) console.error(f.reason.message)
if (failed.length > 0) process.exit(1)
// When all of dist/ was made: whoever needs it need not make it again while no source is newer (test/support/build-once.ts).
if (only.length === 0 && process.env.TKAFKA_DIST === undefined) {
  const stamp = path.join(root, '.cache/built')
  fs.mkdirSync(path.dirname(stamp), { recursive: true })
  fs.writeFileSync(stamp, '')
  fs.utimesSync(stamp, began, began)
}

if (only.length === 0 && !args.includes('--no-types')) {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.types.json'], { cwd: root, stdio: 'inherit' })
}
