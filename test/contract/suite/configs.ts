import { describe, expect, test } from 'vitest'
import { type Bench, refuses } from './side.ts'

/** What ConfigAdmin promises. */
export function configContract(bench: Bench): void {
  describe('settings', () => {
    const topicOf = (name: string) => ({ type: 'topic', name }) as const
    const value = async (name: string, setting: string) =>
      (await bench.admin.describeConfigs(topicOf(name))).find((entry) => entry.name === setting)

    test('a topic has every setting, defaults included', async () => {
      const name = await bench.topic(1, { 'max.message.bytes': '2000' })
      const entries = await bench.admin.describeConfigs(topicOf(name))
      expect(entries.length).toBeGreaterThan(30)
      expect(entries.find((entry) => entry.name === 'max.message.bytes')).toMatchObject({
        value: '2000',
        source: 'DYNAMIC_TOPIC_CONFIG',
        sensitive: false,
        readOnly: false,
        synonyms: expect.arrayContaining([
          { name: 'max.message.bytes', value: '2000', source: 'DYNAMIC_TOPIC_CONFIG' },
          { name: 'message.max.bytes', value: '1048588', source: 'DEFAULT_CONFIG' },
        ]),
      })
      expect(entries.find((entry) => entry.name === 'cleanup.policy')).toMatchObject({
        value: 'delete',
        source: 'DEFAULT_CONFIG',
      })
    })

    test('several at once come in the order asked', async () => {
      const [a, b] = [
        await bench.topic(1, { 'retention.ms': '1' }),
        await bench.topic(1, { 'retention.ms': '2' }),
      ]
      const both = await bench.admin.describeConfigsOf([topicOf(b), topicOf(a)])
      const found = both.map((entries) => entries.find(({ name }) => name === 'retention.ms')?.value)
      expect(found).toEqual(['2', '1'])
    })

    test('a topic that is not there has none', async () => {
      const name = bench.fresh('no')
      await refuses(bench.admin.describeConfigs(topicOf(name)), 'UNKNOWN_TOPIC_OR_PARTITION')
      const alterations = [{ name: 'retention.ms', operation: 'set', value: '1' }] as const
      await refuses(
        bench.admin.incrementalAlterConfigs(topicOf(name), alterations),
        'UNKNOWN_TOPIC_OR_PARTITION',
      )
    })

    test('what is set is set, what is deleted falls back, the rest stays', async () => {
      const name = await bench.topic(1, { 'retention.ms': '1', 'segment.bytes': '1048576' })
      await bench.admin.incrementalAlterConfigs(topicOf(name), [
        { name: 'retention.ms', operation: 'delete' },
        { name: 'cleanup.policy', operation: 'set', value: 'compact,delete' },
      ])
      await expect
        .poll(() => value(name, 'retention.ms'))
        .toMatchObject({ value: '604800000', source: 'DEFAULT_CONFIG' })
      expect(await value(name, 'cleanup.policy')).toMatchObject({ value: 'compact,delete' })
      expect(await value(name, 'segment.bytes')).toMatchObject({ value: '1048576' })
    })

    test('one wrong alteration keeps all of them from being stored', async () => {
      const name = await bench.topic()
      await refuses(
        bench.admin.incrementalAlterConfigs(topicOf(name), [
          { name: 'retention.ms', operation: 'set', value: '5' },
          { name: 'cleanup.policy', operation: 'set', value: 'nonsense' },
        ]),
        'INVALID_CONFIG',
        /^Invalid value nonsense for configuration cleanup\.policy/,
      )
      expect(await value(name, 'retention.ms')).toMatchObject({ source: 'DEFAULT_CONFIG' })
      await refuses(
        bench.admin.incrementalAlterConfigs(topicOf(name), [
          { name: 'no.such', operation: 'set', value: '5' },
        ]),
        'INVALID_CONFIG',
        /no\.such/,
      )
    })

    test('a setting of all brokers is under the empty name, and is a topic’s where it has none of its own', async () => {
      const all = { type: 'broker', name: '' } as const
      const name = await bench.topic()
      await bench.admin.incrementalAlterConfigs(all, [
        { name: 'log.retention.ms', operation: 'set', value: '123456' },
      ])
      try {
        const ofAll = async () =>
          (await bench.admin.describeConfigs(all)).find((entry) => entry.name === 'log.retention.ms')
        await expect.poll(ofAll).toMatchObject({ value: '123456', source: 'DYNAMIC_DEFAULT_BROKER_CONFIG' })
        await expect
          .poll(() => value(name, 'retention.ms'))
          .toMatchObject({ value: '123456', source: 'DYNAMIC_DEFAULT_BROKER_CONFIG' })
      } finally {
        await bench.admin.incrementalAlterConfigs(all, [{ name: 'log.retention.ms', operation: 'delete' }])
      }
      await expect.poll(() => value(name, 'retention.ms')).toMatchObject({ source: 'DEFAULT_CONFIG' })
    })

    test('settings of groups and of client metrics are listed where they are set', async () => {
      const group = bench.fresh('g')
      const metrics = bench.fresh('m')
      await bench.admin.incrementalAlterConfigs({ type: 'group', name: group }, [
        { name: 'consumer.session.timeout.ms', operation: 'set', value: '46000' },
      ])
      await bench.admin.incrementalAlterConfigs({ type: 'client-metrics', name: metrics }, [
        { name: 'interval.ms', operation: 'set', value: '10000' },
      ])
      await expect.poll(() => bench.admin.listConfigResources('group')).toContain(group)
      await expect.poll(() => bench.admin.listConfigResources('client-metrics')).toContain(metrics)
      const entries = await bench.admin.describeConfigs({ type: 'group', name: group })
      expect(entries.find(({ name }) => name === 'consumer.session.timeout.ms')).toMatchObject({
        value: '46000',
        source: 'DYNAMIC_GROUP_CONFIG',
      })
    })

    test('quotas are set, changed and taken away', async () => {
      const user = bench.fresh('u')
      const entity = [{ type: 'user', name: user }] as const
      const quotas = async () =>
        (await bench.admin.describeClientQuotas())
          .filter((one) => one.entity.some((part) => part.name === user))
          .map(({ values }) => [...values])
      await bench.admin.alterClientQuotas(
        entity,
        new Map([
          ['producer_byte_rate', 1024],
          ['consumer_byte_rate', 2048],
        ]),
      )
      await expect.poll(async () => (await quotas())[0]?.length).toBe(2)
      await bench.admin.alterClientQuotas(entity, new Map([['consumer_byte_rate', null]]))
      await expect.poll(quotas).toEqual([[['producer_byte_rate', 1024]]])
      await bench.admin.alterClientQuotas(entity, new Map([['producer_byte_rate', null]]))
      await expect.poll(quotas).toEqual([])
    })

    test('SCRAM credentials are told without their secrets', async () => {
      const user = bench.fresh('u')
      const upsertion = { mechanism: 'SCRAM-SHA-256', iterations: 4096, password: 'secret' } as const
      await bench.admin.alterUserScramCredentials(user, [upsertion], [])
      await expect
        .poll(async () => (await bench.admin.describeUserScramCredentials([user])).get(user))
        .toEqual([{ mechanism: 'SCRAM-SHA-256', iterations: 4096 }])
      await bench.admin.alterUserScramCredentials(user, [], ['SCRAM-SHA-256'])
      await expect.poll(async () => (await bench.admin.describeUserScramCredentials()).has(user)).toBe(false)
      const other = { ...upsertion, mechanism: 'SCRAM-SHA-512' } as const
      const few = { ...upsertion, iterations: 1 }
      await refuses(bench.admin.alterUserScramCredentials(user, [few], []), 'UNACCEPTABLE_CREDENTIAL')
      await refuses(
        bench.admin.alterUserScramCredentials('', [upsertion], []),
        'UNACCEPTABLE_CREDENTIAL',
        'Username must not be empty',
      )
      await refuses(
        bench.admin.alterUserScramCredentials(user, [upsertion, other], []),
        'DUPLICATE_RESOURCE',
        'A user credential cannot be altered twice in the same request',
      )
      await refuses(bench.admin.alterUserScramCredentials(user, [], ['SCRAM-SHA-512']), 'RESOURCE_NOT_FOUND')
    })

    test('what is no such argument rejects with a TypeError', async () => {
      await expect(bench.admin.describeConfigs({ type: 'nothing' as never, name: 'a' })).rejects.toThrow(
        TypeError,
      )
      const set = [{ name: 'a', operation: 'append' as never, value: '1' }]
      await expect(bench.admin.incrementalAlterConfigs({ type: 'topic', name: 'a' }, set)).rejects.toThrow(
        TypeError,
      )
    })
  })
}
