import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Admin } from '../../src/client/admin/admin.ts'
import { GroupMember } from '../../src/group/group-member.ts'
import { LocalAdmin } from '../../src/local/admin/local-admin.ts'
import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { systemOs } from '../../src/os/system-os.ts'

/** What every Admin says of groups; the cluster's joins when it is there. */
let dir: string
let admin: Admin

beforeEach(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-contract-'))
  admin = new LocalAdmin(systemOs, LocalDirectory.open(systemOs, dir))
  await admin.createTopic({ name: 't', partitions: 2 })
})
afterEach(async () => {
  await admin.close()
  fs.rmSync(dir, { recursive: true })
})

const at = (partition: number, offset: number) => ({
  partition: { topic: 't', partition },
  offset: { offset, leaderEpoch: -1, metadata: 'm' },
})

describe('groups of an Admin', () => {
  test('offsets that are set make a group, and are listed', async () => {
    expect(await admin.listGroups()).toEqual([])
    await admin.alterConsumerGroupOffsets('g', [at(1, 5)])
    expect(await admin.listGroups()).toEqual([
      { groupId: 'g', type: 'Classic', protocol: '', state: 'Empty' },
    ])
    expect((await admin.listConsumerGroupOffsets('g')).get('t-1')).toMatchObject({
      partition: { topic: 't', partition: 1 },
      offset: { offset: 5, metadata: 'm' },
    })
    expect(await admin.describeConsumerGroup('g')).toMatchObject({ state: 'Empty', members: [] })
  })

  test('a group that nobody knows', async () => {
    await expect(admin.describeConsumerGroup('x')).rejects.toThrow('Group x not found.')
    await expect(admin.deleteConsumerGroup('x')).rejects.toThrow('The group id does not exist.')
    await expect(admin.deleteConsumerGroupOffsets('x', [{ topic: 't', partition: 0 }])).rejects.toThrow(
      'The group id does not exist.',
    )
    await expect(admin.describeConsumerGroup('')).rejects.toThrow('The group id is invalid.')
    expect((await admin.listConsumerGroupOffsets('x')).size).toBe(0)
  })

  test('a group with a member is described by it, and is not to be changed', async () => {
    await admin.alterConsumerGroupOffsets('g', [at(0, 1)])
    const directory = LocalDirectory.open(systemOs, dir)
    const member = GroupMember.join({
      os: systemOs,
      logDir: dir,
      groupId: 'g',
      clientId: 'me',
      subscription: { topics: ['t'] },
      image: () => directory.image(),
      onAssigned: () => {},
      onRevoked: () => {},
    })
    await member.ready()
    const group = await admin.describeConsumerGroup('g')
    expect(group).toMatchObject({ state: 'Stable', partitionAssignor: 'range', type: 'Classic' })
    expect(group.members).toEqual([
      {
        memberId: expect.stringMatching(/^me-[0-9a-f]{8}-/),
        groupInstanceId: undefined,
        clientId: 'me',
        host: '/127.0.0.1',
        assignment: [
          { topic: 't', partition: 0 },
          { topic: 't', partition: 1 },
        ],
      },
    ])
    await expect(admin.deleteConsumerGroup('g')).rejects.toMatchObject({ code: 'NON_EMPTY_GROUP' })
    await expect(admin.alterConsumerGroupOffsets('g', [at(0, 2)])).rejects.toMatchObject({
      code: 'UNKNOWN_MEMBER_ID',
    })
    expect(await admin.deleteConsumerGroupOffsets('g', [{ topic: 't', partition: 0 }])).toMatchObject([
      { error: { code: 'GROUP_SUBSCRIBED_TO_TOPIC' } },
    ])
    await member.leave()
    await admin.deleteConsumerGroup('g')
    expect(await admin.listGroups()).toEqual([])
  })

  test('offsets are deleted one by one; an unknown partition does not hinder the others', async () => {
    await admin.alterConsumerGroupOffsets('g', [at(0, 1), at(1, 1)])
    const answers = await admin.deleteConsumerGroupOffsets('g', [
      { topic: 't', partition: 0 },
      { topic: 't', partition: 9 },
    ])
    expect(answers).toMatchObject([
      { partition: { partition: 0 } },
      { error: { code: 'UNKNOWN_TOPIC_OR_PARTITION' } },
    ])
    expect([...(await admin.listConsumerGroupOffsets('g')).keys()]).toEqual(['t-1'])
  })
})
