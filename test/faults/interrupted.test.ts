import realFs, { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { values } from './disk-scenarios.ts'

const made: string[] = []
afterEach(() => {
  vi.restoreAllMocks()
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

describe('calls that a signal interrupts (EINTR)', () => {
  it('are made again: every second read, write, sync, open, rename and truncation is interrupted, and nobody notices', async () => {
    let interrupted = 0
    for (const call of [
      'readSync',
      'writeSync',
      'fdatasyncSync',
      'openSync',
      'renameSync',
      'ftruncateSync',
    ] as const) {
      const real = realFs[call] as (...args: unknown[]) => unknown
      let calls = 0
      vi.spyOn(realFs, call).mockImplementation(((...args: unknown[]) => {
        if (calls++ % 2 === 0) {
          interrupted++
          throw Object.assign(new Error(`EINTR: interrupted, ${call}`), { code: 'EINTR', syscall: call })
        }
        return real(...args)
      }) as never)
    }
    const root = mkdtempSync(join(tmpdir(), 'tkafka-eintr-'))
    made.push(root)
    const dir = join(root, 'data')
    const producer = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
    for (const value of ['a', 'b', 'c']) await producer.send({ topic: 't', value })
    await producer.close()
    const reader = LocalDirectory.open(systemOs, dir)
    expect(values(reader, 't')).toEqual(['a', 'b', 'c'])
    await reader.close()
    expect(interrupted).toBeGreaterThan(20)
  })
})
