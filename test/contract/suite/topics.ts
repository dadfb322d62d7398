import { describe, expect, test } from 'vitest'
import { type Bench, refuses } from './side.ts'

/** What TopicAdmin promises. */
export function topicContract(bench: Bench): void {
  describe('topics', () => {
    test('a topic that is made is described: its name, id, and each partition with its leader', async () => {
      const name = bench.fresh()
      const made = await bench.admin.createTopic({ name, partitions: 2, replicationFactor: 1 })
      expect(made).toMatchObject({ name, internal: false, partitions: [{ partition: 0 }, { partition: 1 }] })
      expect(made.topicId).toMatch(/^[\w-]{22}$/)
      for (const { leader, replicas, isr } of made.partitions)
        expect({ replicas, isr }).toEqual({ replicas: [leader], isr: [leader] })
      expect(await bench.admin.describeTopics([name])).toEqual([made])
      expect(await bench.admin.describeTopicIds([made.topicId])).toEqual([made])
    })

    test('without a count it has the broker’s num.partitions', async () => {
      expect((await bench.admin.createTopic({ name: bench.fresh() })).partitions).toHaveLength(1)
    })

    test('lists are sorted by name and have what was just made; topicNames finds one alone', async () => {
      const [b, a] = [bench.fresh('z-b'), bench.fresh('z-a')]
      await bench.admin.createTopic({ name: b })
      const { topicId } = await bench.admin.createTopic({ name: a })
      const listed = await bench.admin.listTopics()
      expect(listed.map(({ name }) => name)).toEqual(listed.map(({ name }) => name).sort())
      expect(listed).toContainEqual({ name: a, topicId, internal: false })
      expect(await bench.admin.topicNames()).toEqual(listed.map(({ name }) => name))
      expect(await bench.admin.topicNames(b)).toEqual([b])
      expect(await bench.admin.topicNames(bench.fresh('no'))).toEqual([])
    })

    test('nothing asked is nothing answered', async () => {
      expect(await bench.admin.describeTopics([])).toEqual([])
      expect(await bench.admin.describeTopicIds([])).toEqual([])
    })

    test('several are described in the order asked; one that is not there refuses the whole', async () => {
      const [a, b] = [await bench.topic(), await bench.topic()]
      const described = await bench.admin.describeTopics([b, a])
      expect(described.map(({ name }) => name)).toEqual([b, a])
      await refuses(bench.admin.describeTopics([a, bench.fresh('no')]), 'UNKNOWN_TOPIC_OR_PARTITION')
      await refuses(bench.admin.describeTopicIds(['AAAAAAAAAAAAAAAAAAAAAQ']), 'UNKNOWN_TOPIC_ID')
    })

    test('a name that is taken', async () => {
      const name = await bench.topic()
      await refuses(
        bench.admin.createTopic({ name }),
        'TOPIC_ALREADY_EXISTS',
        `Topic '${name}' already exists.`,
      )
    })

    test.each([
      [
        'partitions: 0',
        { partitions: 0 },
        'INVALID_PARTITIONS',
        /^Number of partitions was set to an invalid non-positive value\.$/,
      ],
      [
        'replicationFactor: 0',
        { replicationFactor: 0 },
        'INVALID_REPLICATION_FACTOR',
        /^Replication factor must be larger than 0/,
      ],
      [
        'more replicas than brokers',
        { replicationFactor: 9 },
        'INVALID_REPLICATION_FACTOR',
        /^Unable to replicate the partition 9 time\(s\)/,
      ],
      ['a setting that nobody knows', { configs: { 'no.such': '1' } }, 'INVALID_CONFIG', /no\.such/],
      [
        'a value that is none',
        { configs: { 'retention.ms': 'x' } },
        'INVALID_CONFIG',
        /^Invalid value x for configuration retention\.ms: Not a number of type LONG$/,
      ],
      [
        'a broker that is not there',
        { replicaAssignment: new Map([[0, [99]]]) },
        'INVALID_REPLICA_ASSIGNMENT',
        /99/,
      ],
      ['a broker twice', { replicaAssignment: new Map([[0, [1, 1]]]) }, 'INVALID_REPLICA_ASSIGNMENT', /1/],
      [
        'an assignment that leaves out a partition',
        { replicaAssignment: new Map([[1, [1]]]) },
        'INVALID_REPLICA_ASSIGNMENT',
        /^partitions should be a consecutive 0-based integer sequence\.?$/i,
      ],
    ])('%s is refused, and no topic is there', async (_what, more, code, message) => {
      const name = bench.fresh()
      await refuses(bench.admin.createTopic({ name, ...more }), code, message)
      expect(await bench.admin.topicNames(name)).toEqual([])
    })

    test.each([
      ['.', /'\.'/],
      ['..', /'\.\.'/],
      ['a b', /'a b'|a b/],
      ['x'.repeat(250), /249/],
    ])('the name %s is none', async (name, message) => {
      await refuses(bench.admin.createTopic({ name }), 'INVALID_TOPIC_EXCEPTION', message)
    })

    test('names that are one in metrics collide', async () => {
      const stem = bench.fresh('c')
      await bench.admin.createTopic({ name: `${stem}.x` })
      await refuses(
        bench.admin.createTopic({ name: `${stem}_x` }),
        'INVALID_TOPIC_EXCEPTION',
        `Topic '${stem}_x' collides with existing topic: ${stem}.x`,
      )
    })

    test('replicas by hand and settings are what the topic has', async () => {
      const name = bench.fresh()
      const { brokers } = await bench.admin.describeCluster()
      const [{ id }] = brokers
      const made = await bench.admin.createTopic({
        name,
        replicaAssignment: new Map([
          [0, [id]],
          [1, [id]],
        ]),
        configs: { 'retention.ms': '1000' },
      })
      expect(made.partitions.map(({ replicas }) => replicas)).toEqual([[id], [id]])
      const configs = await bench.admin.describeConfigs({ type: 'topic', name })
      expect(configs.find((entry) => entry.name === 'retention.ms')).toMatchObject({
        value: '1000',
        source: 'DYNAMIC_TOPIC_CONFIG',
      })
    })

    test('partitions are added, never taken away', async () => {
      const name = await bench.topic(2)
      await bench.admin.createPartitions(name, 4)
      const numbers = async () =>
        (await bench.admin.describeTopics([name]))[0].partitions.map(({ partition }) => partition)
      // A cluster's brokers hear of it one after the other.
      await expect.poll(numbers).toEqual([0, 1, 2, 3])
      await refuses(bench.admin.createPartitions(name, 4), 'INVALID_PARTITIONS', /already has 4 partition/)
      await refuses(bench.admin.createPartitions(name, 1), 'INVALID_PARTITIONS', /would not be an increase/)
      await refuses(bench.admin.createPartitions(bench.fresh('no'), 2), 'UNKNOWN_TOPIC_OR_PARTITION')
      await refuses(bench.admin.createPartitions(name, 6, [[1]]), 'INVALID_REPLICA_ASSIGNMENT')
    })

    test('a topic that is deleted is gone with its records, and one of its name has another id', async () => {
      const name = await bench.topic()
      const [{ topicId }] = await bench.admin.describeTopics([name])
      await bench.sent([{ topic: name, value: 'old' }])
      await bench.admin.deleteTopic(name)
      await expect.poll(() => bench.admin.topicNames(name)).toEqual([])
      await refuses(bench.admin.deleteTopic(name), 'UNKNOWN_TOPIC_OR_PARTITION')
      await refuses(bench.admin.describeTopicIds([topicId]), 'UNKNOWN_TOPIC_ID')
      const again = await bench.admin.createTopic({ name })
      expect(again.topicId).not.toBe(topicId)
      expect(await bench.all(name)).toEqual([])
    })

    test('what is no such argument rejects with a TypeError that names it', async () => {
      await expect(bench.admin.createTopic({ name: 5 as never })).rejects.toThrow(TypeError)
      await expect(bench.admin.deleteTopic('')).rejects.toThrow(/deleteTopic: name/)
      await expect(bench.admin.describeTopics('t' as never)).rejects.toThrow(/names/)
      await expect(bench.admin.createPartitions('t', 1.5)).rejects.toThrow(/totalCount/)
    })

    test('a closed Admin answers nothing more', async () => {
      const admin = await bench.kafka.admin()
      await admin.close()
      await expect(admin.listTopics()).rejects.toThrow('Cannot accept new call when AdminClient is closing.')
      await admin.close()
    })
  })
}
