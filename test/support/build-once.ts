import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Tests of the real binary run what is in the tree now, never an older build. */
export default function setup(): void {
  if (process.env.TKAFKA_SKIP_BUILD) return
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))
  execFileSync(process.execPath, [script, '--no-types'], { stdio: 'inherit' })
}
