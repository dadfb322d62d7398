import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'
import { checkServerProperties } from '../../../../src/local/settings/server-properties-check.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tkafka-properties-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const check = (name: string, value: string) => checkServerProperties('/d', new Map([[name, value]]))

describe('server.properties that a broker would not start with', () => {
  it.each([
    ['num.partitions', 'abc', 'Not a number of type INT'],
    ['num.partitions', '', 'Not a number of type INT'],
    ['num.partitions', '0', 'Value must be at least 1'],
    ['log.retention.hours', '1.5', 'Not a number of type INT'],
    ['log.cleaner.enable', 'yes', 'Expected value to be either true or false'],
    ['compression.type', 'zip', 'String must be one of'],
    ['tkafka.housekeeping.enable', 'maybe', 'Expected value to be either true or false'],
  ])('%s=%s is refused with file, name and value', (name, value, why) => {
    expect(() => check(name, value)).toThrow(
      `/d/server.properties: Invalid value ${value} for configuration ${name}: ${why}`,
    )
  })

  it.each([
    ['unknown.thing', 'abc'],
    ['num.partitions', '3'],
    ['offsets.retention.minutes', '$' + '{file:/secrets:minutes}'],
    // Valid up to Kafka 3.9.
    ['log.segment.bytes', '16384'],
    ['advertised.listeners', ''],
  ])('%s=%s is not', (name, value) => {
    expect(() => check(name, value)).not.toThrow()
  })

  it('keeps writers out, readers not, and nothing is made', async () => {
    const maker = await openLocal(dir).admin()
    await maker.createTopic({ name: 't', partitions: 1 })
    await maker.close()
    writeFileSync(join(dir, 'server.properties'), 'num.partitions=abc\n')
    const before = readdirSync(dir).sort()
    const admin = await openLocal(dir).admin()
    const why = `${dir}/server.properties: Invalid value abc for configuration num.partitions`
    await expect(admin.createTopic({ name: 'u' })).rejects.toThrow(why)
    const producer = await openLocal(dir).producer()
    await expect(producer.send({ topic: 't', value: 'x' })).rejects.toThrow(why)
    await producer.close()
    expect((await admin.listTopics()).map(({ name }) => name)).toEqual(['t'])
    expect((await admin.check({ found: () => {} })).errors).toBe(0)
    expect((await admin.explainCleaning('t')).length).toBe(1)
    await admin.close()
    expect(readdirSync(dir).sort()).toEqual(before)
  })
})
