/** Builds dist/ before tests of the real binary, where a source is newer than the last whole build: they run what is in the tree. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** What dist/ is made of. */
const SOURCES = ['src', 'scripts', 'bin', 'package.json', 'package-lock.json', 'tsconfig.json']
/** Some of what a whole build makes. */
const MADE = ['dist/index.mjs', 'dist/tkafka.cjs', 'dist/topics.cjs']

export default function setup(): void {
  if (process.env.TKAFKA_SKIP_BUILD || isBuilt()) return
  execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs'), '--no-types'], { stdio: 'inherit' })
}

function isBuilt(): boolean {
  const stamp = fs.statSync(path.join(root, '.cache/built'), { throwIfNoEntry: false })
  if (stamp === undefined || !MADE.every((file) => fs.existsSync(path.join(root, file)))) return false
  return SOURCES.every((name) => newest(path.join(root, name)) < stamp.mtimeMs)
}

/** Of a file, or of all in a folder and the folder itself, which a removed file makes newer. */
function newest(file: string): number {
  const stat = fs.statSync(file)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...fs.readdirSync(file).map((name) => newest(path.join(file, name))))
}
