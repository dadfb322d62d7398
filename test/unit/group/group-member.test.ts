import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { GroupMember, type GroupMemberOptions } from '../../../src/group/group-member.ts'
import { readHeldPartitions, readLiveGroups, readLiveMembers } from '../../../src/group/live-members.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { bundleProgram } from '../../support/bundle-program.ts'
import { fakeImage } from '../../support/fake-image.ts'

let dir: string
let topics: Record<string, number>
const members: GroupMember[] = []
const children: ChildProcess[] = []

function join(memberId: string, options: Partial<GroupMemberOptions> = {}): GroupMember {
  const member = GroupMember.join({
    os: systemOs,
    logDir: dir,
    groupId: 'g',
    memberId,
    clientId: 'c',
    subscription: { topics: Object.keys(topics) },
    image: () => fakeImage(topics),
    onAssigned: () => {},
    onRevoked: () => {},
    ...options,
  })
  members.push(member)
  return member
}

const held = (member: GroupMember) => member.assignment().map((p) => `${p.topic}-${p.partition}`)
const settled = (check: () => void) => vi.waitFor(check, { timeout: 5000, interval: 5 })

beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-group-'))
  topics = { t: 4 }
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(members.splice(0).map((member) => member.leave()))
  fs.rmSync(dir, { recursive: true })
})

describe('group members', () => {
  test('one member takes everything; the second takes its half; who leaves gives it back', async () => {
    const a = join('a')
    await a.ready()
    expect(held(a)).toEqual(['t-0', 't-1', 't-2', 't-3'])
    const b = join('b')
    await b.ready()
    await settled(() =>
      expect([held(a), held(b)]).toEqual([
        ['t-0', 't-1'],
        ['t-2', 't-3'],
      ]),
    )
    await a.leave()
    await settled(() => expect(held(b)).toEqual(['t-0', 't-1', 't-2', 't-3']))
  })

  test('a partition stays claimed until its commit is written', async () => {
    let commit = () => {}
    let slow = true
    const committed = () =>
      new Promise<void>((resolve) => {
        commit = resolve
      })
    const a = join('a', { onRevoked: () => (slow ? committed() : undefined) })
    await a.ready()
    const assigned: string[] = []
    const b = join('b', {
      onAssigned: (partitions) => void assigned.push(...partitions.map((p) => `${p.partition}`)),
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(a.owns('t', 3)).toBe(true)
    expect(assigned).toEqual([])
    slow = false
    commit()
    await b.ready()
    expect(assigned.sort()).toEqual(['2', '3'])
    expect(a.owns('t', 3)).toBe(false)
  })

  test('more members than partitions: one stands by, and takes over', async () => {
    topics = { t: 1 }
    const a = join('a')
    await a.ready()
    const b = join('b')
    await b.ready()
    expect(held(b)).toEqual([])
    await a.leave()
    await settled(() => expect(held(b)).toEqual(['t-0']))
  })

  test('new partitions and topics are noticed when the metadata changes', async () => {
    const a = join('a', { subscription: { pattern: /q.*|t/ } })
    await a.ready()
    topics = { t: 5, quakes: 1, other: 1 }
    a.metadataChanged()
    await settled(() => expect(held(a)).toEqual(['quakes-0', 't-0', 't-1', 't-2', 't-3', 't-4']))
    topics = { t: 5 }
    a.metadataChanged()
    await settled(() => expect(held(a)).not.toContain('quakes-0'))
  })

  test('a sticky group moves no more than it must', async () => {
    topics = { t: 6 }
    const sticky = { assignors: ['org.apache.kafka.clients.consumer.CooperativeStickyAssignor'] }
    const a = join('a', sticky)
    await a.ready()
    const c = join('c', sticky)
    await c.ready()
    await settled(() => expect(held(a)).toHaveLength(3))
    const before = held(a)
    const b = join('b', sticky)
    await b.ready()
    await settled(() => expect([a, b, c].map((member) => held(member).length)).toEqual([2, 2, 2]))
    for (const partition of held(a)) expect(before).toContain(partition)
    await Promise.all([a, b, c].map((member) => member.leave()))
    expect(fs.readdirSync(dir)).toEqual([])
  })

  test('members that share no assignor do not mix', async () => {
    const a = join('a', { assignors: ['roundrobin'] })
    await a.ready()
    expect(() => join('b', { assignors: ['sticky'] })).toThrow(/incompatible/)
    expect(readLiveMembers(systemOs, dir, 'g').map((member) => member.file.memberId)).toEqual(['a'])
  })

  test('an instance id is taken once; its place is kept for the session timeout', async () => {
    const a = join('a', { groupInstanceId: 'one', sessionTimeoutMs: 400 })
    await a.ready()
    expect(() => join('a2', { groupInstanceId: 'one' })).toThrow(/same group\.instance\.id/)
    const b = join('b')
    await b.ready()
    await settled(() => expect(held(a)).toEqual(['t-0', 't-1']))
    await a.leave()
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(held(b)).toEqual(['t-2', 't-3'])
    await settled(() => expect(held(b)).toEqual(['t-0', 't-1', 't-2', 't-3']))
  })

  test('who only looks sees members, their partitions and no leftovers, and changes nothing', async () => {
    const a = join('a')
    await a.ready()
    const other = join('x', { groupId: 'other group' })
    await other.ready()
    const names = () => fs.readdirSync(dir).sort()
    const leftover = names()
      .find((name) => name.includes('-m-'))
      ?.replace(/.{4}$/, 'dead')
    fs.copyFileSync(path.join(dir, names()[0] as string), path.join(dir, leftover as string))
    const before = names()
    expect([...readLiveGroups(systemOs, dir).keys()].sort()).toEqual(['g', 'other group'])
    expect(readHeldPartitions(systemOs, dir, 'g').get('a')).toHaveLength(4)
    expect(names()).toEqual(before)
    await Promise.all([a.leave(), other.leave()])
    const next = join('n')
    await next.ready()
    expect(names()).not.toContain(leftover)
  })

  test('without watches (they ran out) joins are noticed all the same', async () => {
    const blind = {
      ...systemOs,
      fs: {
        ...systemOs.fs,
        watch: () => {
          throw Object.assign(new Error('no watches left'), { code: 'ENOSPC' })
        },
      },
    }
    const a = join('a', { os: blind })
    await a.ready()
    const b = join('b', { os: blind })
    await b.ready()
    expect(held(b)).toEqual(['t-2', 't-3'])
  })

  test('many members without lifelines leave the thread pool to others (B1)', async () => {
    const all = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) =>
      join(id, { os: { ...systemOs, lifelines: undefined } }),
    )
    await Promise.all(all.map((member) => member.ready()))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const file = path.join(dir, fs.readdirSync(dir)[0] as string)
    const reads = Promise.all(Array.from({ length: 8 }, () => fs.promises.stat(file)))
    expect(await reads).toHaveLength(8)
    await all[2]?.leave()
    await settled(() =>
      expect(all.flatMap((member) => held(member)).sort()).toEqual(['t-0', 't-1', 't-2', 't-3']),
    )
  })

  test('a failing commit ends a leaving member all the same', async () => {
    const a = join('a', { onRevoked: () => Promise.reject(new Error('disk full')) })
    await a.ready()
    await expect(a.leave()).rejects.toThrow('disk full')
    members.length = 0
    const b = join('b')
    await b.ready()
    expect(held(b)).toHaveLength(4)
  })
})

describe('members that are processes', () => {
  let program: string
  beforeAll(async () => {
    program = await bundleProgram('group-member-child')
    return () => fs.rmSync(program)
  })

  function start(memberId: string): { child: ChildProcess; said: Record<string, unknown>[] } {
    const options = { logDir: dir, groupId: 'g', memberId, topics }
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    children.push(child)
    const said: Record<string, unknown>[] = []
    let rest = ''
    child.stdout?.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() as string
      said.push(...lines.map((line) => JSON.parse(line)))
    })
    return { child, said }
  }

  test('killed members, two at once, free their partitions without being asked', async () => {
    const a = join('a')
    await a.ready()
    const b = start('b')
    const c = start('c')
    await settled(() => expect([b, c].every(({ said }) => said.some((event) => 'ready' in event))).toBe(true))
    await settled(() => expect(held(a)).toEqual(['t-0', 't-1']))
    b.child.kill('SIGKILL')
    c.child.kill('SIGKILL')
    await settled(() => expect(held(a)).toEqual(['t-0', 't-1', 't-2', 't-3']))
    expect(readLiveMembers(systemOs, dir, 'g')).toHaveLength(1)
  })

  test('a process that waits for a death on a thread of the pool can still end, and work with files', async () => {
    const a = join('a')
    await a.ready()
    const b = start('b')
    await settled(() => expect(b.said).toContainEqual({ ready: true }))
    b.child.stdin?.write('leave')
    const status = await new Promise((resolve) => b.child.once('exit', resolve))
    expect(status).toBe(0)
    expect(b.said).toContainEqual({ left: true })
    await settled(() => expect(held(a)).toHaveLength(4))
  })
})
