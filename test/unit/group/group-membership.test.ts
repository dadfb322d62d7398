import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeMemberFile, type MemberFile, memberFileName } from '../../../src/group/group-files.ts'
import { MembershipReader } from '../../../src/group/group-membership.ts'
import { type HeldFile, releaseHeldFile, tryHoldFile } from '../../../src/group/lock-file.ts'
import { systemOs } from '../../../src/os/system-os.ts'

let dir: string
let held: Map<string, HeldFile>
beforeEach(() => {
  dir = fs.mkdtempSync(join(tmpdir(), 'tkafka-membership-'))
  held = new Map()
})
afterEach(() => {
  for (const { fd } of held.values()) fs.closeSync(fd)
  fs.rmSync(dir, { recursive: true })
})

const member = (memberId: string): MemberFile => ({
  groupId: 'g',
  memberId,
  clientId: 'c',
  host: '/127.0.0.1',
  pid: process.pid,
  topics: ['t'],
  assignors: ['range'],
  protocol: 'classic',
  startTime: 0,
})

function joins(memberId: string): void {
  const file = tryHoldFile(systemOs, join(dir, memberFileName('g', memberId)))!
  fs.writeSync(file.fd, encodeMemberFile(member(memberId)))
  held.set(memberId, file)
}

/** As the kernel does for a killed process: the lock goes, the file stays. */
function die(memberId: string): void {
  fs.closeSync(held.get(memberId)!.fd)
  held.delete(memberId)
}

function reader() {
  let opened = 0
  const port = {
    ...systemOs.fs,
    open: (...args: Parameters<typeof systemOs.fs.open>) => {
      opened++
      return systemOs.fs.open(...args)
    },
  }
  const ownName = memberFileName('g', 'own')
  const options = { os: { ...systemOs, fs: port }, logDir: dir, groupId: 'g', ownName, own: member('own') }
  const membership = new MembershipReader(options)
  return {
    membership,
    look: (now: number) => {
      opened = 0
      const { members } = membership.read(now)
      return { ids: members.map(({ file }) => file.memberId), opened }
    },
  }
}

describe('a look at the members of a group', () => {
  it('opens the files of new ones alone, so a crowd that joins does not open n^3 files (B1)', () => {
    const { look } = reader()
    for (const id of ['a', 'b', 'c']) joins(id)
    expect(look(0)).toEqual({ ids: ['a', 'b', 'c', 'own'], opened: 3 })
    expect(look(1)).toEqual({ ids: ['a', 'b', 'c', 'own'], opened: 0 })
    joins('d')
    expect(look(2)).toEqual({ ids: ['a', 'b', 'c', 'd', 'own'], opened: 1 })
  })

  it('misses at once one who left, and after a second, or when a death was noticed, all who died (B1)', () => {
    const { look, membership } = reader()
    for (const id of ['a', 'b', 'c', 'd']) joins(id)
    look(0)
    releaseHeldFile(systemOs, held.get('a')!)
    held.delete('a')
    expect(look(1).ids).toEqual(['b', 'c', 'd', 'own'])
    die('b')
    membership.doubt()
    expect(look(2).ids).toEqual(['c', 'd', 'own'])
    die('c')
    expect(look(1100).ids).toEqual(['d', 'own'])
  })
})
