import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { LocalAdmin } from '../../../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { systemOs } from '../../../../src/os/system-os.ts'

const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

/** An admin on a directory on which a broker runs, and the lines that it says. */
function beforeBroker() {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-admin-'))
  dirs.push(dir)
  const directory = LocalDirectory.open(systemOs, dir)
  directory.broker = () => ({ pid: 7, exclusive: true, processLock: false, command: 'java' })
  const told: string[] = []
  return { admin: new LocalAdmin(systemOs, directory, { warn: (line) => told.push(line) }), told }
}

const createTopic = (admin: LocalAdmin) => admin.createTopic({ name: 'a', partitions: 1 }).catch(() => {})
const features = (admin: LocalAdmin, validateOnly: boolean) =>
  admin
    .updateFeatures([{ feature: 'metadata.version', level: 1, upgradeType: 'UPGRADE' }], validateOnly)
    .catch(() => {})
const repair = (admin: LocalAdmin) =>
  admin.repair({ dryRun: true, done: () => {}, left: () => {} }).catch(() => {})

describe('LocalAdmin beside a running broker (issue 12, item 9)', () => {
  it('says that what was read may be old when nothing was to be changed', async () => {
    const { admin, told } = beforeBroker()
    await admin.listTopics()
    await features(admin, true)
    await admin.close()
    expect(told).toEqual([expect.stringContaining('a broker (pid 7) runs on this directory')])
  })

  it.each([
    ['a dry run of repair', (admin: LocalAdmin) => repair(admin)],
    ['features that are only validated', (admin: LocalAdmin) => features(admin, true)],
  ])('knows of a change before %s', async (_, then) => {
    const { admin, told } = beforeBroker()
    await createTopic(admin)
    await then(admin)
    await admin.close()
    expect(told).toEqual([])
  })
})
