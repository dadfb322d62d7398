/** A few attacks of planted-files.ts that found something once; the bench makes many more of them. */
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  COMMANDS,
  makeAttacked,
  ownerCanRun,
  type PlantedAttack,
  plantedAttacks,
  runPlantedAttack,
} from './planted-files.ts'

const isRoot = process.geteuid?.() === 0
const canRun = isRoot && ownerCanRun()
if (isRoot && !canRun) {
  console.warn(
    `Not tried: another user may not run ${process.execPath}, or this folder, so root's attacks are left out`,
  )
}
const command = (text: string) => COMMANDS.findIndex(([name]) => name.startsWith(text))
const root = (name: string, kind: PlantedAttack['kind'], run: string): PlantedAttack => ({
  name,
  kind,
  command: command(run),
  as: 'root',
})

describe.runIf(canRun)('root, where the owner of the directory planted something (C1, B4)', () => {
  let base: string
  let names: string[]
  beforeAll(() => {
    base = fs.mkdtempSync(join(tmpdir(), 'tkafka-attacked-'))
    fs.chmodSync(base, 0o755)
    names = makeAttacked(base)
  })
  afterAll(() => fs.rmSync(base, { recursive: true, force: true }))

  it.each([
    root('.tkafka-open', 'link-to-file', 'console-producer'),
    root('.tkafka-open', 'hard-link', 'console-producer'),
    root('t-0.0123456789abcdef0123456789abcdef-delete', 'link-to-folder', 'topics --delete'),
    root('t-0', 'link-to-log-folder', 'console-producer'),
    root('__cluster_metadata-0/00000000000000000000.log', 'sparse', 'topics --list'),
    root('.tkafka-gate', 'fifo', 'console-producer'),
    root('t-0/leader-epoch-checkpoint', 'sparse', 'console-producer'),
  ])('$name: $kind', { timeout: 60_000 }, async (attack) => {
    const { violations } = await runPlantedAttack(base, `${base}-work`, attack)
    expect(violations).toEqual([])
  })

  it('the same seed makes the same attacks', () => {
    expect(plantedAttacks(names, 5, 20)).toEqual(plantedAttacks(names, 5, 20))
    expect(plantedAttacks(names, 5, 20)).not.toEqual(plantedAttacks(names, 6, 20))
  })
})
