/** What each setting promises to have synced, and when: syncs are counted at the port, and the disk is cut off right behind. */
import { describe, expect, it } from 'vitest'
import { LineProducer } from '../../src/commands/console-producer/line-producer.ts'
import { LineMessageReader } from '../../src/commands/console-producer/line-reader.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../src/local/producer/local-producer.ts'
import { DEFAULT_LOG_CONFIG } from '../../src/log/log-config.ts'
import type { Os } from '../../src/os/os.ts'
import type { InputChunks } from '../../src/os/standard-input.ts'
import { type MemoryDisk, SURVIVALS, seeded } from '../support/crash-memory-file-system.ts'
import { DATA, errorsOf, newDisk, values } from './disk-scenarios.ts'

/** Syncs of the partition's log so far. */
function countSyncs(disk: MemoryDisk): () => number {
  let syncs = 0
  disk.fault = (call, path) => {
    if ((call === 'fdatasync' || call === 'fsync') && path.endsWith('/t-0/00000000000000000000.log')) syncs++
    return undefined
  }
  return () => syncs
}

async function diskWithTopic(configs: Record<string, string>): Promise<MemoryDisk> {
  const disk = newDisk()
  const admin = new LocalAdmin(disk.os(), LocalDirectory.open(disk.os(), DATA))
  await admin.createTopic({ name: 't', partitions: 1, configs })
  await admin.close()
  return disk
}

/** What is left after a power cut now, in the worst case and all others. */
async function expectSurvivors(disk: MemoryDisk, sent: readonly string[]): Promise<void> {
  for (const how of SURVIVALS) {
    const os = disk.survive(how, seeded(5)).os()
    const directory = LocalDirectory.open(os, DATA)
    await directory.enter()
    await directory.leave()
    const left = values(directory, 't')
    expect(left.slice(0, sent.length), how).toEqual(sent)
    await directory.close()
    expect(await errorsOf(os), how).toEqual([])
  }
}

const send = async (producer: LocalProducer, value: string): Promise<void> => {
  await producer.send({ topic: 't', value })
}

describe('what is synced when', () => {
  it('by default: nothing but what flush and close ask for, once', async () => {
    const disk = await diskWithTopic({})
    const syncs = countSyncs(disk)
    const producer = new LocalProducer(disk.os(), LocalDirectory.open(disk.os(), DATA), {})
    for (const value of ['a', 'b', 'c']) await send(producer, value)
    expect(syncs()).toBe(0)
    await producer.flush()
    expect(syncs()).toBe(1)
    await expectSurvivors(disk, ['a', 'b', 'c'])
    await producer.close()
    expect(syncs(), 'nothing was written since').toBe(1)
  })

  it('flush.messages=1: each record before send resolves', async () => {
    const disk = await diskWithTopic({ 'flush.messages': '1' })
    const syncs = countSyncs(disk)
    const producer = new LocalProducer(disk.os(), LocalDirectory.open(disk.os(), DATA), {})
    const sent: string[] = []
    for (const value of ['a', 'b', 'c'.repeat(5000)]) {
      await send(producer, value)
      sent.push(value)
      expect(syncs()).toBe(sent.length)
      await expectSurvivors(disk, sent)
    }
    await producer.close()
  })

  it('flush.messages=3: at each third record', async () => {
    const disk = await diskWithTopic({ 'flush.messages': '3' })
    const syncs = countSyncs(disk)
    const producer = new LocalProducer(disk.os(), LocalDirectory.open(disk.os(), DATA), {})
    const seen: number[] = []
    for (const value of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
      await send(producer, value)
      seen.push(syncs())
    }
    expect(seen).toEqual([0, 0, 1, 1, 1, 2, 2])
    await expectSurvivors(disk, ['a', 'b', 'c', 'd', 'e', 'f'])
    await producer.close()
  })

  it('flush.ms=1000: at the first append a second behind the last sync', async () => {
    const disk = await diskWithTopic({ 'flush.ms': '1000' })
    const syncs = countSyncs(disk)
    let now = 1000
    const os: Os = { ...disk.os(), clock: { ...disk.os().clock, monotonic: () => now } }
    const producer = new LocalProducer(os, LocalDirectory.open(os, DATA), {})
    const seen: number[] = []
    for (const [value, after] of [
      ['a', 0],
      ['b', 600],
      ['c', 600],
      ['d', 600],
      ['e', 600],
    ] as const) {
      now += after
      await send(producer, value)
      seen.push(syncs())
    }
    expect(seen).toEqual([0, 0, 1, 1, 2])
    await expectSurvivors(disk, ['a', 'b', 'c', 'd', 'e'])
    await producer.close()
  })

  it('console-producer --sync: each line is a batch, synced before the next one is waited for', async () => {
    const disk = await diskWithTopic({})
    const syncs = countSyncs(disk)
    const lines = ['a', 'b', 'c', 'd']
    const sent: string[] = []
    const input: InputChunks = {
      read(buffer, start) {
        if (sent.length === lines.length) return 0
        if (!due) return -1
        due = false
        const line = lines[sent.length]
        sent.push(line)
        return buffer.write(`${line}\n`, start)
      },
      async ready(timeoutMs) {
        // Waiting for a little more: none comes. Waiting for the next line: all before it are on the disk.
        if (timeoutMs !== undefined) return false
        expect(syncs()).toBe(sent.length)
        await expectSurvivors(disk, sent)
        due = true
        return true
      },
      close() {},
    }
    let due = true
    const producer = new LocalProducer(disk.os(), LocalDirectory.open(disk.os(), DATA), {})
    const producing = new LineProducer({
      producer,
      topic: 't',
      partition: -1,
      reader: new LineMessageReader(new Map()),
      input,
      maxRequestSize: 1048576,
      sync: true,
      stop: { interrupted: false, signal: new AbortController().signal },
      prompt: undefined,
      diagnostics: { line: (text: string) => expect(text).toBe('') } as never,
    })
    await producing.run()
    await producer.close()
    expect([producing.end(), sent.length]).toEqual([0, 4])
    await expectSurvivors(disk, sent)
  })
})

describe('the clean marker', () => {
  it('vouches for no file that was not synced: a power cut behind the last one out leaves indexes as they were', async () => {
    for (const segmentBytes of [1048576, 16384]) {
      const disk = await diskWithTopic({})
      const config = () => ({ ...DEFAULT_LOG_CONFIG, segmentBytes, indexIntervalBytes: 1024 })
      const producer = new LocalProducer(disk.os(), LocalDirectory.open(disk.os(), DATA, { config }), {})
      for (let n = 0; n < 20; n++)
        await producer.send({ topic: 't', value: `${n} ${'x'.repeat(2000)}`, timestamp: n + 1 })
      await producer.close()
      const indexes = (os: Os): string[] =>
        os.fs
          .readdir(`${DATA}/t-0`)
          .filter((name) => /^\d+\.(time)?index$/.test(name))
          .sort()
          .map((name) => `${name} ${os.fs.readFile(`${DATA}/t-0/${name}`).toString('hex')}`)
      const before = indexes(disk.os())
      expect(before.join().length).toBeGreaterThan(300)
      for (const [n, how] of Array.from({ length: 6 }, () => SURVIVALS)
        .flat()
        .entries()) {
        const os = disk.survive(how, seeded(n)).os()
        // What a broker would see, before any of us looked.
        if (os.fs.stat(`${DATA}/.kafka_cleanshutdown`) !== undefined) expect(indexes(os), how).toEqual(before)
        else expect(how).not.toBe('keep')
      }
    }
  })
})
