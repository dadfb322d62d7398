import { mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLocal } from '../../../src/index.ts'

/** A producer's housekeeping: retention that is due, applied behind a roll. */
let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-housekeeping-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const YEAR = 365 * 24 * 3600 * 1000
const segments = () => readdirSync(join(dir, 'old-0')).filter((name) => name.endsWith('.log'))

/** Two records a segment.ms apart: the second rolls, and the first one's segment is past its retention. */
async function produceOldAndNew(between?: () => void): Promise<void> {
  const producer = await openLocal(dir).producer()
  await producer.send({ topic: 'old', value: 'old', timestamp: Date.now() - YEAR })
  between?.()
  await producer.send({ topic: 'old', value: 'new' })
  await producer.close()
}

describe('a producer that rolls a segment', () => {
  it('leaves records with old timestamps that were written just now, as a broker does until it looks again', async () => {
    await produceOldAndNew()
    expect(segments()).toHaveLength(2)
  })

  it('deletes an expired segment that nobody wrote to for longer than a broker waits', async () => {
    const long = Date.now() / 1000 - 3600
    await produceOldAndNew(() => utimesSync(join(dir, 'old-0', segments()[0]), long, long))
    expect(segments()).toEqual(['00000000000000000001.log'])
  })
})
