import fs from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ByteWriter } from '../../../src/bytes/byte-writer.ts'
import { CorruptRecordError } from '../../../src/errors.ts'
import { takeProducerIdBlock } from '../../../src/local/directory/producer-id-allocator.ts'
import { CONFIG_RESOURCE, type MetadataRecord } from '../../../src/message/metadata-records.ts'
import { encodeAppend } from '../../../src/metadata/metadata-batch-encoder.ts'
import { MetadataLog } from '../../../src/metadata/metadata-log.ts'
import { segmentFileName } from '../../../src/metadata/metadata-log-files.ts'
import { addPartitionRecords, configRecord, removeTopicRecord } from '../../../src/metadata/topic-records.ts'
import type { Os } from '../../../src/os/os.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { RecordBatchBuilder } from '../../../src/record/record-batch-builder.ts'
import { essence, logFolder, newDirectory, newFolder, newTopic } from './metadata-helpers.ts'

const made: string[] = []
const directory = (): string => {
  const dir = newDirectory()
  made.push(dir)
  return dir
}
afterEach(() => {
  for (const dir of made.splice(0)) fs.rmSync(dir, { recursive: true, force: true })
})
const open = (dir: string, options = {}) => MetadataLog.open(systemOs, dir, options)
const logFile = (dir: string, baseOffset = 0) => path.join(logFolder(dir), segmentFileName(baseOffset))
const appendBytes = (dir: string, bytes: Uint8Array) => fs.appendFileSync(logFile(dir), bytes)

describe('MetadataLog', () => {
  it('makes topics at rest, with our directory, and another process finds them', async () => {
    const dir = directory()
    await open(dir).append(newTopic('a', 2, [['retention.ms', '5']]))
    const image = open(dir).image()
    const topic = image.topic('a')!
    expect(image.topicById(topic.id)).toBe(topic)
    expect(topic.partitions.map((p) => p.partition)).toEqual([0, 1])
    expect(topic.partitions[0]).toMatchObject({
      leader: -1,
      leaderEpoch: 0,
      isr: [],
      elr: [1],
      lastKnownElr: [1],
      directories: [image.directoryId],
    })
    expect(image.topicConfigs('a')).toEqual(new Map([['retention.ms', '5']]))
  })

  it('hands out the same image while nothing changes, and a new one after another process wrote', async () => {
    const dir = directory()
    const reader = open(dir)
    const before = reader.image()
    expect(reader.image()).toBe(before)
    await open(dir).append(newTopic('a'))
    const after = reader.image()
    expect(after.topics()).toEqual(['a'])
    expect(before.topics()).toEqual([])
    expect(after.endOffset).toBe(before.endOffset + 2)
  })

  it('never changes an image that it handed out', async () => {
    const log = open(directory())
    const first = await log.append(newTopic('a', 1, [['retention.ms', '5']]))
    const second = await log.append((image) => [
      configRecord(CONFIG_RESOURCE.TOPIC, 'a', 'retention.ms', '6'),
      ...addPartitionRecords(image, image.topic('a')!, [[1]]),
      { type: 'PartitionChangeRecord', topicId: image.topic('a')!.id, partitionId: 0, leader: 1, isr: [1] },
    ])
    const third = await log.append((image) => [removeTopicRecord(image.topic('a')!.id)])
    expect(first.topic('a')!.partitions).toHaveLength(1)
    expect(first.topic('a')!.partitions[0].leader).toBe(-1)
    expect(first.config(CONFIG_RESOURCE.TOPIC, 'a', 'retention.ms')).toBe('5')
    expect(second.topic('a')!.partitions).toHaveLength(2)
    expect(second.config(CONFIG_RESOURCE.TOPIC, 'a', 'retention.ms')).toBe('6')
    expect(third.topic('a')).toBeUndefined()
    expect(third.topicConfigs('a').size).toBe(0)
  })

  it('counts leader and partition epochs as a broker does', async () => {
    const log = open(directory())
    const { id } = (await log.append(newTopic('a'))).topic('a')!
    const change = (fields: object): MetadataRecord =>
      ({ type: 'PartitionChangeRecord', topicId: id, partitionId: 0, ...fields }) as MetadataRecord
    const image = await log.append(() => [
      change({ leader: 1, isr: [1] }),
      change({ leader: -1 }),
      change({ isr: [] }),
    ])
    expect(image.topic('a')!.partitions[0]).toMatchObject({ leader: -1, leaderEpoch: 2, partitionEpoch: 3 })
  })

  it('writes nothing for no records, and nothing when the builder gives up', async () => {
    const dir = directory()
    const log = open(dir)
    const size = fs.statSync(logFile(dir)).size
    await log.append(() => [])
    await expect(
      log.append(() => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(fs.statSync(logFile(dir)).size).toBe(size)
    await log.append(newTopic('a'))
    expect(log.image().topics()).toEqual(['a'])
  })

  it('loses no append of two that work at once', async () => {
    const dir = directory()
    const logs = [open(dir), open(dir)]
    await Promise.all(Array.from({ length: 20 }, (_, n) => logs[n % 2].append(newTopic(`t${n}`))))
    expect(open(dir).image().topicCount).toBe(20)
  })

  it('hands out producer ids in blocks', async () => {
    const log = open(directory())
    await log.append((image) => [takeProducerIdBlock(image)])
    expect((await log.append((image) => [takeProducerIdBlock(image)])).nextProducerId).toBe(2000)
  })

  it('passes over a torn tail, and cuts it (keeping its bytes) at the next write', async () => {
    const dir = directory()
    await open(dir).append(newTopic('a'))
    const whole = fs.readFileSync(logFile(dir))
    appendBytes(dir, whole.subarray(0, 70))
    expect(open(dir).image().topics()).toEqual(['a'])
    expect(fs.statSync(logFile(dir)).size).toBe(whole.length + 70)
    await open(dir).append(newTopic('b'))
    expect(open(dir).image().topics()).toEqual(['a', 'b'])
    const broken = fs.readdirSync(logFolder(dir)).filter((name) => name.endsWith('.broken'))
    expect(broken).toEqual([`${segmentFileName(0)}.${whole.length}.broken`])
    expect(fs.readFileSync(path.join(logFolder(dir), broken[0]))).toEqual(whole.subarray(0, 70))
  })

  it('cuts a tail of zeros without keeping it', async () => {
    const dir = directory()
    appendBytes(dir, Buffer.alloc(4096))
    await open(dir).append(newTopic('a'))
    expect(open(dir).image().topics()).toEqual(['a'])
    expect(fs.readdirSync(logFolder(dir)).filter((name) => name.endsWith('.broken'))).toEqual([])
  })

  it('tells file and position of damage in the middle, and does not write behind it', async () => {
    const dir = directory()
    const at = fs.statSync(logFile(dir)).size
    await open(dir).append(newTopic('a'))
    await open(dir).append(newTopic('b'))
    const bytes = fs.readFileSync(logFile(dir))
    bytes[at + 80] ^= 1
    fs.writeFileSync(logFile(dir), bytes)
    const caught = (() => {
      try {
        open(dir).image()
      } catch (error) {
        return error
      }
    })()
    expect(caught).toBeInstanceOf(CorruptRecordError)
    expect(caught).toMatchObject({ file: logFile(dir), position: at })
    await expect(open(dir).append(newTopic('c'))).rejects.toThrow(logFile(dir))
    expect(fs.readFileSync(logFile(dir))).toEqual(bytes)
  })

  it('finds a batch that a broker wrote over ours and does the append again', async () => {
    const dir = directory()
    let overwritten = 0
    const os: Os = {
      ...systemOs,
      fs: {
        ...systemOs.fs,
        fdatasync(fd) {
          systemOs.fs.fdatasync(fd)
          if (overwritten++ > 0) return
          // A controller that remembers its position: its NoOp goes where our batch is.
          const noOp = new RecordBatchBuilder({ baseOffset: 8, leaderEpoch: 1 })
          noOp.append(1, null, Buffer.from([1, 20, 0, 0]))
          const bytes = fs.readFileSync(logFile(dir))
          const position = before
          const batch = noOp.build()
          bytes.set(batch, position)
          fs.writeFileSync(logFile(dir), bytes.subarray(0, position + batch.length))
        },
      },
    }
    const before = fs.statSync(logFile(dir)).size
    expect(open(dir).image().endOffset).toBe(8)
    const image = await MetadataLog.open(os, dir).append(newTopic('a'))
    expect(image.topics()).toEqual(['a'])
    expect(image.endOffset).toBe(11)
    expect(open(dir).image().topics()).toEqual(['a'])
  })

  it('writes what is too large for one batch as a transaction that is seen whole', async () => {
    const dir = directory()
    const log = open(dir)
    const big = (image: Parameters<ReturnType<typeof newTopic>>[0]) =>
      Array.from({ length: 300 }, (_, n) => newTopic(`t${n}`, 40)(image)).flat()
    const image = await log.append(big)
    expect(image.topicCount).toBe(300)
    expect(open(dir).image().topicCount).toBe(300)
  })

  it('holds records of a transaction back until its end, and aborts one that its writer left', async () => {
    const dir = directory()
    const { endOffset } = open(dir).image()
    const records: MetadataRecord[] = [
      { type: 'BeginTransactionRecord', name: null },
      { type: 'TopicRecord', name: 'half', topicId: 'bM4mLQZqQ3SYbbQ0kZ7q1A' },
    ]
    appendBytes(
      dir,
      encodeAppend(records, { baseOffset: endOffset, epoch: 1, timestamp: 1, metadataVersion: 30 }).bytes,
    )
    expect(open(dir).image().topics()).toEqual([])
    const image = await open(dir).append(newTopic('a'))
    expect(image.topics()).toEqual(['a'])
    expect(open(dir).image().topics()).toEqual(['a'])
  })

  it('reads past records newer than known, and refuses to write in one line', async () => {
    const dir = directory()
    await open(dir).append(newTopic('a'))
    const { endOffset } = open(dir).image()
    const builder = new RecordBatchBuilder({ baseOffset: endOffset, leaderEpoch: 1 })
    builder.append(1, null, new ByteWriter().uvarint(1).uvarint(99).uvarint(0).uvarint(0).toBuffer())
    appendBytes(dir, builder.build())
    const image = open(dir).image()
    expect(image.topics()).toEqual(['a'])
    expect(image.newerThanKnown).toBe(`metadata record type 99 at offset ${endOffset}`)
    await expect(open(dir).append(newTopic('b'))).rejects.toThrow(/metadata newer than known/)
    await expect(open(dir).writeCheckpoint()).rejects.toThrow(/metadata newer than known/)
  })

  it('refuses to write where metadata.version is newer than known', async () => {
    const dir = directory()
    const level = (featureLevel: number) => () => [
      { type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel } as const,
    ]
    await open(dir).append(level(33))
    await open(dir).append(newTopic('a'))
    await open(dir).append(level(34))
    expect(open(dir).image().topics()).toEqual(['a'])
    await expect(open(dir).append(newTopic('b'))).rejects.toThrow(/metadata.version 34/)
  })

  it('goes on in a directory that was formatted and never started', async () => {
    const dir = directory()
    fs.rmSync(logFolder(dir), { recursive: true })
    expect(open(dir).image().metadataVersion).toBe(30)
    expect(open(dir).image().brokers.size).toBe(0)
    const image = await open(dir).append(newTopic('a'))
    expect(image.topics()).toEqual(['a'])
    expect(image.features.get('transaction.version')).toBe(2)
    expect(image.config(CONFIG_RESOURCE.BROKER, '', 'min.insync.replicas')).toBe('1')
    expect(image.brokers.get(1)?.epoch).toBe(7)
    expect(image.brokers.get(1)?.logDirs).toEqual([image.directoryId])
  })

  it('says so when a folder is no log directory', () => {
    const dir = newFolder()
    made.push(dir)
    expect(() => open(dir).image()).toThrow(`${dir} is not a Kafka log directory`)
  })
})

describe('a checkpoint', () => {
  it('can be read by all whom the folder lets read, and written by nobody', async () => {
    const dir = directory()
    const log = open(dir)
    await log.append(newTopic('t', 3))
    fs.chmodSync(logFolder(dir), 0o750)
    await log.writeCheckpoint()
    const modes = fs
      .readdirSync(logFolder(dir))
      .filter((name) => name.endsWith('.checkpoint'))
      .map((name) => fs.statSync(path.join(logFolder(dir), name)).mode & 0o777)
    expect(modes).toEqual([0o440])
  })

  it('holds the whole image, and what was before it is dropped', async () => {
    const dir = directory()
    const log = open(dir)
    for (let n = 0; n < 5; n++) await log.append(newTopic(`t${n}`, 3, [['retention.ms', `${n}`]]))
    await log.append((image) => [
      removeTopicRecord(image.topic('t3')!.id),
      takeProducerIdBlock(image),
      {
        type: 'ClientQuotaRecord',
        entity: [
          { entityType: 'user', entityName: null },
          { entityType: 'client-id', entityName: 'c' },
        ],
        key: 'producer_byte_rate',
        value: 1024.5,
        remove: false,
      },
      {
        type: 'UserScramCredentialRecord',
        name: 'ann',
        mechanism: 1,
        salt: Buffer.from([1, 2]),
        storedKey: Buffer.from([3]),
        serverKey: Buffer.from([4, 5, 6]),
        iterations: 4096,
      },
      {
        type: 'AccessControlEntryRecord',
        id: 'bM4mLQZqQ3SYbbQ0kZ7q1A',
        resourceType: 2,
        resourceName: 't1',
        patternType: 3,
        principal: 'User:ann',
        host: '*',
        operation: 3,
        permissionType: 3,
      },
      {
        type: 'DelegationTokenRecord',
        owner: 'User:ann',
        requester: 'User:bob',
        renewers: ['User:cat'],
        issueTimestamp: 1,
        maxTimestamp: 3,
        expirationTimestamp: 2,
        tokenId: 'token',
      },
    ])
    const before = log.image()
    await log.writeCheckpoint()
    const files = fs.readdirSync(logFolder(dir)).filter((name) => /\.(log|checkpoint)$/.test(name))
    const base = String(before.endOffset).padStart(20, '0')
    expect(files.sort()).toEqual([`${base}-0000000001.checkpoint`, `${base}.log`].sort())
    expect(fs.statSync(path.join(logFolder(dir), `${base}-0000000001.checkpoint`)).mode & 0o777).toBe(0o400)
    const after = open(dir).image()
    expect(essence(after)).toEqual(essence(before))
    expect([after.endOffset, after.epoch]).toEqual([before.endOffset, before.epoch])
    await log.append(newTopic('late'))
    expect(open(dir).image().topics()).toContain('late')
    expect(log.image().topics()).toContain('late')
  })

  it('is written by itself when the log grew, so that reading stays short', async () => {
    const dir = directory()
    const log = open(dir, { checkpointAfterBytes: 4000 })
    for (let n = 0; n < 60; n++)
      await log.append(() => [configRecord(CONFIG_RESOURCE.TOPIC, 'a', 'retention.ms', `${n}`)])
    const names = fs.readdirSync(logFolder(dir))
    expect(names.filter((name) => name.endsWith('.checkpoint'))).toHaveLength(1)
    const bytes = names
      .filter((name) => name.endsWith('.log'))
      .reduce((sum, name) => sum + fs.statSync(path.join(logFolder(dir), name)).size, 0)
    expect(bytes).toBeLessThan(5000)
    expect(open(dir).image().config(CONFIG_RESOURCE.TOPIC, 'a', 'retention.ms')).toBe('59')
  })

  it('that is not whole is passed over for the one before it, or for the log', async () => {
    const dir = directory()
    await open(dir).append(newTopic('a'))
    const { endOffset } = open(dir).image()
    fs.writeFileSync(
      path.join(logFolder(dir), `${String(endOffset).padStart(20, '0')}-0000000001.checkpoint`),
      fs.readFileSync(path.join(dir, 'bootstrap.checkpoint')).subarray(0, -10),
    )
    expect(open(dir).image().topics()).toEqual(['a'])
  })

  it('that is not whole is reported where nothing can stand in for it', async () => {
    const dir = directory()
    const log = open(dir)
    await log.append(newTopic('a'))
    await log.writeCheckpoint()
    const name = fs.readdirSync(logFolder(dir)).find((one) => one.endsWith('.checkpoint'))!
    const file = path.join(logFolder(dir), name)
    const bytes = fs.readFileSync(file)
    fs.rmSync(file)
    fs.writeFileSync(file, bytes.subarray(0, -5))
    expect(() => open(dir).image()).toThrow(file)
  })

  it('beyond the log end makes the next append begin a new segment', async () => {
    const dir = directory()
    const log = open(dir)
    await log.append(newTopic('a'))
    await log.writeCheckpoint()
    const { endOffset } = log.image()
    fs.rmSync(logFile(dir, endOffset))
    await open(dir).append(newTopic('b'))
    expect(fs.statSync(logFile(dir, endOffset)).size).toBeGreaterThan(0)
    expect(open(dir).image().topics()).toEqual(['a', 'b'])
  })
})

describe('segments', () => {
  it('roll when they are full, and readers go on into the new one', async () => {
    const dir = directory()
    const reader = open(dir)
    reader.image()
    const writer = open(dir, { segmentBytes: 2000 })
    for (let n = 0; n < 30; n++) await writer.append(newTopic(`t${n}`))
    const segments = fs.readdirSync(logFolder(dir)).filter((name) => name.endsWith('.log'))
    expect(segments.length).toBeGreaterThan(2)
    expect(reader.image().topicCount).toBe(30)
    expect(open(dir).image().topicCount).toBe(30)
  })
})
