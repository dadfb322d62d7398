import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'

const casesDir = fileURLToPath(new URL('../golden/cases/', import.meta.url))
const unpacked: string[] = []
afterAll(() => {
  for (const dir of unpacked) rmSync(dir, { recursive: true, force: true })
})

/** A fresh copy of one of test/golden/cases, removed when the file's tests are done. */
export function unpackCase(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-case-'))
  unpacked.push(dir)
  execFileSync('tar', ['-C', dir, '-xzf', join(casesDir, `${name}.tar.gz`)])
  return dir
}
