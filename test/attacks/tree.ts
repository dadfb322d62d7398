/** A folder in memory: what a template is kept as, and what is compared before and behind. */
import fs from 'node:fs'
import path from 'node:path'

/** Relative path of each file -> its bytes; folders end in a slash and have none. */
export type Tree = ReadonlyMap<string, Buffer>

export function readTree(dir: string): Map<string, Buffer> {
  const tree = new Map<string, Buffer>()
  const names = fs.readdirSync(dir, { recursive: true, withFileTypes: true })
  for (const entry of names) {
    const file = path.join(entry.parentPath, entry.name)
    const name = path.relative(dir, file)
    if (entry.isDirectory()) tree.set(`${name}/`, Buffer.alloc(0))
    else if (entry.isFile()) tree.set(name, fs.readFileSync(file))
  }
  return tree
}

export function writeTree(dir: string, tree: Tree): void {
  fs.mkdirSync(dir, { recursive: true })
  for (const [name] of tree) if (name.endsWith('/')) fs.mkdirSync(path.join(dir, name), { recursive: true })
  for (const [name, bytes] of tree) if (!name.endsWith('/')) fs.writeFileSync(path.join(dir, name), bytes)
}

/** Everything that can be seen of a folder without following a link: kinds, sizes, times of changes, targets. */
export function portrait(dir: string, leaveOut: RegExp): Map<string, string> {
  const seen = new Map<string, string>()
  for (const name of (fs.readdirSync(dir, { recursive: true }) as string[]).sort()) {
    if (leaveOut.test(name)) continue
    const file = path.join(dir, name)
    const stat = fs.lstatSync(file, { throwIfNoEntry: false })
    if (stat === undefined) continue
    const what = stat.isDirectory() ? 'folder' : `${stat.mode} ${stat.size} ${stat.mtimeMs} ${stat.ino}`
    seen.set(name, stat.isSymbolicLink() ? `link to ${fs.readlinkSync(file)}` : what)
  }
  return seen
}

/** What differs, in words; at most three. */
export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const told: string[] = []
  for (const [name, what] of before) {
    if (!after.has(name)) told.push(`${name} is gone`)
    else if (after.get(name) !== what) told.push(`${name} changed`)
  }
  for (const name of after.keys()) if (!before.has(name)) told.push(`${name} was made`)
  return told.slice(0, 3)
}
