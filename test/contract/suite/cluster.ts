import { describe, expect, test } from 'vitest'
import { type Bench, refuses } from './side.ts'

/** What the other parts of Admin promise: nodes, replicas, transactions, newer groups, tokens and ACLs. */
export function clusterContract(bench: Bench): void {
  describe('a cluster', () => {
    const NO_GROUP = 'GROUP_ID_NOT_FOUND'

    test('is described with its id and its brokers', async () => {
      await bench.topic()
      const { clusterId, brokers, controller } = await bench.admin.describeCluster()
      expect(clusterId).toMatch(/^[\w-]{22}$/)
      expect(await bench.admin.clusterId()).toBe(clusterId)
      expect(brokers).toMatchObject([{ id: controller, port: expect.any(Number) }])
    })

    test('has features, a metadata quorum and log directories', async () => {
      const features = await bench.admin.describeFeatures()
      expect(features.get('metadata.version')?.finalized).toBeGreaterThan(20)
      expect(await bench.admin.featuresEpoch()).toBeGreaterThanOrEqual(0)
      const quorum = await bench.admin.describeMetadataQuorum()
      expect(quorum.voters.map(({ id }) => id)).toContain(quorum.leaderId)
      const topic = await bench.topic(2)
      await bench.sent([{ topic, partition: 1, value: 'v' }])
      const [dir] = await bench.admin.describeLogDirs()
      expect(dir).toMatchObject({ error: undefined, logDir: expect.stringMatching(/^\//) })
      const replicas = dir.replicas.filter((replica) => replica.topic === topic)
      expect(
        replicas
          .map(({ partition, size, offsetLag, isFuture }) => [partition, size > 0, offsetLag, isFuture])
          .sort(),
      ).toEqual([
        [0, false, 0, false],
        [1, true, 0, false],
      ])
    })

    test('a feature level that nobody supports is refused', async () => {
      const update = { feature: 'metadata.version', level: 9999, upgradeType: 'UPGRADE' } as const
      await expect(bench.admin.updateFeatures([update], true)).rejects.toThrow(/9999/)
    })

    test('a leader that leads already needs no election; no reassignment is under way', async () => {
      const topic = await bench.topic()
      const partition = { topic, partition: 0 }
      expect(await bench.admin.electLeaders('PREFERRED', [partition])).toMatchObject([
        { ...partition, error: { code: 'ELECTION_NOT_NEEDED' } },
      ])
      expect(await bench.admin.electLeaders('PREFERRED', [{ topic, partition: 9 }])).toMatchObject([
        { error: { code: 'UNKNOWN_TOPIC_OR_PARTITION' } },
      ])
      expect(await bench.admin.listPartitionReassignments()).toEqual([])
      const [cancelled, beyond] = await bench.admin.alterPartitionReassignments([
        { ...partition, replicas: null },
        { topic, partition: 9, replicas: null },
      ])
      expect(cancelled).toMatchObject({ code: 'NO_REASSIGNMENT_IN_PROGRESS' })
      expect(beyond).toBeInstanceOf(Error)
    })

    test('a producer is known to the partitions that it wrote to', async () => {
      const topic = await bench.topic(2)
      await bench.sent([
        { topic, partition: 0, value: 'a' },
        { topic, partition: 0, value: 'b' },
      ])
      const [one] = await bench.admin.describeProducers({ topic, partition: 0 })
      expect(one).toMatchObject({
        producerEpoch: 0,
        lastSequence: 1,
        currentTransactionStartOffset: undefined,
      })
      const [none, beyond] = await bench.admin.describeProducersOf([
        { topic, partition: 1 },
        { topic, partition: 9 },
      ])
      expect(none).toEqual([])
      expect(beyond).toMatchObject({ code: 'UNKNOWN_TOPIC_OR_PARTITION' })
      await refuses(bench.admin.describeProducers({ topic, partition: 9 }), 'UNKNOWN_TOPIC_OR_PARTITION')
    })

    test('a transactional id that nobody has', async () => {
      const id = bench.fresh('tx')
      expect(await bench.admin.listTransactions({ idPattern: id })).toEqual([])
      await refuses(bench.admin.describeTransaction(id), 'TRANSACTIONAL_ID_NOT_FOUND')
      expect(await bench.admin.describeTransactions([id])).toMatchObject([
        { code: 'TRANSACTIONAL_ID_NOT_FOUND' },
      ])
    })

    test('a share group and a streams group that nobody knows', async () => {
      await refuses(bench.admin.describeShareGroup(bench.fresh('s')), NO_GROUP)
      await refuses(bench.admin.describeStreamsGroup(bench.fresh('s')), NO_GROUP)
      await refuses(bench.admin.deleteStreamsGroup(bench.fresh('s')), NO_GROUP)
    })

    test('without an authorizer nothing is known of ACLs', async () => {
      const filter = {
        pattern: { resourceType: 'ANY', name: undefined, patternType: 'ANY' },
        entry: undefined,
      } as const
      await refuses(bench.admin.describeAcls(filter), 'SECURITY_DISABLED')
      await refuses(bench.admin.deleteAcls([filter]), 'SECURITY_DISABLED')
    })

    test('who did not authenticate gets no delegation token', async () => {
      const token = { owner: undefined, renewers: [], maxLifetimeMs: -1 }
      await expect(bench.admin.createDelegationToken(token)).rejects.toThrow(/token/i)
    })
  })
}
