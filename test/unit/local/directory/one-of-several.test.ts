import { createHash } from 'node:crypto'
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openLocal } from '../../../../src/index.ts'
import { reportDirectory } from '../../../../src/local/admin/directory-report.ts'
import type { MetadataImage, PartitionImage } from '../../../../src/metadata/metadata-image.ts'
import { whyElsewhere, whyNotWritable } from '../../../../src/metadata/replica-place.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { unpackCase } from '../../../support/cases.ts'
import { findings, withAdmin } from '../../../support/library.ts'

/** Names and bytes of all files but our own empty lock files. */
function bytesOf(dir: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || entry.name.startsWith('.tkafka') || entry.name === '.lock') continue
    // The marker of a broker before 3.8 is empty, ours names its epoch; both say the same.
    if (entry.name === '.kafka_cleanshutdown') continue
    const path = join(entry.parentPath, entry.name)
    files[path] = createHash('sha1').update(readFileSync(path)).digest('hex')
  }
  return files
}

async function send(
  dir: string,
  record: { topic: string; value: string; partition?: number },
): Promise<void> {
  const producer = await openLocal(dir).producer()
  try {
    await producer.send(record)
  } finally {
    await producer.close()
  }
}

async function values(dir: string, partitions?: number[], lines: string[] = []): Promise<number> {
  const consumer = await openLocal(dir).consumer({ untilEnd: true, onElsewhere: (line) => lines.push(line) })
  try {
    if (partitions === undefined) await consumer.subscribe(['jb'])
    else await consumer.assign(partitions.map((partition) => ({ topic: 'jb', partition })))
    consumer.seekToBeginning()
    let count = 0
    for await (const _ of consumer) count++
    return count
  } finally {
    await consumer.close()
  }
}

describe('one of two log.dirs (A5)', () => {
  it('is read as far as it is here, and what is not here is named once', async () => {
    const dir = join(unpackCase('jbod-two-log-dirs'), 'd1')
    const lines: string[] = []
    expect(await values(dir, undefined, lines)).toBe(20)
    expect(lines).toEqual([
      `${dir}: partitions 0 and 2 of jb are not in this directory, another of the log.dirs of node 1 (directory.id fHqcQfn_wTkkdR0DPzaWJA) keeps them`,
    ])
    expect(await values(dir, [1, 3], lines)).toBe(20)
    expect(lines).toHaveLength(1)
    await expect(values(dir, [0])).rejects.toThrow('partition 0 of jb is not in this directory')
  })

  it('a reader that is not told rejects once, and reads on', async () => {
    const dir = join(unpackCase('jbod-two-log-dirs'), 'd1')
    const consumer = await openLocal(dir).consumer({
      untilEnd: true,
      config: { 'auto.offset.reset': 'earliest' },
    })
    await consumer.subscribe(['jb'])
    await expect(consumer.poll(0)).rejects.toThrow('are not in this directory')
    expect(await consumer.poll(1000)).not.toHaveLength(0)
    await consumer.close()
  })

  it('takes records for its own partitions alone, and none that a partitioner would spread', async () => {
    const dir = join(unpackCase('jbod-two-log-dirs'), 'd1')
    const before = bytesOf(dir)
    await expect(send(dir, { topic: 'jb', partition: 0, value: 'x' })).rejects.toThrow(
      `${dir}: jb-0 is kept by another of the log.dirs of node 1 (directory.id fHqcQfn_wTkkdR0DPzaWJA), not here`,
    )
    await expect(send(dir, { topic: 'jb', value: 'x' })).rejects.toThrow('jb-0 is kept by another')
    const logs = (files: Record<string, string>) =>
      Object.entries(files).filter(([name]) => name.includes('/jb-'))
    expect(logs(bytesOf(dir))).toEqual(logs(before))
    await send(dir, { topic: 'jb', partition: 1, value: 'x' })
    expect(await values(dir, [1])).toBe(11)
    expect(readdirSync(dir).filter((name) => /^jb-/.test(name))).toEqual(['jb-1', 'jb-3'])
  })

  it('describe, status and check tell what is stored, and cry no wolf', async () => {
    const dir = join(unpackCase('jbod-two-log-dirs'), 'd1')
    const [topic] = await withAdmin(dir, (admin) => admin.describeTopics(['jb']))
    expect(topic.partitions.map(({ leader, isr }) => [leader, isr])).toEqual([
      [undefined, []],
      [1, [1]],
      [undefined, []],
      [1, [1]],
    ])
    const report = await reportDirectory(systemOs, { path: dir, why: '--data-dir' })
    expect(report).toMatchObject({ partitions: 4, partitionsHere: 2, nodes: [1], records: 20, problems: [] })
    expect(await findings(dir)).toEqual([])
    const offset = withAdmin(dir, (admin) => admin.listOffset({ topic: 'jb', partition: 2 }, 'latest'))
    await expect(offset).rejects.toThrow('jb-2 is not here: another of the log.dirs')
  })

  it('without the metadata it is read by its folders, and nothing is ever written', async () => {
    const dir = join(unpackCase('jbod-two-log-dirs'), 'd2')
    const before = bytesOf(dir)
    expect(await values(dir)).toBe(20)
    expect(await withAdmin(dir, (admin) => admin.topicNames())).toEqual(['jb'])
    const why = '__cluster_metadata-0 is not here, so tkafka only reads'
    await expect(send(dir, { topic: 'jb', partition: 0, value: 'x' })).rejects.toThrow(why)
    await expect(send(dir, { topic: 'made-on-first-use', value: 'x' })).rejects.toThrow(why)
    await withAdmin(dir, async (admin) => {
      await expect(admin.createTopic({ name: 'n' })).rejects.toThrow(why)
      await expect(admin.deleteTopic('jb')).rejects.toThrow(why)
      await expect(admin.deleteRecords({ topic: 'jb', partition: 0 }, 1)).rejects.toThrow(why)
    })
    expect((await findings(dir)).map(({ kind, severity }) => [kind, severity])).toEqual([
      ['metadata-elsewhere', 'error'],
    ])
    // Its broker's own settings say that there are several: then all is as it should be.
    writeFileSync(join(dir, 'server.properties'), 'log.dirs=d1,d2\n')
    expect((await findings(dir)).map(({ severity }) => severity)).toEqual(['note'])
    rmSync(join(dir, 'server.properties'))
    expect(bytesOf(dir)).toEqual(before)
  })
})

describe('one of three nodes (A5)', () => {
  const quorum = 'its metadata is kept by nodes 1, 2 and 3 together, and here is only node 1'

  it('neither changes metadata nor appends to what other nodes keep, and stays as it was', async () => {
    const dir = join(unpackCase('three-node-cluster-one-node'), 'green1')
    const before = bytesOf(dir)
    await withAdmin(dir, async (admin) => {
      await expect(admin.createTopic({ name: 'n' })).rejects.toThrow(quorum)
      await expect(admin.deleteTopic('payment-failed')).rejects.toThrow(quorum)
      await expect(admin.createPartitions('payment-create-response', 2)).rejects.toThrow(quorum)
      const topic = { type: 'topic', name: 'payment-failed' } as const
      const set = [{ name: 'retention.ms', operation: 'set', value: '1' }] as const
      await expect(admin.incrementalAlterConfigs(topic, set)).rejects.toThrow(quorum)
      const commit = [
        {
          partition: { topic: 'payment-failed', partition: 0 },
          offset: { offset: 1, leaderEpoch: -1, metadata: '' },
        },
      ] as const
      await expect(admin.alterConsumerGroupOffsets('order-group', commit)).rejects.toThrow(
        'is kept by nodes 1, 2 and 3, and here is only node 1',
      )
      for await (const result of admin.clean({ now: true })) expect(result).toBeUndefined()
    })
    await expect(send(dir, { topic: 'payment-failed', value: 'x' })).rejects.toThrow(
      'is kept by node 2, not here',
    )
    await expect(send(dir, { topic: 'payment-create-response', value: 'x' })).rejects.toThrow(quorum)
    expect(bytesOf(dir)).toEqual(before)
  })

  it('is told as node 1 of 3, with leaders as stored', async () => {
    const dir = join(unpackCase('three-node-cluster-one-node'), 'green1')
    const report = await reportDirectory(systemOs, { path: dir, why: '--data-dir' })
    expect(report).toMatchObject({ nodeId: 1, nodes: [1, 2, 3], partitions: 55, partitionsHere: 52 })
    const [topic] = await withAdmin(dir, (admin) => admin.describeTopics(['payment-create-response']))
    expect(topic.partitions[0]).toMatchObject({ leader: undefined, replicas: [1], isr: [1] })
    const { voters } = await withAdmin(dir, (admin) => admin.describeMetadataQuorum())
    expect(voters.map(({ id }) => id)).toEqual([1, 2, 3])
    expect(await findings(dir)).toEqual([])
  })

  it.each([
    ['server.properties names other voters', 'controller.quorum.voters=1@a:1,2@b:1,3@c:1\n', quorum],
    ['server.properties says that it is no controller', 'process.roles=broker\n', 'its metadata is a copy'],
  ])('%s: that tells it, too', async (_, properties, why) => {
    const dir = join(unpackCase('jbod-two-log-dirs'), 'd1')
    appendFileSync(join(dir, 'server.properties'), properties)
    await withAdmin(dir, async (admin) => {
      await expect(admin.createTopic({ name: 'n' })).rejects.toThrow(why)
    })
  })

  it('left unclean, it waits for its broker', async () => {
    const dir = join(unpackCase('three-node-cluster-one-node'), 'green1')
    rmSync(join(dir, '.kafka_cleanshutdown'))
    const before = bytesOf(dir)
    const producer = await openLocal(dir).producer({ 'enable.idempotence': 'false' })
    await expect(producer.send({ topic: 'payment-create-response', value: 'x' })).rejects.toThrow(
      'was not closed in order, and is one of several',
    )
    await producer.close().catch(() => {})
    expect(bytesOf(dir)).toEqual(before)
  })
})

describe('where a replica is (A5)', () => {
  const UNASSIGNED = 'AAAAAAAAAAAAAAAAAAAAAQ'
  const image = (logDirs: string[]) =>
    ({ nodeId: 1, directoryId: 'mine', brokers: new Map([[1, { logDirs }]]) }) as unknown as MetadataImage
  const partition = (more: Partial<PartitionImage>) =>
    ({ replicas: [1], directories: [], isr: [], elr: [1], lastKnownElr: [1], ...more }) as PartitionImage

  it.each([
    ['at rest', {}, undefined],
    ['killed: in Isr alone', { isr: [1], elr: [], lastKnownElr: [] }, undefined],
    ['the last that was known', { elr: [] }, undefined],
    ['nowhere', { elr: [], lastKnownElr: [] }, 'is in neither Isr nor Elr'],
    ['here by id', { directories: ['mine'] }, undefined],
    ['before there were ids', { directories: ['AAAAAAAAAAAAAAAAAAAAAA'] }, undefined],
    ['in a lost directory', { directories: ['AAAAAAAAAAAAAAAAAAAAAg'] }, 'that was lost'],
    ['in another directory', { directories: ['other'] }, 'directory.id other'],
    ['on another node', { replicas: [2] }, 'node 2'],
    ['on others, too', { replicas: [3, 1, 2] }, 'nodes 1, 2 and 3'],
  ])('%s', (_, more, why) => {
    const found = whyNotWritable(image(['mine']), partition(more))
    if (why === undefined) expect(found).toBeUndefined()
    else expect(found).toContain(why)
  })

  it('a broker with two log.dirs that had not chosen yet: where the folder is', () => {
    const undecided = partition({ directories: [UNASSIGNED] })
    expect(whyElsewhere(image(['mine']), undecided, () => false)).toBeUndefined()
    expect(whyElsewhere(image(['mine', 'b']), undecided, () => true)).toBeUndefined()
    expect(whyElsewhere(image(['mine', 'b']), undecided, () => false)).toContain('another of the log.dirs')
  })
})
