// What src/commands/index.ts lists, for the scripts that build and document the tools.
import { build } from 'esbuild'

/**
 * @param {string} root of the repository
 * @returns {Promise<typeof import('../src/commands/index.ts')>}
 */
export async function toolIndex(root) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/commands/index.ts'],
    format: 'esm',
    write: false,
    logLevel: 'error',
  })
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)
}
