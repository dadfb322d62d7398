/** Kafka's bugs that may not live here, beyond those of the log (test/unit/log/kafka-bugs.test.ts). The table is in docs/testing.md. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { partitionForKey } from '../../src/client/murmur2.ts'
import { OffsetStore } from '../../src/group/offsets/offset-store.ts'
import { openLocal } from '../../src/index.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { expireOffsets } from '../../src/local/cleaning/offset-expiry.ts'
import { CLEAN_SHUTDOWN_FILE } from '../../src/local/directory/clean-shutdown-file.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { decodeOffsetCommitValue, encodeOffsetCommitValue } from '../../src/message/offset-messages.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { commit, createTopic, DATA, emptyBook, newDisk, produce } from './disk-scenarios.ts'

describe('Kafka bugs', () => {
  it('KAFKA-10471: the clean marker is gone before the first byte of a writer, and stays gone when it is killed', async () => {
    const disk = newDisk()
    const book = emptyBook()
    await createTopic('t')(disk.os(), book)
    const marker = `${DATA}/${CLEAN_SHUTDOWN_FILE}`
    expect(disk.os().fs.stat(marker)).toBeDefined()
    const beside: string[] = []
    disk.fault = (call, path) => {
      // A broker cuts a torn metadata log, marker or not.
      if (path.includes('__cluster_metadata')) return undefined
      if (call === 'write' && path.endsWith('.log') && disk.os().fs.stat(marker) !== undefined)
        beside.push(path)
      if (call === 'fdatasync') throw new Error('killed')
      return undefined
    }
    await expect(produce('t', 'a')(disk.os(), book)).rejects.toThrow()
    disk.closeAll()
    expect(beside).toEqual([])
    expect(
      disk
        .survive('keep', (below) => below >> 1)
        .os()
        .fs.stat(marker),
    ).toBeUndefined()
  })

  it('KAFKA-15375: a writer that is stopped while it checks a directory leaves no clean marker', async () => {
    const disk = newDisk()
    const book = emptyBook()
    await createTopic('t')(disk.os(), book)
    await produce('t', 'a')(disk.os(), book)
    const { fs } = disk.os()
    fs.unlink(`${DATA}/${CLEAN_SHUTDOWN_FILE}`)
    disk.fault = (_call, path) => {
      if (path.includes('/t-0/')) throw Object.assign(new Error('stopped'), { code: 'EIO' })
      return undefined
    }
    const warnings: string[] = []
    const directory = LocalDirectory.open(disk.os(), DATA, { warn: (line) => warnings.push(line) })
    // Those who write to other partitions go on.
    await directory.enter()
    await directory.leave()
    disk.closeAll()
    expect([...new Set(warnings)]).toEqual([expect.stringContaining(`${DATA}/t-0`)])
    expect(fs.stat(`${DATA}/${CLEAN_SHUTDOWN_FILE}`)).toBeUndefined()
  })

  it('KAFKA-4092 and KAFKA-4788: retention.bytes below segment.bytes is allowed', async () => {
    const disk = newDisk()
    const admin = new LocalAdmin(disk.os(), LocalDirectory.open(disk.os(), DATA))
    await admin.createTopic({
      name: 't',
      partitions: 1,
      configs: { 'retention.bytes': '1000', 'segment.bytes': '2000000' },
    })
    const entries = await admin.describeConfigs({ type: 'topic', name: 't' })
    expect(entries.find(({ name }) => name === 'retention.bytes')?.value).toBe('1000')
    await admin.close()
  })

  it('KAFKA-8069 and KAFKA-7403: each version of a commit is read by its own rule', () => {
    for (const version of [0, 1, 2, 3, 4]) {
      const bytes = encodeOffsetCommitValue(
        { offset: 7, metadata: 'm', commitTimestamp: 1_700_000_000_000 },
        version,
      )
      expect(decodeOffsetCommitValue(bytes)).toMatchObject({
        version,
        offset: 7,
        metadata: 'm',
        commitTimestamp: 1_700_000_000_000,
      })
    }
    const v1 = encodeOffsetCommitValue({ offset: 7, metadata: '', commitTimestamp: 5 }, 1)
    const v2 = encodeOffsetCommitValue({ offset: 7, metadata: '', commitTimestamp: 5 }, 2)
    expect(v1.length).toBe(v2.length + 8)
  })

  it('KAFKA-13636: offsets of a group that lives, or that nobody asked to expire, are kept however old they are', async () => {
    const disk = newDisk()
    const book = emptyBook()
    await createTopic('t')(disk.os(), book)
    await produce('t', 'a')(disk.os(), book)
    await commit('g', 't', 1)(disk.os(), book)
    const os = disk.os()
    const later = { ...os, clock: { ...os.clock, now: () => os.clock.now() + 400 * 86_400_000 } }
    const directory = LocalDirectory.open(later, DATA)
    await directory.enter()
    await directory.leave()
    expect(new OffsetStore(later, directory).fetch('g').get('t-0')?.offset).toBe(1)
    await directory.close()
  })

  it('KAFKA-13636: log-cleaner expires old offsets of a group only when nobody is in it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tkafka-expiry-'))
    try {
      const producer = await openLocal(dir).producer()
      await producer.send({ topic: 't', value: 'a' })
      await producer.close()
      const consumer = await openLocal(dir).consumer({
        groupId: 'g',
        config: { 'auto.offset.reset': 'earliest' },
      })
      await consumer.subscribe(['t'])
      expect(await consumer.poll(5000)).toHaveLength(1)
      await consumer.commit()
      const expire = async (): Promise<(number | undefined)[]> => {
        const now = Date.now() + 400 * 86_400_000
        const later = { ...systemOs, clock: { ...systemOs.clock, now: () => now } }
        const directory = LocalDirectory.open(later, dir)
        const expired: (number | undefined)[] = []
        for await (const one of expireOffsets(later, directory, {}, () => directory.enter()))
          expired.push(one.offsetsExpired)
        await directory.close()
        return expired
      }
      expect(await expire()).toEqual([])
      await consumer.close()
      expect(await expire()).toEqual([1])
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })

  it('KAFKA-5247 and KAFKA-5600: the last commit in the log wins, also against a snapshot of older ones', async () => {
    const disk = newDisk()
    const book = emptyBook()
    await createTopic('t')(disk.os(), book)
    const directory = LocalDirectory.open(disk.os(), DATA)
    const store = new OffsetStore(disk.os(), directory)
    for (const offset of [5, 9, 2]) await store.commit('g', [{ topic: 't', partition: 0, offset }])
    const fresh = new OffsetStore(disk.os(), LocalDirectory.open(disk.os(), DATA))
    expect(fresh.fetch('g').get('t-0')?.offset).toBe(2)
    await directory.close()
  })

  it('platformatic/kafka #121: a key whose hash is negative goes where Java puts it', () => {
    // murmur2("21") is -973932308; & 0x7fffffff, not >>> 0.
    expect(partitionForKey(Buffer.from('21'), 0, 2, 7)).toBe((-973932308 & 0x7fffffff) % 7)
  })
})
