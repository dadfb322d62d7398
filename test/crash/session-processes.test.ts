import { execFile } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LogDirSession } from '../../src/local/directory/log-dir-session.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { bundleProgram } from '../support/bundle-program.ts'
import { dirty, ModelWork, makeModelDir, marker, RIGHT_MARKER } from '../support/session-model.ts'

let program: string
beforeAll(async () => {
  program = await bundleProgram('session-child')
})
afterAll(() => rmSync(program, { force: true }))

/** Everything that the process said. */
function run(dir: string, seed: number, killAt: number): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, dir, String(seed), '25', String(killAt)], (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
}

describe('many processes that enter and leave at random', () => {
  it('leave the right marker and nothing open, though most of them are killed on the way', async () => {
    const dir = makeModelDir()
    try {
      const said: string[] = []
      let next = 0
      const line = async (): Promise<void> => {
        while (next < 20) {
          const seed = next++
          said.push(await run(dir, seed, seed % 5 === 4 ? -1 : (seed * 37) % 90))
        }
      }
      await Promise.all([line(), line(), line(), line()])
      expect(said.join('')).toBe('')
      expect(existsSync(join(dir, 'was-open'))).toBe(true)
      const work = new ModelWork(dir)
      const session = new LogDirSession(systemOs, dir, work)
      await session.enter()
      await session.leave()
      expect(work.checkedWhole).toBe(0)
      expect(dirty(dir)).toEqual([])
      expect(marker(dir)).toBe(RIGHT_MARKER)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })

  it('need no one behind them to put the marker back when none is killed', async () => {
    const dir = makeModelDir()
    try {
      const said = await Promise.all([1, 2, 3, 4].map((seed) => run(dir, seed, -1)))
      expect(said.join('')).toBe('')
      expect(dirty(dir)).toEqual([])
      expect(marker(dir)).toBe(RIGHT_MARKER)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
})
