import { describe, expect, it } from 'vitest'
import { CleanerPace, CleaningStopped } from '../../../../src/log/cleaner/cleaner-pace.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

describe('how fast and how long the cleaner goes on', () => {
  it('holds its rate over what is read and written together, however quick the disk is', async () => {
    const clock = new FakeClock()
    const pace = new CleanerPace(clock, { maxBytesPerSecond: 1_000_000 })
    for (let n = 0; n < 640; n++) {
      clock.pass(0.5)
      if (pace.isDue(16_384)) await pace.rest()
    }
    const seconds = clock.elapsed / 1000
    expect((640 * 16_384) / seconds / 1_000_000).toBeCloseTo(1, 2)
  })

  it('does not sleep where the disk is slower than the rate', async () => {
    const clock = new FakeClock()
    const pace = new CleanerPace(clock, { maxBytesPerSecond: 1_000_000 })
    for (let n = 0; n < 10; n++) {
      clock.pass(20)
      if (pace.isDue(16_384)) await pace.rest()
    }
    expect([clock.elapsed, clock.slept]).toEqual([200, 0])
  })

  it('ends when its time is over, in the middle of a sleep too', async () => {
    const clock = new FakeClock()
    const pace = new CleanerPace(clock, { maxBytesPerSecond: 1000, deadline: clock.monotonic() + 1200 })
    expect(pace.isDue(10_000)).toBe(true)
    await expect(pace.rest()).rejects.toThrow(CleaningStopped)
    expect(clock.elapsed).toBeGreaterThanOrEqual(1200)
    expect(clock.elapsed).toBeLessThan(1800)
  })

  it('gives a quarter of the time that is left to indexing, anew in each pass', () => {
    const clock = new FakeClock()
    const pace = new CleanerPace(clock, { deadline: clock.monotonic() + 1600 })
    pace.beginPass()
    clock.pass(399)
    expect(pace.indexedLongEnough).toBe(false)
    clock.pass(1)
    expect(pace.indexedLongEnough).toBe(true)
    pace.beginPass()
    clock.pass(299)
    expect(pace.indexedLongEnough).toBe(false)
    clock.pass(1)
    expect(pace.indexedLongEnough).toBe(true)
  })

  it('knows no end where none was given', () => {
    const clock = new FakeClock()
    const pace = new CleanerPace(clock)
    pace.beginPass()
    clock.pass(1e12)
    expect(pace.indexedLongEnough).toBe(false)
    expect(() => pace.check()).not.toThrow()
  })
})
