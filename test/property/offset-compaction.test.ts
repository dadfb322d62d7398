import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import '../support/property-seed.ts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalCleaning } from '../../src/local/cleaning/cleaning-run.ts'
import { compactGrownOffsets } from '../../src/local/cleaning/offsets-housekeeping.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { DEFAULT_LOG_CONFIG } from '../../src/log/log-config.ts'
import { OFFSETS_TOPIC } from '../../src/names/topic-names.ts'
import { unsyncedOs } from '../support/clean-log.ts'
import { crashOs } from '../support/crash-file-system.ts'

/** Small segments; what was deleted is forgotten by the next cleaning but one. */
const config = (topic: string) =>
  topic === OFFSETS_TOPIC
    ? {
        ...DEFAULT_LOG_CONFIG,
        ...{ segmentBytes: 1500, indexIntervalBytes: 200, fileDeleteDelayMs: 0 },
        ...POLICY,
      }
    : DEFAULT_LOG_CONFIG
const POLICY = { compact: true, delete: false, deleteRetentionMs: 0 }

interface World {
  readonly dir: string
  readonly directory: LocalDirectory
  readonly store: OffsetStore
  end(): Promise<void>
}

async function makeWorld(): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-offset-compaction-'))
  writeFileSync(join(dir, 'server.properties'), 'offsets.topic.num.partitions=1\n')
  const directory = LocalDirectory.open(unsyncedOs, dir, { config })
  await new LocalAdmin(unsyncedOs, directory).createTopic({ name: 't', partitions: 4 })
  return {
    dir,
    directory,
    store: new OffsetStore(unsyncedOs, directory, { snapshotEvery: 10 }),
    end: async () => {
      await directory.close()
      rmSync(dir, { recursive: true })
    },
  }
}

type Step =
  | { readonly op: 'commit'; readonly group: number; readonly partition: number; readonly count: number }
  | { readonly op: 'delete'; readonly group: number; readonly partition: number }
  | { readonly op: 'forget'; readonly group: number }
  | { readonly op: 'clean' | 'house' | 'look'; readonly group?: undefined }

const group = fc.nat(2)
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('commit' as const),
      group,
      partition: fc.nat(3),
      count: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('delete' as const), group, partition: fc.nat(3) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('forget' as const), group }) },
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constantFrom('clean' as const, 'house' as const, 'look' as const) }),
  },
)

const GROUPS = [0, 1, 2]

function all(store: OffsetStore): Record<string, Record<string, number>> {
  return Object.fromEntries(
    GROUPS.map((n) => [
      `g${n}`,
      Object.fromEntries([...store.fetch(`g${n}`)].map(([key, { offset }]) => [key, offset]).sort()),
    ]),
  )
}

/** What a process that knows nothing of before finds. */
function found(dir: string): Record<string, Record<string, number>> {
  return all(new OffsetStore(unsyncedOs, LocalDirectory.open(unsyncedOs, dir, { config })))
}

async function clean(directory: LocalDirectory): Promise<void> {
  const options = { retention: false, compaction: true, offsets: false, now: true }
  for await (const { status, message } of new LocalCleaning(unsyncedOs, directory).clean(options)) {
    expect(status, message).toBe('done')
  }
}

async function house(directory: LocalDirectory): Promise<void> {
  await directory.enter()
  await compactGrownOffsets(unsyncedOs, directory, 0, { grownBytes: 100 })
  await directory.leave()
}

describe('committed offsets', () => {
  it('are the same after any compaction, for who starts, who looked before, and who comes from a snapshot', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 40 }), async (list) => {
        const world = await makeWorld()
        const { dir, directory, store } = world
        const forgetful = new OffsetStore(unsyncedOs, LocalDirectory.open(unsyncedOs, dir, { config }))
        const model = new Map(GROUPS.map((n) => [`g${n}`, new Map<string, number>()]))
        const expected = () =>
          Object.fromEntries([...model].map(([id, offsets]) => [id, Object.fromEntries([...offsets].sort())]))
        let next = 0
        for (const step of list) {
          if (step.op === 'clean') await clean(directory)
          else if (step.op === 'house') await house(directory)
          else if (step.op === 'look') expect(all(forgetful)).toEqual(expected())
          else if (step.group !== undefined) {
            const id = `g${step.group}`
            const offsets = model.get(id)!
            if (step.op === 'commit') {
              for (let i = 0; i < step.count; i++) {
                await store.commit(id, [{ topic: 't', partition: step.partition, offset: ++next }])
              }
              offsets.set(`t-${step.partition}`, next)
            } else if (step.op === 'delete') {
              await store.deleteOffsets(id, [{ topic: 't', partition: step.partition }])
              offsets.delete(`t-${step.partition}`)
            } else {
              await store.deleteGroup(id)
              offsets.clear()
            }
          }
          expect(found(dir)).toEqual(expected())
        }
        expect(all(store)).toEqual(expected())
        expect(all(forgetful)).toEqual(expected())
        await world.end()
      }),
      { numRuns: Number(process.env['RUNS'] ?? 5), endOnFailure: process.env['SHRINK'] === undefined },
    )
  })

  it('are all there when the one who compacts them is killed before any of its steps', async () => {
    const world = await makeWorld()
    const { store } = world
    for (let i = 0; i < 40; i++)
      await store.commit(`g${i % 3}`, [{ topic: 't', partition: i % 4, offset: i }])
    await store.deleteOffsets('g1', [{ topic: 't', partition: 1 }])
    for (let at = 0, done = false; !done; at += 3) {
      const dir = `${world.dir}-${at}`
      cpSync(world.dir, dir, { recursive: true })
      const before = found(dir)
      const crash = crashOs({ at, kind: 'kill', torn: (at % 3) / 2 })
      const dying = LocalDirectory.open(crash.os, dir, { config })
      try {
        await dying.enter()
        await compactGrownOffsets(crash.os, dying, 0, { grownBytes: 100 })
        await dying.leave()
      } catch (error) {
        if (!crash.failed()) throw error
      }
      done = !crash.failed()
      crash.die()
      expect(found(dir), `killed at ${at}`).toEqual(before)
      const after = LocalDirectory.open(unsyncedOs, dir, { config })
      await clean(after)
      await new OffsetStore(unsyncedOs, after).commit('g2', [{ topic: 't', partition: 0, offset: 77 }])
      before['g2']['t-0'] = 77
      expect(found(dir), `killed at ${at}`).toEqual(before)
      await after.close()
      rmSync(dir, { recursive: true })
      if (done) expect(at).toBeGreaterThan(20)
    }
    await world.end()
  }, 60_000)
})
