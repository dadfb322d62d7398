import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

let bundles = 0
const here = fileURLToPath(new URL('../../', import.meta.url))

export interface BundleOptions {
  /** Of test/. */
  readonly folder?: string
  /** Another tree than this one. */
  readonly root?: string | undefined
}

/**
 * Bundles a program of test/support so that plain `node` runs it as a process of its own. Under node_modules, so that
 * native packages are found.
 */
export async function bundleProgram(name: string, options: BundleOptions = {}): Promise<string> {
  const { folder: from = 'support', root = here } = options
  const folder = `${here}node_modules/.cache/tkafka-test`
  mkdirSync(folder, { recursive: true })
  const outfile = `${folder}/${name}-${process.pid}-${bundles++}.cjs`
  await build({
    absWorkingDir: root,
    entryPoints: [`test/${from}/${name}.ts`],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    packages: 'bundle',
    external: ['@node-rs/crc32', 'snappy', 'lz4-napi', '@cloudpss/zstd', 'fs-native-extensions'],
    define: { 'import.meta.url': '__url' },
    banner: { js: 'const __url = require("node:url").pathToFileURL(__filename).href;' },
    outfile,
    logLevel: 'warning',
    keepNames: true,
  })
  return outfile
}
