import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleProgram } from '../support/bundle-program.ts'
import { seeded } from '../support/crash-memory-file-system.ts'
import { benchSeed, isFull, printSeed, sized } from './bench.ts'
import { checkHistory, makeTopics, runCrowd } from './crowd.ts'

let program: string
const made: string[] = []
beforeAll(async () => {
  program = await bundleProgram('fault-worker')
})
afterAll(() => {
  rmSync(program, { force: true })
  for (const dir of made) rmSync(dir, { recursive: true, force: true })
})

async function crowd(seed: number, kills: number, roles: Record<string, number>, mutation?: string) {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-crowd-'))
  made.push(dir)
  await makeTopics(dir)
  const workers = await runCrowd({
    program,
    dir,
    random: seeded(seed),
    kills,
    roles,
    ...(mutation === undefined ? {} : { mutation }),
  })
  return { dir, workers, history: await checkHistory(dir, workers) }
}

const KILLS = Number(process.env.TKAFKA_KILLS ?? 1000)
const judge = fileURLToPath(new URL('../judge/judge', import.meta.url))

describe('processes killed at random moments', () => {
  it('kill loop: producers, group members and admins lose nothing, repeat nothing and leave a good directory', async () => {
    printSeed('kill loop')
    const roles = sized({ produce: 1, consume: 1, administer: 1 }, { produce: 2, consume: 2, administer: 1 })
    const { dir, workers, history } = await crowd(benchSeed, sized(6, KILLS), roles)
    if (isFull)
      console.log(
        `kill loop: ${workers.length} killed, ${JSON.stringify({ ...history, violations: history.violations.length })}`,
      )
    expect(history.violations).toEqual([])
    expect(history.acknowledged).toBeGreaterThan(0)
    const java =
      isFull && existsSync(judge) && (await execa('java', ['-version'], { reject: false })).exitCode === 0
    if (!java) return
    const { stdout } = await execa(judge, [dir, '--no-boot'], { reject: false })
    const complaints = stdout.split('\n').filter((line) => line.startsWith('complaint:'))
    expect(complaints).toEqual([])
    expect(stdout).toMatch(/^judge: ok/m)
  })

  it('many processes: 8 producers, 4 members, admins and retention at once', async () => {
    if (!isFull) return
    const roles = { produce: 8, consume: 4, administer: 1, retain: 1 }
    const { workers, history } = await crowd(benchSeed + 1, Math.ceil(KILLS / 4), roles)
    console.log(
      `crowd: ${workers.length} killed, ${JSON.stringify({ ...history, violations: history.violations.length })}`,
    )
    expect(history.violations).toEqual([])
    // All of them were really at it.
    expect(history.acknowledged).toBeGreaterThan(workers.length)
    expect(history.delivered).toBeGreaterThan(workers.length)
    expect(history.committed).toBeGreaterThan(workers.length)
    for (const role of Object.keys(roles)) {
      const told = workers.filter((one) => one.role === role && one.lines.length > 0)
      expect(told.length, role).toBeGreaterThan(0)
    }
  })
})

describe('the bench sees', () => {
  it.runIf(isFull)('a dropped partition lock', async () => {
    const { history } = await crowd(benchSeed + 2, 24, { produce: 6 }, 'no-lock')
    expect(history.violations.join('\n')).toMatch(/lost|twice|offset|check|warned/)
  })

  it.runIf(isFull)('claims on partitions that are not locked', async () => {
    const { history } = await crowd(benchSeed + 4, 40, { produce: 1, consume: 4 }, 'no-claim')
    expect(history.violations.join('\n')).toMatch(/both had partition|committed \d+ behind/)
  })

  it.runIf(isFull)('commits that come before the records are out', async () => {
    const { history } = await crowd(benchSeed + 3, 60, { produce: 1, consume: 2 }, 'early-commit')
    expect(history.violations.join('\n')).toMatch(/nobody was given/)
  })
})
