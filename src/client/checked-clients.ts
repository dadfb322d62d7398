/**
 * Admin, Producer and Consumer as the public API gives them to programs: every argument is checked first (argument-types.ts),
 * and a method that returns a promise rejects in place of throwing. Our own tools use the unchecked clients.
 */

import { TerseError } from '../errors.ts'
import type { Admin } from './admin/admin.ts'
import {
  anything,
  bytes,
  type Check,
  callback,
  config,
  count,
  flag,
  key,
  list,
  mapOf,
  milliseconds,
  nameOf,
  oneOf,
  optional,
  shape,
  text,
  timestamp,
  value,
  whole,
  wrong,
} from './argument-types.ts'
import type { Consumer } from './consumer.ts'
import { OFFSET_SPECS } from './offset-specs.ts'
import type { Producer, ProducerRecord } from './producer.ts'

/** By method: the names and checks of its arguments, in order. */
type Methods = Readonly<Record<string, Readonly<Record<string, Check>>>>

const partition = shape({ topic: nameOf, partition: count })
const partitions = list(partition, 'an array of { topic, partition }')
const offset = shape({
  offset: count,
  leaderEpoch: optional(whole),
  metadata: optional(text),
})
const names = list(nameOf, 'an array of names')
const groupOffsets = list(shape({ partition, offset }), 'an array of { partition, offset }')
const resource = shape({
  type: oneOf('topic', 'broker', 'broker-logger', 'group', 'client-metrics'),
  name: text,
})

const isolation = optional(oneOf('read_uncommitted', 'read_committed'))
const offsetSpec: Check = (given, name) => {
  if (!Number.isSafeInteger(given) && typeof given !== 'bigint') oneOf(...OFFSET_SPECS)(given, name)
}

const PRODUCER: Methods = {
  send: {
    record: shape({
      topic: nameOf,
      partition: optional(count),
      key: optional(key),
      value,
      headers: optional(list(shape({ key: text, value: bytes }), 'an array of { key, value }')),
      timestamp: optional(timestamp),
    }),
  },
  openTopic: { topic: nameOf },
  partitionsFor: { topic: nameOf },
  sendOffsetsToTransaction: {
    offsets: list(
      shape({
        topic: nameOf,
        partition: count,
        offset: count,
        leaderEpoch: optional(whole),
        metadata: optional(text),
      }),
      'an array of { topic, partition, offset }',
    ),
    group: shape({ groupId: text }),
  },
}

const CONSUMER: Methods = {
  subscribe: {
    topics: (given, name) => {
      if (!(given instanceof RegExp)) list(nameOf, 'an array of names or a RegExp')(given, name)
    },
  },
  assign: { partitions },
  seek: { partition, offset: count },
  seekToBeginning: { partitions: optional(partitions) },
  seekToEnd: { partitions: optional(partitions) },
  position: { partition },
  poll: { timeoutMs: milliseconds },
  visit: { visitor: shape({ batch: callback, record: callback }), timeoutMs: milliseconds },
  commit: { offsets: optional(mapOf(partition, offset)) },
  committed: { partitions },
  close: { options: optional(shape({ processed: optional(flag) })) },
}

const SCRAM = oneOf('SCRAM-SHA-256', 'SCRAM-SHA-512')

/** Each method has a row ({} where it takes nothing): one without does not compile. */
const ADMIN: Readonly<Record<Exclude<keyof Admin, 'close'>, Methods[string]>> = {
  createTopic: {
    topic: shape({
      name: nameOf,
      partitions: optional(whole),
      replicationFactor: optional(whole),
      replicaAssignment: optional(mapOf(count, list(count))),
      configs: optional(config),
    }),
  },
  topicNames: { only: optional(text) },
  describeTopics: { names },
  describeTopicIds: { ids: names },
  createPartitions: { topic: nameOf, totalCount: whole, assignments: optional(list(list(count))) },
  deleteTopic: { name: nameOf },
  describeConfigs: { resource },
  describeConfigsOf: { resources: list(resource) },
  listConfigResources: { type: text },
  incrementalAlterConfigs: {
    resource,
    alterations: list(shape({ name: nameOf, operation: oneOf('set', 'delete'), value: optional(text) })),
  },
  listOffset: { partition, spec: offsetSpec, isolation },
  listOffsets: { partitions, spec: offsetSpec, isolation, done: optional(callback) },
  deleteRecords: { partition, beforeOffset: whole },
  deleteRecordsOf: { partitions: list(shape({ topic: nameOf, partition: count, beforeOffset: whole })) },
  describeUserScramCredentials: { users: optional(names) },
  describeConsumerGroup: { groupId: text },
  describeConsumerGroups: { groupIds: list(text) },
  listConsumerGroupOffsets: { groupId: text },
  alterConsumerGroupOffsets: { groupId: text, offsets: groupOffsets },
  deleteConsumerGroup: { groupId: text },
  deleteConsumerGroupOffsets: { groupId: text, partitions },
  describeAcls: { filter: shape({}) },
  createAcls: { acls: list(shape({})) },
  deleteAcls: { filters: list(shape({})) },
  updateFeatures: { updates: list(shape({ feature: nameOf, level: count })), validateOnly: optional(flag) },
  unregisterBroker: { id: count },
  describeShareGroup: { groupId: text },
  listShareGroupOffsets: { groupId: text },
  describeStreamsGroup: { groupId: text },
  deleteStreamsGroup: { groupId: text },
  describeTransaction: { transactionalId: text },
  describeProducers: { partition, broker: optional(count) },
  forceTerminateTransaction: { transactionalId: text },
  abortDeadTransactions: { options: shape({ dryRun: flag }) },
  clean: {
    options: optional(
      shape({ topics: optional(callback), now: optional(flag), maxTimeMs: optional(milliseconds) }),
    ),
  },
  explainCleaning: { topic: nameOf, failed: optional(callback) },
  check: { options: shape({ topics: optional(callback), found: callback, progress: optional(callback) }) },
  repair: { options: shape({ dryRun: flag, done: callback, left: callback, progress: optional(callback) }) },
  listTopics: {},
  describeClientQuotas: {},
  alterUserScramCredentials: {
    user: text,
    upsertions: list(shape({ mechanism: SCRAM, iterations: count, password: text })),
    deletions: list(SCRAM),
  },
  listGroups: {},
  describeCluster: { options: optional(shape({ includeFenced: optional(flag) })) },
  describeFeatures: { node: optional(count) },
  describeLogDirs: { brokers: optional(list(count)) },
  clusterId: {},
  describeMetadataQuorum: {},
  featuresEpoch: {},
  describeApiVersions: {},
  unregisterController: { id: count },
  addRaftVoter: {
    id: count,
    directoryId: text,
    endpoints: list(shape({ name: text, host: text, port: count })),
  },
  removeRaftVoter: { id: count, directoryId: text },
  electLeaders: { type: oneOf('PREFERRED', 'UNCLEAN'), partitions: optional(partitions) },
  listPartitionReassignments: {},
  alterPartitionReassignments: {
    changes: list(shape({ topic: nameOf, partition: count })),
    allowReplicationFactorChange: optional(flag),
  },
  alterReplicaLogDirs: {
    moves: list(shape({ topic: nameOf, partition: count, broker: count, logDir: text })),
  },
  readReplicas: {
    broker: count,
    positions: list(shape({ topic: nameOf, partition: count, offset: count })),
    options: shape({ partitionMaxBytes: count, maxWaitMs: milliseconds }),
  },
  alterShareGroupOffsets: {
    groupId: text,
    offsets: list(shape({ topic: nameOf, partition: count, offset: count })),
  },
  deleteShareGroupOffsets: { groupId: text, topics: names },
  deleteShareGroup: { groupId: text },
  describeDelegationTokens: { owners: optional(list(text)) },
  createDelegationToken: {
    token: shape({ owner: optional(text), renewers: list(text), maxLifetimeMs: whole }),
  },
  renewDelegationToken: { hmac: text, periodMs: whole },
  expireDelegationToken: { hmac: text, periodMs: whole },
  listTransactions: {
    filter: optional(
      shape({ longerThanMs: optional(whole), idPattern: optional(text), producerIds: optional(list(whole)) }),
    ),
  },
  describeTransactions: { ids: list(text) },
  describeProducersOf: { partitions, broker: optional(count) },
  abortTransaction: {
    spec: shape({ partition, producerId: whole, producerEpoch: whole, coordinatorEpoch: whole }),
  },
  alterClientQuotas: {
    entity: list(shape({ type: oneOf('user', 'client-id', 'ip') })),
    values: mapOf(text, anything),
  },
}

/** Methods that answer at once: theirs is thrown, not a promise that rejects. */
const AT_ONCE = new Set(['seek', 'seekToBeginning', 'seekToEnd', 'position', 'clean'])

/** Kafka's words for a call on a client that was closed. */
const CLOSED: Readonly<Record<string, string>> = {
  admin: 'Cannot accept new call when AdminClient is closing.',
  consumer: 'This consumer has already been closed.',
  producer: 'Cannot perform operation after producer has been closed',
}

/** What a closed client may be asked all the same: there is nothing left to do, or to hold. */
const HARMLESS = new Set(['close', 'flush', 'assignment'])

export function checkedAdmin(admin: Admin): Admin {
  return checked('admin', admin, ADMIN)
}

export function checkedConsumer(consumer: Consumer): Consumer {
  return checked('consumer', consumer, CONSUMER)
}

export function checkedProducer(producer: Producer): Producer {
  return checked('producer', producer, PRODUCER, {
    send: ([record]) => [withBuffers(record as ProducerRecord)],
  })
}

type Arguments = readonly unknown[]

function checked<T extends object>(
  client: string,
  target: T,
  methods: Methods,
  prepare: Readonly<Record<string, (given: Arguments) => Arguments>> = {},
): T {
  const made = new Map<string | symbol, unknown>()
  let closed = false
  return new Proxy(target, {
    get(_, name) {
      const known = made.get(name)
      if (known !== undefined) return known
      const found: unknown = Reflect.get(target, name, target)
      if (typeof found !== 'function') return found
      const checks = typeof name === 'string' ? Object.entries(methods[name] ?? {}) : []
      const call = (...given: unknown[]): unknown => {
        try {
          checks.forEach(([argument, check], i) => {
            check(given[i], `${client}.${String(name)}: ${argument}`)
          })
          if (closed && typeof name === 'string' && !HARMLESS.has(name)) throw new TerseError(CLOSED[client])
        } catch (error) {
          if (AT_ONCE.has(String(name))) throw error
          return Promise.reject(error)
        }
        const answer: unknown = found.apply(target, prepare[String(name)]?.(given) ?? given)
        if (name !== 'close') return answer
        // Not before: a listener may commit while its consumer is closing.
        return Promise.resolve(answer).finally(() => {
          closed = true
        })
      }
      made.set(name, call)
      return call
    },
  })
}

/** Bytes of any typed array of bytes, without a copy. */
function withBuffers(record: ProducerRecord): ProducerRecord {
  const plain = (bytes: unknown) => bytes instanceof Uint8Array && !Buffer.isBuffer(bytes)
  if (!plain(record.key) && !plain(record.value)) return record
  const buffer = <B>(given: B): B | Buffer =>
    given instanceof Uint8Array ? Buffer.from(given.buffer, given.byteOffset, given.byteLength) : given
  return { ...record, key: buffer(record.key), value: buffer(record.value) }
}

/** @throws TypeError for options that are none of a consumer's */
export function checkConsumerOptions(options: unknown): void {
  shape({
    groupId: optional(text),
    isolationLevel: optional(oneOf('read_uncommitted', 'read_committed')),
    signal: optional((given, name) => {
      if (!(given instanceof AbortSignal)) throw wrong(name, 'an AbortSignal', given)
    }),
    untilEnd: optional(flag),
    skipCorrupt: optional(flag),
    onCorrupt: optional(callback),
    onAssigned: optional(callback),
    onRevoked: optional(callback),
  })(options, 'consumer: options')
}

/** @throws TypeError for options of openLocal that are none */
export function checkOpening(options: unknown): void {
  shape({ warn: optional(callback) })(options, 'openLocal: options')
}

/** @throws TypeError for a path that is none */
export function checkPath(path: unknown): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw wrong('openLocal: path', 'a path to a data directory', path)
}
