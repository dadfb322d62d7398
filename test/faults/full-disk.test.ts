/** A small file system that is really full: where the machine lets us mount one (root on Linux), else these are skipped and say so. */
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LocalAdmin } from '../../src/local/local-admin.ts'
import { LocalDirectory } from '../../src/local/local-directory.ts'
import { LocalProducer } from '../../src/local/local-producer.ts'
import { systemOs } from '../../src/os/system-os.ts'

const mountPoint = fs.mkdtempSync(join(tmpdir(), 'tkafka-full-'))
let mounted = false
try {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tkafka-full', mountPoint], { stdio: 'ignore' })
  mounted = true
} catch {
  console.log(
    'full-disk: this machine does not let us mount a tmpfs; the disk in memory stands in (failing-calls.test.ts)',
  )
}
afterAll(() => {
  if (mounted) execFileSync('umount', ['-l', mountPoint])
  fs.rmSync(mountPoint, { recursive: true, force: true })
})

describe.runIf(mounted)('a file system of 4 MB', () => {
  it('takes records until it is full, loses none, lets a topic be deleted, and takes records again', async () => {
    const dir = join(mountPoint, 'data')
    const acknowledged: number[] = []
    const fill = async (topic: string): Promise<Error | undefined> => {
      const producer = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
      let failure: Error | undefined
      try {
        for (let n = 0; n < 200; n++) {
          const { offset } = await producer.send({ topic, value: `${n} ${'x'.repeat(60_000)}` })
          acknowledged.push(offset)
        }
      } catch (error) {
        failure = error as Error
      }
      await producer.close().catch((error) => {
        failure ??= error
      })
      return failure
    }
    const failure = await fill('t')
    expect(failure?.message).toMatch(/no space left/i)
    expect(failure?.message).not.toContain('\n')
    expect(acknowledged.length).toBeGreaterThan(20)
    const reader = LocalDirectory.open(systemOs, dir)
    expect(reader.logForReading('t', 0).logEndOffset).toBeGreaterThanOrEqual(acknowledged.length)
    await reader.close()
    const admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
    await admin.deleteTopic('t')
    const problems: string[] = []
    await admin.check({
      found: ({ severity, problem }) => {
        if (severity === 'error') problems.push(problem)
      },
    })
    expect(problems).toEqual([])
    await admin.close()
    const again = new LocalProducer(systemOs, LocalDirectory.open(systemOs, dir), {})
    expect(await again.send({ topic: 'u', value: 'there is room' })).toMatchObject({ offset: 0 })
    await again.close()
  })
})
