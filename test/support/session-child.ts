/**
 * A writer among others, as a process: session-child DIR SEED ROUNDS KILL_AT. Enters, writes to model partitions,
 * leaves, again and again; kills itself with SIGKILL before its KILL_ATth change of the disk (-1: never). Writes a line
 * to stdout for every promise that it finds broken.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CheckedDirectory, LogDirSession } from '../../src/local/directory/log-dir-session.ts'
import { whenFree } from '../../src/os/lock-wait.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { ModelWork, marker, touch } from './session-model.ts'

const [dir, seedText, rounds, killAt] = process.argv.slice(2)
let seed = Number(seedText)
const random = (below: number): number => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return Math.floor((seed / 2 ** 32) * below)
}

let steps = 0
const step = (): void => {
  if (steps++ === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}
const fs = { ...systemOs.fs }
for (const name of ['write', 'rename', 'unlink', 'fsyncDir'] as const) {
  const real = systemOs.fs[name] as (...args: unknown[]) => unknown
  Object.assign(fs, {
    [name]: (...args: unknown[]) => {
      step()
      return real(...args)
    },
  })
}
fs.fsync = step

class Work extends ModelWork {
  override checkWhole(): Promise<CheckedDirectory> {
    console.log('checked whole, though no broker was here and the machine runs on')
    return super.checkWhole()
  }

  override closePartition(name: string): boolean {
    const closed = super.closePartition(name)
    step()
    return closed
  }
}

async function main(): Promise<void> {
  for (let round = 0; round < Number(rounds); round++) {
    const session = new LogDirSession({ ...systemOs, fs }, dir, new Work(dir))
    await session.enter()
    for (let i = random(4); i > 0; i--) {
      const name = `p-${random(8)}`
      await whenFree(() => session.writing(name))
      if (marker(dir) !== undefined) console.log(`${name} written to beside a clean marker`)
      touch(dir, name)
      if (random(3) === 0) await new Promise((resolve) => setTimeout(resolve, random(3)))
    }
    if (marker(dir) === undefined) writeFileSync(join(dir, 'was-open'), '')
    await session.leave()
  }
}

main().catch((error) => console.log(`failed: ${error}`))
