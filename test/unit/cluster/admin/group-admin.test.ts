import { describe, expect, test } from 'vitest'
import { encodeAssignment } from '../../../../src/message/consumer-protocol.ts'
import {
  CONSUMER_GROUP_DESCRIBE_REQUEST,
  CONSUMER_GROUP_DESCRIBE_RESPONSE,
  DELETE_GROUPS_REQUEST,
  DELETE_GROUPS_RESPONSE,
  DESCRIBE_GROUPS_REQUEST,
  DESCRIBE_GROUPS_RESPONSE,
  FIND_COORDINATOR_REQUEST,
  FIND_COORDINATOR_RESPONSE,
  LIST_GROUPS_REQUEST,
  LIST_GROUPS_RESPONSE,
  OFFSET_COMMIT_REQUEST,
  OFFSET_COMMIT_RESPONSE,
  OFFSET_FETCH_REQUEST,
  OFFSET_FETCH_RESPONSE,
} from '../../../../src/message/generated/requests.ts'
import type { FakeBroker } from '../../../support/fake-broker.ts'
import { fakeCluster } from '../../../support/fake-cluster.ts'

/** Groups of even length are broker 1's, the others 2's. */
const coordinator = (key: string) => (key.length % 2 === 0 ? 1 : 2)

function findsCoordinators(brokers: readonly FakeBroker[], refusals: number[] = []): void {
  for (const broker of brokers) {
    broker.on(FIND_COORDINATOR_REQUEST, FIND_COORDINATOR_RESPONSE, ({ key, coordinatorKeys }, version) => {
      const errorCode = refusals.shift() ?? 0
      const found = (one: string) => ({
        nodeId: errorCode === 0 ? coordinator(one) : -1,
        host: '',
        port: -1,
        errorCode,
        errorMessage: null,
      })
      if (version < 4) return { throttleTimeMs: 0, ...found(key) }
      return { throttleTimeMs: 0, coordinators: coordinatorKeys.map((one) => ({ key: one, ...found(one) })) }
    })
  }
}

const CLASSIC = { errorCode: 0, groupState: 'Stable', protocolType: 'consumer', protocolData: 'range' }

/** Groups that begin with n are of the newer protocol; of others the classic API tells, but not of `gone`. */
function describesGroups(broker: FakeBroker): void {
  broker
    .on(CONSUMER_GROUP_DESCRIBE_REQUEST, CONSUMER_GROUP_DESCRIBE_RESPONSE, ({ groupIds }) => ({
      throttleTimeMs: 0,
      groups: groupIds.map((groupId) => ({
        errorCode: groupId.startsWith('n') ? 0 : 69,
        errorMessage: `Group ${groupId} is not a consumer group.`,
        groupId,
        groupState: 'Stable',
        groupEpoch: 3,
        assignmentEpoch: 2,
        assignorName: 'uniform',
        members: [],
        authorizedOperations: 0,
      })),
    }))
    .on(DESCRIBE_GROUPS_REQUEST, DESCRIBE_GROUPS_RESPONSE, ({ groups }) => ({
      throttleTimeMs: 0,
      groups: groups.map((groupId) => ({
        ...CLASSIC,
        errorCode: groupId === 'gone' ? 69 : 0,
        errorMessage: groupId === 'gone' ? `Group ${groupId} not found.` : null,
        groupId,
        members: [
          {
            memberId: 'm',
            groupInstanceId: null,
            clientId: 'c',
            clientHost: '/h',
            memberMetadata: Buffer.alloc(0),
            memberAssignment: encodeAssignment({
              assignedPartitions: [{ topic: 'a', partitions: [1, 0] }],
              userData: null,
            }),
          },
        ],
      })),
    }))
}

describe('groups of a cluster (issue 14)', () => {
  test('are described by their coordinators, of both protocols, each in its own form', async () => {
    const { brokers, admin } = fakeCluster(2)
    findsCoordinators(brokers)
    for (const broker of brokers) describesGroups(broker)
    const described = await admin.describeConsumerGroups(['new', 'old', 'gone', 'o2'])
    expect(described).toMatchObject([
      { groupId: 'new', type: 'Consumer', groupEpoch: 3, targetAssignmentEpoch: 2, coordinator: { id: 2 } },
      { groupId: 'old', type: 'Classic', partitionAssignor: 'range', coordinator: { id: 2 } },
      { code: 'GROUP_ID_NOT_FOUND', message: 'Group gone not found.' },
      {
        groupId: 'o2',
        coordinator: { id: 1 },
        members: [
          {
            memberId: 'm',
            assignment: [
              { topic: 'a', partition: 0 },
              { topic: 'a', partition: 1 },
            ],
          },
        ],
      },
    ])
    // One request finds them all, and one a coordinator and API describes them.
    const counts = (request: typeof FIND_COORDINATOR_REQUEST | typeof DESCRIBE_GROUPS_REQUEST) =>
      brokers.map((broker) => broker.count(request))
    expect(counts(FIND_COORDINATOR_REQUEST)).toEqual([1, 0])
    expect(counts(DESCRIBE_GROUPS_REQUEST)).toEqual([1, 1])
    await admin.close()
  })

  test('are asked for again while their coordinator loads or moves: 14, 15 and 16 are no failures', async () => {
    const { brokers, admin, clock } = fakeCluster(2)
    findsCoordinators(brokers, [15, 14])
    let moved = false
    for (const broker of brokers) {
      broker.on(DELETE_GROUPS_REQUEST, DELETE_GROUPS_RESPONSE, ({ groupsNames }) => {
        const errorCode = moved ? 0 : 16
        moved = true
        return { throttleTimeMs: 0, results: groupsNames.map((groupId) => ({ groupId, errorCode })) }
      })
    }
    await admin.deleteConsumerGroup('g')
    expect(brokers[1].count(DELETE_GROUPS_REQUEST)).toBe(2)
    expect(clock.slept).toBeGreaterThan(0)
    await admin.close()
  })

  test('are found one by one where the broker is old', async () => {
    const { brokers, admin } = fakeCluster(2)
    findsCoordinators(brokers)
    for (const broker of brokers) describesGroups(broker)
    for (const broker of brokers) {
      broker.versions.set(FIND_COORDINATOR_REQUEST.apiKey, 3)
      broker.versions.set(CONSUMER_GROUP_DESCRIBE_REQUEST.apiKey, -1)
    }
    const described = await admin.describeConsumerGroups(['old', 'o2'])
    expect(described).toMatchObject([{ type: 'Classic' }, { type: 'Classic' }])
    expect(brokers[0].count(FIND_COORDINATOR_REQUEST)).toBe(2)
    await admin.close()
  })

  test('are listed by every broker; one that has no types tells of classic groups', async () => {
    const { brokers, admin } = fakeCluster(2)
    for (const broker of brokers) {
      broker.on(LIST_GROUPS_REQUEST, LIST_GROUPS_RESPONSE, () => ({
        throttleTimeMs: 0,
        errorCode: 0,
        groups: [
          {
            groupId: `g${broker.nodeId}`,
            protocolType: 'consumer',
            groupState: 'Empty',
            groupType: 'consumer',
          },
        ],
      }))
    }
    brokers[0].versions.set(LIST_GROUPS_REQUEST.apiKey, 4)
    expect(await admin.listGroups()).toEqual([
      { groupId: 'g1', type: 'Classic', protocol: 'consumer', state: 'Empty' },
      { groupId: 'g2', type: 'Consumer', protocol: 'consumer', state: 'Empty' },
    ])
    await admin.close()
  })

  test('keep their offsets: fetched without what was never committed, written with the partitions that failed named', async () => {
    const { brokers, admin } = fakeCluster(2)
    findsCoordinators(brokers)
    const partition = (partitionIndex: number, committedOffset: number) => ({
      partitionIndex,
      committedOffset,
      committedLeaderEpoch: -1,
      metadata: '',
      errorCode: 0,
    })
    brokers[1]
      .on(OFFSET_FETCH_REQUEST, OFFSET_FETCH_RESPONSE, ({ groups }) => ({
        throttleTimeMs: 0,
        groups: groups.map(({ groupId }) => ({
          groupId,
          topics: [{ name: 'a', partitions: [partition(0, 5), partition(1, -1)] }],
          errorCode: 0,
        })),
      }))
      .on(OFFSET_COMMIT_REQUEST, OFFSET_COMMIT_RESPONSE, ({ topics }) => ({
        throttleTimeMs: 0,
        topics: topics.map(({ name, partitions }) => ({
          name,
          partitions: partitions.map(({ partitionIndex }) => ({
            partitionIndex,
            errorCode: partitionIndex === 1 ? 25 : 0,
          })),
        })),
      }))
    const offsets = await admin.listConsumerGroupOffsets('g')
    expect([...offsets.keys()]).toEqual(['a-0'])
    const offset = { offset: 1, leaderEpoch: -1, metadata: '' }
    const at = (index: number) => ({ partition: { topic: 'a', partition: index }, offset })
    await admin.alterConsumerGroupOffsets('g', [at(0)])
    await expect(admin.alterConsumerGroupOffsets('g', [at(0), at(1)])).rejects.toMatchObject({
      code: 'UNKNOWN_MEMBER_ID',
      message: 'Failed altering group offsets for the following partitions: [a-1]',
    })
    await admin.close()
  })
})
