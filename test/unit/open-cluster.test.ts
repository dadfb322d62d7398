import { describe, expect, test } from 'vitest'
import { openCluster } from '../../src/index.ts'

/** The library's door to a cluster; what stands behind it is tested in test/unit/cluster. */
describe('openCluster', () => {
  test('wants bootstrap.servers, and settings that are text', () => {
    expect(() => openCluster({})).toThrow("config['bootstrap.servers'] must name host:port")
    expect(() => openCluster({ 'bootstrap.servers': {} as never })).toThrow(TypeError)
  })

  test('connects with the first question, and rejects in one line where nobody listens', async () => {
    const told: string[] = []
    const settings = { 'bootstrap.servers': '127.0.0.1:1', 'default.api.timeout.ms': '50' }
    const kafka = openCluster(settings, { warn: (line) => told.push(line) })
    const admin = await kafka.admin()
    await expect(admin.listTopics()).rejects.toThrow('nothing listens on 127.0.0.1:1 (connection refused)')
    await admin.close()
    await expect(admin.listTopics()).rejects.toThrow('Cannot accept new call when AdminClient is closing.')
  })

  test('refuses what an Admin of a directory refuses', async () => {
    const admin = await openCluster({ 'bootstrap.servers': '127.0.0.1:1' }).admin()
    await expect(admin.deleteTopic(5 as never)).rejects.toThrow(TypeError)
    await admin.close()
  })
})
