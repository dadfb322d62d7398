import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OffsetStore } from '../../../../src/group/offsets/offset-store.ts'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { unpackFixture } from '../../../support/fixtures.ts'
import { append, produce, topicAtRest } from '../../../support/local-produce.ts'

let root: string
let dir: string
let warnings: string[]
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-logs-'))
  dir = join(root, 'data')
  warnings = []
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const open = (): LocalDirectory => LocalDirectory.open(systemOs, dir, { warn: (line) => warnings.push(line) })

function adopt(fixture: string): void {
  renameSync(unpackFixture(fixture).dir, dir)
}

describe('a partition’s folder', () => {
  it('is made by the first write where there is none, with the topic’s id in partition.metadata; a reader makes none', async () => {
    const directory = open()
    const image = await directory.alter(() => topicAtRest('t'))
    expect(existsSync(join(dir, 't-0')), 'whoever leaves last makes what is missing').toBe(true)
    rmSync(join(dir, 't-0'), { recursive: true })
    expect(directory.logForReading('t', 0).logEndOffset).toBe(0)
    expect(existsSync(join(dir, 't-0'))).toBe(false)
    await produce(dir, 't', 0, 'one')
    expect(readFileSync(join(dir, 't-0/partition.metadata'), 'utf8')).toContain(
      `topic_id: ${image.topic('t')?.id}`,
    )
    expect(directory.logForReading('t', 0).refresh()).toBe(true)
    expect(directory.logForReading('t', 0).logEndOffset).toBe(1)
    await directory.close()
  })

  it('of a topic that somebody deleted under a producer is not made again (second wave)', async () => {
    await produce(dir, 't', 0, 'one')
    const [producer, admin] = [open(), open()]
    await producer.enter()
    const log = producer.logForWriting('t', 0)
    await admin.deleteTopics(['t'])
    // The producer looks at the metadata now and then only; the log that it holds has to know.
    await expect(log.lock()).rejects.toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
    expect(readdirSync(dir).filter((name) => name.startsWith('t-0'))).toEqual([])
    await admin.alter(() => topicAtRest('t'))
    expect(await producer.logForWriting('t', 0).lock()).toBeUndefined()
    await producer.leave()
    await producer.close()
    await admin.close()
    expect(await produce(dir, 't', 0, 'new')).toEqual([])
    expect(open().logForReading('t', 0).logEndOffset).toBe(1)
  })

  it('of another topic of that name is set aside by a writer and empty for a reader, and loses nothing', async () => {
    await produce(dir, 't', 0, 'old')
    const first = open()
    await first.alter((image) => [{ type: 'RemoveTopicRecord', topicId: image.topic('t')!.id }])
    await first.alter(() => topicAtRest('t'))
    expect(first.logForReading('t', 0).logEndOffset).toBe(0)
    await first.close()
    expect(await produce(dir, 't', 0, 'new')).toEqual([expect.stringContaining('set aside as -stray')])
    const stray = readdirSync(dir).find((name) => /^t-0\.[0-9a-f]{32}-stray$/.test(name))
    expect(readFileSync(join(dir, stray!, '00000000000000000000.log'), 'latin1')).toContain('old')
    expect(readFileSync(join(dir, 't-0/00000000000000000000.log'), 'latin1')).not.toContain('old')
  })

  it('without partition.metadata gets it back, or a broker would set its data aside', async () => {
    await produce(dir, 't', 0, 'one')
    rmSync(join(dir, 't-0/partition.metadata'))
    expect(await produce(dir, 't', 0, 'two')).toEqual([expect.stringMatching(/partition\.metadata: missing/)])
    expect(open().logForReading('t', 0).logEndOffset).toBe(2)
    expect(existsSync(join(dir, 't-0/partition.metadata'))).toBe(true)
  })

  it('that is missing is told to a reader, and made anew by a writer, which is said', async () => {
    await produce(dir, 't', 0, 'one')
    rmSync(join(dir, 't-0'), { recursive: true })
    rmSync(join(dir, '.tkafka-ends'))
    expect(open().logForReading('t', 0).logEndOffset).toBe(0)
    expect(warnings).toEqual([expect.stringMatching(/t-0: the partition's folder is missing; what it may/)])
    expect(await produce(dir, 't', 0, 'two')).toEqual([
      expect.stringMatching(/t-0: the partition's folder was missing; made anew, empty/),
    ])
    expect(open().logForReading('t', 0).logEndOffset).toBe(1)
  })

  it('that is missing though a checkpoint knows offsets is made anew behind them, so that none is given twice', async () => {
    await produce(dir, 't', 0, 'one')
    rmSync(join(dir, 't-0'), { recursive: true })
    writeFileSync(join(dir, 'replication-offset-checkpoint'), '0\n1\nt 0 7\n')
    open().logForReading('t', 0)
    expect(warnings).toEqual([expect.stringMatching(/missing, and with it offsets up to 6/)])
    expect(await produce(dir, 't', 0, 'two')).toEqual([
      expect.stringMatching(/made anew, going on at offset 7/),
    ])
    const log = open().logForReading('t', 0)
    expect([log.logStartOffset, log.logEndOffset]).toEqual([7, 8])
  })

  it('that is missing though a group committed offsets is made anew behind them', async () => {
    await produce(dir, 't', 0, 'one', 'two', 'three')
    const directory = open()
    await new OffsetStore(systemOs, directory).commit('g', [{ topic: 't', partition: 0, offset: 3 }])
    rmSync(join(dir, 't-0'), { recursive: true })
    rmSync(join(dir, '.tkafka-ends'))
    expect(await produce(dir, 't', 0, 'four')).toEqual([
      expect.stringMatching(/up to 2 \(a commit of group g tells\).*going on at offset 3/),
    ])
    await directory.close()
  })

  it('is refused when a file stands in its place', async () => {
    await produce(dir, 'other', 0, 'one')
    const directory = open()
    await directory.alter(() => topicAtRest('t'))
    rmSync(join(dir, 't-0'), { recursive: true })
    writeFileSync(join(dir, 't-0'), '')
    await directory.enter()
    expect(() => directory.logForWriting('t', 0)).toThrow(/a file stands where a folder should be.*t-0/)
    await directory.close()
  })
})

describe('an adopted directory', () => {
  it('of a killed broker is checked whole once, put to rest and clean afterwards', async () => {
    adopt('torn')
    const directory = open()
    expect(directory.adopted).toBe(true)
    expect(directory.status().state).toBe('unknown')
    await directory.enter()
    expect(warnings).toEqual([
      expect.stringMatching(/mail-a-0: 121 torn bytes at the end were cut/),
      expect.stringMatching(/mail-a-1: 37 torn bytes at the end were cut/),
    ])
    expect(directory.status().state).toBe('open')
    await directory.leave()
    const image = directory.image()
    const marker = JSON.parse(readFileSync(join(dir, '.kafka_cleanshutdown'), 'utf8'))
    expect(marker.brokerEpoch).toBe(image.brokers.get(image.nodeId)?.epoch)
    for (const topic of image.topicImages()) {
      for (const { leader, isr, elr } of topic.partitions) {
        expect([leader, isr, elr]).toEqual([-1, [], [image.nodeId]])
      }
    }
    await directory.enter()
    await directory.leave()
    expect(warnings).toHaveLength(2)
  })

  it('with damage in the middle of a log: that one is refused from then on, the others work', async () => {
    adopt('corrupt-killed')
    for (const round of [8, 9]) {
      const directory = open()
      await directory.enter()
      expect(() => directory.logForWriting('users.a', 0)).toThrow(/users\.a-0.*offset 20.*tkafka repair/)
      expect(await append(directory, 'sensors-b', 0, ['more'])).toBe(round)
      await directory.close()
    }
    expect(warnings).toHaveLength(1)
    const log = join(dir, 'users.a-0/00000000000000000000.log')
    renameSync(log, `${log}.deleted`)
    const directory = open()
    await directory.enter()
    expect(() => directory.logForWriting('users.a', 0)).toThrow(/0\.log: the file is missing.*tkafka repair/)
    await directory.close()
  })

  it('is not made ours by writing to it', async () => {
    adopt('records')
    await open().alter(() => topicAtRest('mine', 1, open().image().nodeId))
    expect(open().adopted).toBe(true)
  })
})

describe('a log that was handed out for writing', () => {
  it('follows the settings of its topic, and is another one after leaving', async () => {
    const directory = open()
    await directory.alter(() => topicAtRest('t'))
    await directory.enter()
    const log = directory.logForWriting('t', 0)
    await directory.alter(() => [
      { type: 'ConfigRecord', resourceType: 2, resourceName: 't', name: 'segment.ms', value: '12345' },
    ])
    expect(directory.logForWriting('t', 0)).toBe(log)
    expect(log.config.segmentMs).toBe(12345)
    await directory.leave()
    await directory.enter()
    expect(directory.logForWriting('t', 0)).not.toBe(log)
    await directory.close()
  })

  it('needs a session', async () => {
    const directory = open()
    await directory.alter(() => topicAtRest('t'))
    expect(() => directory.logForWriting('t', 0)).toThrow(/without a session/)
  })
})
