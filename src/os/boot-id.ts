/** Tells one start of the machine from the next. */
import fs from 'node:fs'
import { createRequire } from 'node:module'
import type osModule from 'node:os'

let known: string | undefined

/**
 * A word that changes when the machine starts anew: what was written but not synced before may be gone or garbage.
 * Linux tells it; elsewhere it is the time of the start in minutes, which a changed clock may move (then a directory
 * is checked once too often).
 */
export function bootId(): string {
  known ??= read()
  return known
}

function read(): string {
  try {
    return fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    // Loading it takes time that Linux need not spend.
    const os = createRequire(import.meta.url)('node:os') as typeof osModule
    return `${os.hostname()}-${Math.round((Date.now() / 1000 - os.uptime()) / 60)}`
  }
}
