import { describe, expect, it } from 'vitest'
import { FdOutput } from '../../../../src/cli/output.ts'
import { partitionForKey } from '../../../../src/client/murmur2.ts'
import { LineProducer } from '../../../../src/commands/console-producer/line-producer.ts'
import { LineMessageReader } from '../../../../src/commands/console-producer/line-reader.ts'
import { LocalAdmin } from '../../../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { LocalProducer } from '../../../../src/local/producer/local-producer.ts'
import type { InputChunks } from '../../../../src/os/standard-input.ts'
import { DATA, newDisk, values } from '../../../faults/disk-scenarios.ts'
import type { Fault, MemoryDisk } from '../../../support/crash-memory-file-system.ts'
import { fakeStreams } from '../../../support/fake-streams.ts'

const LINES = 5000

/** `KEY:NUMBER` for each partition in turn, with the numbers of each partition in order. */
function linesFor(partitions: number): Buffer {
  const lines = Array.from({ length: LINES }, (_, i) => `${i % (partitions * 5)}:${i}\n`)
  return Buffer.from(lines.join(''))
}

/** The numbers that a partition gets, in order. */
function sentTo(partition: number, partitions: number): number[] {
  const keys = partitions * 5
  const own = Array.from({ length: keys }, (_, key) => {
    const bytes = Buffer.from(`${key}`)
    return partitionForKey(bytes, 0, bytes.length, partitions)
  })
  return Array.from({ length: LINES }, (_, i) => i).filter((i) => own[i % keys] === partition)
}

/** A pipe that gives so much at a time. */
function input(bytes: Buffer, chunk: number): InputChunks {
  let at = 0
  return {
    read(buffer, start, end) {
      const n = bytes.copy(buffer, start, at, Math.min(at + chunk, at + end - start))
      at += n
      return n
    },
    ready: () => Promise.resolve(true),
    close: () => {},
  }
}

async function newTopic(partitions: number): Promise<MemoryDisk> {
  const disk = newDisk()
  const admin = new LocalAdmin(disk.os(), LocalDirectory.open(disk.os(), DATA))
  await admin.createTopic({ name: 't', partitions })
  await admin.close()
  return disk
}

/** Streams all lines in, as the console producer does; returns what it would end with. */
async function streamIn(disk: MemoryDisk, partitions: number, chunk: number): Promise<Error> {
  const os = disk.os()
  const producer = new LocalProducer(os, LocalDirectory.open(os, DATA), { 'batch.size': '4096' })
  const lines = new LineProducer({
    producer,
    topic: 't',
    partition: -1,
    reader: new LineMessageReader(
      new Map([
        ['parse.key', 'true'],
        ['key.separator', ':'],
      ]),
    ),
    input: input(linesFor(partitions), chunk),
    maxRequestSize: 1048576,
    sync: false,
    stop: { interrupted: false, signal: new AbortController().signal },
    prompt: undefined,
    diagnostics: new FdOutput(2, fakeStreams().port),
  })
  let failure: unknown
  await lines.run().catch((error) => {
    failure = error
  })
  await producer.close().catch((error) => {
    failure ??= error
  })
  disk.closeAll()
  return lines.told(failure) as Error
}

const failed = (code: string, call: string, path: string) =>
  Object.assign(new Error(`${code}: failed, ${call} '${path}'`), { code, syscall: call, path })

/** Writes to the logs of `t` fail from `room` bytes on, `times` times; the first of them takes what there is room for. */
function withRoom(code: string, room: number, times: number, file = /\/t-\d+\/.*\.log$/): Fault {
  let left = room
  let failures = 0
  return (call, path, length) => {
    if (call !== 'write' || !file.test(path) || failures >= times) return undefined
    if (left >= length) {
      left -= length
      return undefined
    }
    if (left > 0) {
      const taken = left
      left = 0
      return taken
    }
    failures++
    throw failed(code, call, path)
  }
}

const WORDS: Readonly<Record<string, RegExp>> = {
  EFBIG: /a file may not become larger \(ulimit -f, or the file system\)/,
  ENOSPC: /no space left on the disk/,
  EDQUOT: /the disk quota is used up/,
  EIO: /the disk cannot be read or written there/,
}

describe('a disk that takes no more while lines stream in (A6)', () => {
  const cases = Object.keys(WORDS).flatMap((code) => [
    { code, partitions: 1, times: 1 },
    { code, partitions: 1, times: Number.POSITIVE_INFINITY },
    { code, partitions: 3, times: 1 },
    { code, partitions: 3, times: Number.POSITIVE_INFINITY },
  ])
  it.each(cases)(
    '$code, $partitions partitions, $times times: nothing stands behind the first lost batch, and as many lines are in as is said',
    async ({ code, partitions, times }) => {
      for (const room of [0, 1, 9000, 30_001]) {
        const disk = await newTopic(partitions)
        disk.fault = withRoom(code, room, times)
        const { message } = await streamIn(disk, partitions, 3000)
        const where = `room for ${room} bytes: ${message}`
        expect(message, where).toMatch(WORDS[code])
        expect(message, where).not.toContain('\n')
        const directory = LocalDirectory.open(disk.os(), DATA)
        let found = 0
        for (let partition = 0; partition < partitions; partition++) {
          const stored = values(directory, 't', partition).map(Number)
          const sent = sentTo(partition, partitions)
          expect(stored, `partition ${partition}, ${where}`).toEqual(sent.slice(0, stored.length))
          found += stored.length
        }
        await directory.close()
        expect(found, where).toBeLessThan(LINES)
        expect(Number(/; (\d+) lines? (?:is|are) in, /.exec(message)?.[1]), where).toBe(found)
      }
    },
  )
})
