import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { produce, topicAtRest } from '../../../support/local-produce.ts'

let root: string
let dir: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-mended-'))
  dir = join(root, 'data')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const text = (name: string) => readFileSync(join(dir, name), 'utf8')

describe('a damaged checkpoint in the root', () => {
  it.each([
    ['recovery-point-offset-checkpoint', 'more of the logs is checked'],
    ['replication-offset-checkpoint', 'nothing is lost'],
    ['log-start-offset-checkpoint', 'records that were deleted with delete-records may be visible again'],
    ['cleaner-offset-checkpoint', 'compaction begins'],
  ])('%s is set aside by the first writer and begun anew, in one line', async (name, consequence) => {
    await produce(dir, 't', 0, 'one')
    for (const [n, bytes] of ['garbage', '0\n1\nt zero\n', '0\n2\nt 0 1\n', '\0\0\0\0'].entries()) {
      writeFileSync(join(dir, name), bytes)
      const warnings = await produce(dir, 't', 0, 'more')
      expect(warnings).toEqual([
        expect.stringMatching(
          new RegExp(`${name}: was damaged; set aside as ${name}.${n}.broken, .*${consequence}`),
        ),
      ])
      expect(text(`${name}.${n}.broken`)).toBe(bytes)
      expect(text(name)).toMatch(/^0\n\d+\n/)
      expect(await produce(dir, 't', 0, 'again')).toEqual([])
    }
  })

  it('stays as it is for a reader, and a good or an empty one for everybody', async () => {
    await produce(dir, 't', 0, 'one')
    writeFileSync(join(dir, 'log-start-offset-checkpoint'), 'garbage')
    const reader = LocalDirectory.open(systemOs, dir)
    expect(reader.logForReading('t', 0).logStartOffset).toBe(0)
    await reader.close()
    expect(text('log-start-offset-checkpoint')).toBe('garbage')
    writeFileSync(join(dir, 'log-start-offset-checkpoint'), '0\n1\nelse 0 7\n')
    writeFileSync(join(dir, 'cleaner-offset-checkpoint'), '')
    expect(await produce(dir, 't', 0, 'two')).toEqual([])
    expect(text('log-start-offset-checkpoint')).toBe('0\n1\nelse 0 7\n')
    expect(text('cleaner-offset-checkpoint')).toBe('')
  })
})

describe('a damaged quorum-state', () => {
  it('is set aside by the next writer of metadata; a good one stays', async () => {
    await produce(dir, 't', 0, 'one')
    const name = '__cluster_metadata-0/quorum-state'
    const alter = async (topic: string) => {
      const warnings: string[] = []
      const directory = LocalDirectory.open(systemOs, dir, { warn: (line) => warnings.push(line) })
      await directory.alter(() => topicAtRest(topic))
      await directory.close()
      return warnings
    }
    writeFileSync(join(dir, name), '{"leaderId":1,"leaderEpoch":1,"votedId":-1,"data_version":1}')
    expect(await alter('u')).toEqual([])
    writeFileSync(join(dir, name), '{"leaderId":')
    expect(await alter('v')).toEqual([expect.stringContaining('quorum-state: was damaged; set aside as')])
    expect(existsSync(join(dir, name))).toBe(false)
    expect(text(`${name}.broken`)).toBe('{"leaderId":')
    expect(await alter('w')).toEqual([])
  })
})

describe('what a writer makes anew in a partition', () => {
  const lines = Array.from({ length: 40 }, () => 'x'.repeat(1000))
  const fill = async () => {
    for (let n = 0; n < 3; n++) await produce(dir, 't', 0, ...lines)
  }

  it.each(['00000000000000000000.index', '00000000000000000000.timeindex'])(
    '%s is told when it was damaged, not when it was missing, short or preallocated',
    async (name) => {
      await fill()
      const path = join(dir, 't-0', name)
      const good = readFileSync(path)
      expect(good.length).toBeGreaterThan(0)
      for (const bytes of [
        'no index at all',
        Buffer.alloc(64, 0xff),
        Buffer.concat([good, Buffer.alloc(40, 0xee)]),
      ]) {
        writeFileSync(path, bytes)
        expect(await produce(dir, 't', 0, 'more')).toEqual([`${path}: was damaged; rebuilt from the log`])
        expect(await produce(dir, 't', 0, 'again')).toEqual([])
      }
      for (const bytes of ['', good.subarray(0, 12), Buffer.concat([good, Buffer.alloc(1 << 16)])]) {
        writeFileSync(path, bytes)
        expect(await produce(dir, 't', 0, 'more')).toEqual([])
      }
      rmSync(path)
      expect(await produce(dir, 't', 0, 'more')).toEqual([])
    },
  )

  it('leader-epoch-checkpoint is told, too', async () => {
    await fill()
    const path = join(dir, 't-0/leader-epoch-checkpoint')
    const good = readFileSync(path, 'utf8')
    writeFileSync(path, 'garbage')
    expect(await produce(dir, 't', 0, 'more')).toEqual([`${path}: was damaged; rebuilt from the log`])
    expect(await produce(dir, 't', 0, 'again')).toEqual([])
    expect(readFileSync(path, 'utf8')).toBe(good)
  })
})
