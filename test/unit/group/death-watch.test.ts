import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { DeathWatch } from '../../../src/group/death-watch.ts'
import { type HeldFile, releaseHeldFile, tryHoldFile } from '../../../src/group/lock-file.ts'
import type { Lifelines } from '../../../src/os/lifeline.ts'
import { systemOs } from '../../../src/os/system-os.ts'

let dir: string
let held: HeldFile
let cuts: ((held: boolean) => void)[]
let letGo: number
let deaths: string[]

const lifelines: Lifelines = {
  offer: () => undefined,
  hold: (_address, onCut) => {
    cuts.push(onCut)
    return { close: () => letGo++ }
  },
}
const watching = () =>
  new DeathWatch({
    os: { ...systemOs, lifelines },
    logDir: dir,
    onDeath: (name) => deaths.push(name),
  })

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-death-'))
  held = tryHoldFile(systemOs, path.join(dir, 'member')) as HeldFile
  cuts = []
  letGo = 0
  deaths = []
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
  fs.rmSync(dir, { recursive: true })
})

describe('a watch for the death of a member', () => {
  test('that holds its lifeline asks nothing until that is cut, and then hears at once', () => {
    const watch = watching()
    watch.watch('member', 'line')
    expect(vi.getTimerCount()).toBe(0)
    fs.closeSync(held.fd)
    vi.advanceTimersByTime(10_000)
    expect(deaths).toEqual([])
    cuts[0]?.(true)
    expect(deaths).toEqual(['member'])
    watch.close()
  })

  test('believes the lock, not the line: one who lives on is asked for until it dies', () => {
    const watch = watching()
    watch.watch('member', 'line')
    cuts[0]?.(true)
    vi.advanceTimersByTime(10_000)
    expect(deaths).toEqual([])
    fs.closeSync(held.fd)
    vi.advanceTimersByTime(40)
    expect(deaths).toEqual(['member'])
    watch.close()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('asks where no line can be had', () => {
    for (const [line, answer] of [
      ['line', () => cuts[0]?.(false)],
      [undefined, () => {}],
    ] as const) {
      const watch = watching()
      watch.watch('member', line)
      answer()
      vi.advanceTimersByTime(100)
      expect(deaths).toEqual([])
      expect(vi.getTimerCount()).toBe(1)
      watch.close()
      expect(vi.getTimerCount()).toBe(0)
    }
    releaseHeldFile(systemOs, held)
  })

  test('lets go of the line of one who is not its business any more', () => {
    const watch = watching()
    watch.watch('member', 'line')
    watch.watch('member', 'line')
    expect([cuts.length, letGo]).toEqual([1, 0])
    watch.watch(undefined)
    expect(letGo).toBe(1)
    watch.close()
    releaseHeldFile(systemOs, held)
  })
})
