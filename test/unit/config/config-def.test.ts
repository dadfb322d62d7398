import { describe, expect, test } from 'vitest'
import {
  brokerConfigDef,
  brokerConfigSynonyms,
  isSensitive,
  validateBrokerConfigs,
} from '../../../src/config/broker-configs.ts'
import { validateClientMetricsConfigs } from '../../../src/config/client-metrics-configs.ts'
import { IP_QUOTAS, USER_CLIENT_QUOTAS, validateQuota } from '../../../src/config/client-quota-configs.ts'
import { describedValue } from '../../../src/config/config-def.ts'
import { validateGroupConfigs } from '../../../src/config/group-configs.ts'
import {
  TOPIC_CONFIG_SYNONYMS,
  topicConfigDef,
  validateTopicConfigs,
} from '../../../src/config/topic-configs.ts'
import { javaDouble } from '../../../src/java/java-number.ts'

const topic = (configs: Record<string, string>, existing: Record<string, string> = {}, remote = false) =>
  validateTopicConfigs(new Map(Object.entries(configs)), new Map(Object.entries(existing)), new Map(), remote)

describe('topic settings', () => {
  test('every default is right by its own rule', () => {
    for (const key of topicConfigDef().keys()) {
      expect(() => topicConfigDef().parse(key.name, key.default ?? '')).not.toThrow()
    }
    expect(topicConfigDef().keys()).toHaveLength(37)
  })

  test("what is wrong is said in Kafka's words", () => {
    const cases: [string, string, string][] = [
      [
        'segment.bytes',
        '5',
        'Invalid value 5 for configuration segment.bytes: Value must be at least 1048576',
      ],
      ['retention.ms', 'abc', 'Invalid value abc for configuration retention.ms: Not a number of type LONG'],
      ['retention.ms', '9223372036854775808', 'Not a number of type LONG'],
      ['segment.bytes', '2147483648', 'Not a number of type INT'],
      [
        'min.cleanable.dirty.ratio',
        '2',
        'Invalid value 2.0 for configuration min.cleanable.dirty.ratio: Value must be no more than 1',
      ],
      ['preallocate', 'yes', 'Expected value to be either true or false'],
      [
        'cleanup.policy',
        'shrink',
        'Invalid value shrink for configuration cleanup.policy: String must be one of: compact, delete',
      ],
      ['cleanup.policy', 'delete,,compact', "Configuration 'cleanup.policy' values must not be empty."],
      ['cleanup.policy', 'delete,delete', "Configuration 'cleanup.policy' values must not be duplicated."],
      ['compression.gzip.level', '0', 'Value must be between 1 and 9 or equal to -1'],
      [
        'leader.replication.throttled.replicas',
        '5',
        "Invalid value [5] for configuration leader.replication.throttled.replicas: leader.replication.throttled.replicas must be the literal '*' or",
      ],
      ['no.such', '5', 'Unknown topic config name: no.such'],
      ['message.format.version', '2.0', 'Unknown topic config name: message.format.version'],
    ]
    for (const [name, value, message] of cases) expect(() => topic({ [name]: value })).toThrow(message)
  })

  test('values that look odd and are right', () => {
    const odd: Record<string, string>[] = [
      { 'cleanup.policy': '' },
      { 'retention.ms': ' 500 ' },
      { 'retention.ms': '+5' },
      { 'retention.ms': '9223372036854775807' },
      { 'min.cleanable.dirty.ratio': '.7' },
      { preallocate: 'TRUE' },
      { 'leader.replication.throttled.replicas': '*' },
      { 'local.retention.bytes': '5', 'retention.bytes': '1' },
    ]
    for (const configs of odd) expect(() => topic(configs)).not.toThrow()
  })

  test('settings are checked against each other', () => {
    expect(() => topic({ 'min.compaction.lag.ms': '10', 'max.compaction.lag.ms': '5' })).toThrow(
      'conflict topic config setting min.compaction.lag.ms (10) > max.compaction.lag.ms (5)',
    )
    expect(() => topic({ 'remote.storage.enable': 'true' })).toThrow(
      'Tiered Storage functionality is disabled',
    )
    const tiered = { 'remote.storage.enable': 'true' }
    expect(() => topic(tiered, {}, true)).not.toThrow()
    expect(() => topic({ ...tiered, 'cleanup.policy': 'compact' }, {}, true)).toThrow(
      'only supports topics with',
    )
    expect(() => topic({ ...tiered, 'retention.ms': '5', 'local.retention.ms': '6' }, {}, true)).toThrow(
      'Value must not be more than retention.ms property value: 5',
    )
    expect(() => topic({}, tiered, true)).toThrow('It is invalid to disable remote storage')
  })

  test('each broker synonym is a broker setting', () => {
    for (const synonyms of Object.values(TOPIC_CONFIG_SYNONYMS)) {
      for (const { name } of synonyms) expect(brokerConfigDef().get(name), name).toBeDefined()
    }
  })
})

describe('broker settings', () => {
  test('every default is right by its own rule', () => {
    for (const { name, default: value } of brokerConfigDef().keys()) {
      if (value === null || value === undefined) continue
      expect(() => brokerConfigDef().parse(name, value), name).not.toThrow()
    }
  })

  test('only dynamic ones can be set, some only for one broker, passwords only by listener', () => {
    const set = (name: string, value: string, perBroker: boolean) => () =>
      validateBrokerConfigs(new Map([[name, value]]), perBroker)
    expect(set('log.retention.hours', '5', false)).toThrow(
      'Cannot update these configs dynamically: [log.retention.hours]',
    )
    expect(set('cordoned.log.dirs', '/x', false)).toThrow('broker id must be specified: [cordoned.log.dirs]')
    expect(set('cordoned.log.dirs', '/x', true)).not.toThrow()
    expect(set('ssl.keystore.password', 'x', true)).toThrow('only per-listener')
    expect(set('log.cleaner.threads', '-1', false)).toThrow('Value must be at least 0')
    expect(set('log.cleaner.threads', '2', false)).not.toThrow()
    expect(set('no.such.setting', 'x', false)).not.toThrow()
  })

  test('one setting in several units, and what must never be shown', () => {
    expect(brokerConfigSynonyms('log.retention.hours')).toEqual([
      'log.retention.ms',
      'log.retention.minutes',
      'log.retention.hours',
    ])
    expect(brokerConfigSynonyms('log.flush.scheduler.interval.ms')).toEqual([
      'log.flush.scheduler.interval.ms',
    ])
    expect(isSensitive('ssl.key.password')).toBe(true)
    expect(isSensitive('no.such.setting')).toBe(true)
    expect(isSensitive('num.partitions')).toBe(false)
  })
})

describe('other settings', () => {
  const broker = (name: string) => brokerConfigDef().get(name)?.default ?? null
  const group = (name: string, value: string) => () => validateGroupConfigs(new Map([[name, value]]), broker)

  test("a group's settings stay within the broker's bounds", () => {
    expect(group('consumer.session.timeout.ms', '50000')).not.toThrow()
    expect(group('consumer.session.timeout.ms', '1')).toThrow(
      'consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.',
    )
    expect(group('streams.num.standby.replicas', '3')).toThrow(
      'streams.num.standby.replicas must be less than or equal to 2',
    )
    expect(group('share.auto.offset.reset', 'by_duration:P1DT2H')).not.toThrow()
    for (const wrong of ['by_duration:-P1D', 'by_duration:P', 'by_duration:PT', 'LATEST']) {
      expect(group('share.auto.offset.reset', wrong), wrong).toThrow('The value must be either')
    }
    expect(group('no.such', '1')).toThrow('Unknown group config name: no.such')
  })

  test('client metrics: interval and match', () => {
    const metrics = (name: string, value: string) => () =>
      validateClientMetricsConfigs(new Map([[name, value]]))
    expect(metrics('interval.ms', '5')).toThrow('interval must be between 100 and 3600000 (1 hour)')
    expect(metrics('match', 'client_id=a.*,client_software_name=b')).not.toThrow()
    expect(metrics('match', 'planet=a')).toThrow('Illegal client matching pattern: planet=a')
    expect(metrics('x', 'y')).toThrow('Unknown client metrics configuration: x')
  })

  test('quotas', () => {
    expect(() => validateQuota('consumer_byte_rate', 5.7, USER_CLIENT_QUOTAS)).toThrow(
      'cannot be a fractional value',
    )
    expect(() => validateQuota('request_percentage', 5.7, USER_CLIENT_QUOTAS)).not.toThrow()
    expect(() => validateQuota('consumer_byte_rate', 0, USER_CLIENT_QUOTAS)).toThrow('must be greater than 0')
    expect(() => validateQuota('consumer_byte_rate', 1e20, USER_CLIENT_QUOTAS)).toThrow(
      'too large for a LONG',
    )
    expect(() => validateQuota('consumer_byte_rate', 1, IP_QUOTAS)).toThrow('Invalid configuration key')
    expect(() => validateQuota('consumer_byte_rate', null, USER_CLIENT_QUOTAS)).not.toThrow()
  })

  test("values as Java's toString writes them", () => {
    expect([1024, 0.5, 5.7, 1e7, 2 ** 63, 1e-4, 0].map(javaDouble)).toEqual([
      '1024.0',
      '0.5',
      '5.7',
      '1.0E7',
      '9.223372036854776E18',
      '1.0E-4',
      '0.0',
    ])
    const key = (name: string) => topicConfigDef().get(name)!
    expect(describedValue(key('min.cleanable.dirty.ratio'), '.7')).toBe('0.7')
    expect(describedValue(key('retention.ms'), '+5')).toBe('5')
    expect(describedValue(key('segment.bytes'), 'nonsense')).toBe('nonsense')
  })
})
