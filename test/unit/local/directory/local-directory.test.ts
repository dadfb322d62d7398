import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LocalDirectory } from '../../../../src/local/directory/local-directory.ts'
import { systemOs } from '../../../../src/os/system-os.ts'
import { topicAtRest } from '../../../support/local-produce.ts'

let root: string
let dir: string
let warnings: string[]
const opened: LocalDirectory[] = []

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tkafka-local-'))
  dir = join(root, 'data')
  warnings = []
})
afterEach(async () => {
  for (const directory of opened.splice(0)) await directory.close()
  rmSync(root, { recursive: true, force: true })
})

function open(): LocalDirectory {
  const directory = LocalDirectory.open(systemOs, dir, { warn: (line) => warnings.push(line) })
  opened.push(directory)
  return directory
}

const marker = (): string => readFileSync(join(dir, '.kafka_cleanshutdown'), 'utf8')

describe('a directory that is not there yet', () => {
  it('reads as empty, and reading makes nothing', () => {
    const directory = open()
    expect(directory.exists()).toBe(false)
    expect(directory.image().topics()).toEqual([])
    expect(directory.brokerIsRunning()).toBe(false)
    expect(directory.status()).toMatchObject({ kind: 'missing', state: 'absent' })
    expect(existsSync(dir)).toBe(false)
  })

  it('is made by the first write, as ours, and is clean afterwards', async () => {
    const directory = open()
    await directory.alter(() => topicAtRest('first'))
    expect(directory.image().topics()).toEqual(['first'])
    expect(directory.adopted).toBe(false)
    expect(directory.status()).toMatchObject({ state: 'clean', madeByUs: true, holders: [] })
    const epoch = directory.image().brokers.get(1)?.epoch
    expect(JSON.parse(marker())).toEqual({ version: 0, brokerEpoch: epoch })
    expect(open().image().topics()).toEqual(['first'])
  })

  it('gets the node id that its server.properties names', async () => {
    mkdirSync(dir)
    writeFileSync(join(dir, 'server.properties'), 'node.id=5\n')
    const directory = open()
    expect(directory.image().nodeId).toBe(5)
    await directory.alter(() => [])
    expect(open().image().nodeId).toBe(5)
  })

  it('is made once by two who begin at the same time', async () => {
    const [a, b] = [open(), open()]
    await Promise.all([a.alter(() => topicAtRest('a')), b.alter(() => topicAtRest('b'))])
    expect(open().image().topics().sort()).toEqual(['a', 'b'])
  })

  it('is made anew when its maker was killed before meta.properties', async () => {
    await open().alter(() => [])
    rmSync(join(dir, 'meta.properties'))
    const directory = open()
    expect(directory.exists()).toBe(false)
    expect(directory.image().topics()).toEqual([])
    await directory.alter(() => topicAtRest('new'))
    expect(open().image().topics()).toEqual(['new'])
  })
})

describe('a directory is refused with one line', () => {
  it('when server.properties and meta.properties name different nodes', async () => {
    await open().alter(() => [])
    writeFileSync(join(dir, 'server.properties'), 'node.id=2\n')
    expect(() => open().image()).toThrow(`${dir}: server.properties says node.id 2, meta.properties says 1`)
    await expect(open().enter()).rejects.toThrow(/says node.id 2/)
  })

  it('when it is somebody else’s folder, in which nothing is made', async () => {
    mkdirSync(dir)
    writeFileSync(join(dir, 'notes.txt'), '')
    await expect(open().alter(() => [])).rejects.toThrow(/not a Kafka log directory.*notes\.txt/)
    expect(readdirSync(dir)).toEqual(['notes.txt'])
  })

  it('for writing only, when it is of the ZooKeeper era', async () => {
    mkdirSync(join(dir, 'old-0'), { recursive: true })
    mkdirSync(join(dir, 'old-1'))
    writeFileSync(join(dir, 'meta.properties'), 'version=0\nbroker.id=7\ncluster.id=abc\n')
    const directory = open()
    expect(directory.image().topic('old')?.partitions).toHaveLength(2)
    await expect(directory.enter()).rejects.toThrow(/ZooKeeper era.*only reads it/)
    expect(readdirSync(dir).sort()).toEqual(['meta.properties', 'old-0', 'old-1'])
  })

  it('for writing only, when its metadata is newer than known', async () => {
    await open().alter(() => [{ type: 'FeatureLevelRecord', name: 'metadata.version', featureLevel: 30 }])
    const directory = open()
    const image = directory.image()
    Object.defineProperty(directory, 'image', { value: () => ({ ...image, newerThanKnown: 'level 99' }) })
    await expect(directory.enter()).rejects.toThrow(/newer than this tkafka knows \(level 99\)/)
  })

  it.runIf(process.geteuid?.() === 0)('when it belongs to another user', async () => {
    chmodSync(root, 0o755)
    await open().alter(() => [])
    process.seteuid!(12345)
    try {
      const denied = open()
      expect(denied.image().topics()).toEqual([])
      await expect(denied.enter()).rejects.toThrow(
        `${dir}: permission denied (${dir}/.tkafka-gate); it belongs to uid 0, you are uid 12345`,
      )
    } finally {
      process.seteuid!(0)
    }
  })
})

describe('producer ids', () => {
  it('are never handed out twice, and a block of them is in the metadata first', async () => {
    const seen = new Set<number>()
    for (let run = 0; run < 3; run++) {
      const directory = open()
      await directory.enter()
      for (let i = 0; i < 500; i++) seen.add(await directory.nextProducerId())
      expect(directory.image().nextProducerId).toBeGreaterThan(Math.max(...seen))
      await directory.leave()
    }
    expect(seen.size).toBe(1500)
    expect(open().image().nextProducerId).toBe(2000)
  })

  it('of a block from before a restart of the machine are not used', async () => {
    const directory = open()
    await directory.enter()
    expect(await directory.nextProducerId()).toBe(0)
    await directory.leave()
    const later = LocalDirectory.open({ ...systemOs, bootId: () => 'next-boot' }, dir)
    await later.enter()
    expect(await later.nextProducerId()).toBe(1000)
    await later.close()
  })
})

describe('beside a broker', () => {
  // What a broker does to .lock, done by a process with an fcntl lock: python is not always there, so a kernel lock of ours
  // stands in where only the refusal matters.
  it('entering is refused and says to go through the broker; reading goes on', async () => {
    await open().alter(() => topicAtRest('t'))
    const fd = systemOs.fs.open(join(dir, '.lock'), 'a+')
    systemOs.locks.tryLock(fd, 'exclusive')
    const directory = open()
    await expect(directory.enter()).rejects.toThrow(
      new RegExp(`^${dir}: a Kafka broker \\(pid ${process.pid}\\) is running.*--bootstrap-server`),
    )
    expect(directory.image().topics()).toEqual(['t'])
    systemOs.fs.close(fd)
    await directory.enter()
    await directory.leave()
  })

  it.runIf(process.platform === 'linux')('its pid is told from the fcntl lock that it holds', async () => {
    await open().alter(() => [])
    const script = [
      'import fcntl, sys, time',
      "f = open(sys.argv[1], 'a+')",
      'fcntl.lockf(f, fcntl.LOCK_EX)',
      "print('held', flush=True)",
      'time.sleep(60)',
    ].join('\n')
    const child = spawn('python3', ['-c', script, join(dir, '.lock')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const started = await new Promise<boolean>((resolve) => {
      child.once('error', () => resolve(false))
      child.once('exit', () => resolve(false))
      child.stdout.once('data', () => resolve(true))
    })
    if (!started) return
    try {
      const directory = open()
      // As a broker does when it starts.
      rmSync(join(dir, '.kafka_cleanshutdown'))
      expect(directory.brokerIsRunning()).toBe(true)
      await expect(directory.enter()).rejects.toThrow(`a Kafka broker (pid ${child.pid})`)
      expect(directory.status()).toMatchObject({ broker: { pid: child.pid } })
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe('a writer of ours', () => {
  it('is no broker, whether it is at work or just entering or leaving', async () => {
    const [writer, reader] = [open(), open()]
    await writer.alter(() => topicAtRest('t'))
    rmSync(join(dir, '.kafka_cleanshutdown'))
    expect(reader.brokerIsRunning()).toBe(false)
    await writer.enter()
    expect(reader.brokerIsRunning()).toBe(false)
    await writer.leave()
    const fd = systemOs.fs.open(join(dir, '.lock'), 'a+')
    systemOs.locks.tryLock(fd, 'exclusive')
    expect(reader.brokerIsRunning()).toBe(false)
    systemOs.fs.close(fd)
  })
})

describe('deleting topics', () => {
  function makeFolder(name: string, topicId: string): void {
    mkdirSync(join(dir, name), { recursive: true })
    writeFileSync(join(dir, name, 'partition.metadata'), `version: 0\ntopic_id: ${topicId}`)
    writeFileSync(join(dir, name, '00000000000000000000.log'), 'x')
  }
  const folders = (): string[] =>
    readdirSync(dir).filter((n) => n.startsWith('gone') || n.startsWith('kept') || n.includes('delete'))

  it('takes them out of the metadata and their folders off the disk', async () => {
    const directory = open()
    const image = await directory.alter(() => [...topicAtRest('gone', 2), ...topicAtRest('kept')])
    makeFolder('gone-0', image.topic('gone')!.id)
    makeFolder('gone-1', image.topic('gone')!.id)
    makeFolder('kept-0', image.topic('kept')!.id)
    await directory.deleteTopics(['gone'])
    expect(directory.image().topics()).toEqual(['kept'])
    expect(folders()).toEqual(['kept-0'])
  })

  it('that was interrupted behind the metadata is finished by the next writer', async () => {
    const directory = open()
    const image = await directory.alter(() => topicAtRest('gone', 2))
    const { id } = image.topic('gone')!
    makeFolder('gone-0', id)
    makeFolder('gone-1', 'an0thertopicwiththesam')
    writeFileSync(join(dir, '.tkafka-deleting'), `\n${id} gone 2\n`)
    await directory.enter()
    await directory.leave()
    expect(folders(), 'the topic is still in the metadata').toEqual(['gone-0', 'gone-1'])
    await directory.alter(() => [{ type: 'RemoveTopicRecord', topicId: id }])
    const next = open()
    await next.enter()
    await next.leave()
    expect(folders(), 'a folder of another topic of that name stays').toEqual(['gone-1'])
    expect(existsSync(join(dir, '.tkafka-deleting'))).toBe(false)
  })

  it('takes their checkpoints along: a topic made anew under the name begins at 0', async () => {
    const directory = open()
    await directory.alter(() => topicAtRest('gone'))
    writeFileSync(join(dir, 'log-start-offset-checkpoint'), '0\n2\ngone 0 3\nkept 0 4\n')
    writeFileSync(join(dir, 'recovery-point-offset-checkpoint'), '0\n1\ngone 0 3\n')
    await directory.deleteTopics(['gone'])
    await directory.alter(() => topicAtRest('gone'))
    expect(directory.logForReading('gone', 0).logStartOffset).toBe(0)
    expect(readFileSync(join(dir, 'log-start-offset-checkpoint'), 'utf8')).toBe('0\n1\nkept 0 4\n')
    expect(readFileSync(join(dir, 'recovery-point-offset-checkpoint'), 'utf8')).toBe('0\n0\n')
    await directory.close()
  })

  it('that do not exist says so and removes nothing', async () => {
    const directory = open()
    await directory.alter(() => topicAtRest('kept'))
    await expect(directory.deleteTopics(['kept', 'none'])).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC_OR_PARTITION',
    })
    expect(directory.image().topics()).toEqual(['kept'])
  })
})
