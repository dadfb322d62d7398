/**
 * The public API for Node programs: Kafka's Admin, Producer and Consumer on a data directory, or on a cluster.
 *
 * ```ts
 * const kafka = openLocal('./my-kafka')
 * const producer = await kafka.producer()
 * await producer.send({ topic: 'orders', key: 'anna', value: 'one coffee' })
 * await producer.close()
 * ```
 *
 * Errors a person can act on are `TerseError`s (one line); those that Kafka knows are `KafkaError`s with Kafka's names. What is
 * handed in with a wrong type is a `TypeError` that names the field, and nothing is stored.
 */
import type { Admin } from './client/admin/admin.ts'
import { settings } from './client/argument-types.ts'
import {
  checkConsumerOptions,
  checkedAdmin,
  checkedConsumer,
  checkedProducer,
  checkOpening,
  checkPath,
} from './client/checked-clients.ts'
import type { Consumer, ConsumerOptions } from './client/consumer.ts'
import type { Producer, ProducerConfig } from './client/producer.ts'
import { clientWaitLimit, producerWaitLimit } from './client/wait-limits.ts'
import type { WaitLimit } from './os/lock-wait.ts'
import { systemOs } from './os/system-os.ts'

export interface OpenLocalOptions {
  /** Takes lines for people, such as "a broker is running, reading only"; default: none are shown. */
  readonly warn?: (line: string) => void
}

/** Kafka's clients. Each is independent of the others and must be closed. */
export interface KafkaClients {
  admin(): Promise<Admin>
  /** `config`: Kafka's producer settings, such as `{ 'batch.size': '65536', 'compression.type': 'zstd' }`. */
  producer(config?: ProducerConfig): Promise<Producer>
  /** A group member with `groupId` and `subscribe`, else a reader of assigned partitions. */
  consumer(options?: ConsumerOptions): Promise<Consumer>
}

/** Clients on one data directory. */
export interface Kafka extends KafkaClients {
  readonly path: string
}

/**
 * Kafka on a data directory, without a broker. Nothing is read or made before a client is asked for and used; the
 * directory is made on the first write. Any number of processes may use it at once.
 */
export function openLocal(path: string, options: OpenLocalOptions = {}): Kafka {
  checkPath(path)
  checkOpening(options)
  const warn = options.warn ?? (() => {})
  const directory = async (waitLimit?: WaitLimit) => {
    const { LocalDirectory } = await import('./local/directory/local-directory.ts')
    if (!path.includes(',')) return LocalDirectory.open(systemOs, path, { warn, waitLimit })
    const { locateLogDirs } = await import('./local/directory/log-dirs.ts')
    const logDirs = locateLogDirs(systemOs, path, path)
    return LocalDirectory.open(systemOs, logDirs?.primary ?? path, { warn, waitLimit, logDirs })
  }
  return {
    path,
    admin: async () => {
      const { LocalAdmin } = await import('./local/admin/local-admin.ts')
      return checkedAdmin(new LocalAdmin(systemOs, await directory(), { warn }))
    },
    producer: async (config = {}) => {
      const given = settings(config, 'producer: config')
      const { LocalProducer } = await import('./local/producer/local-producer.ts')
      return checkedProducer(new LocalProducer(systemOs, await directory(producerWaitLimit(given)), given))
    },
    consumer: async (consumerOptions = {}) => {
      checkConsumerOptions(consumerOptions)
      const config = settings(consumerOptions.config, 'consumer: config')
      const { LocalConsumer } = await import('./local/consumer/local-consumer.ts')
      const opened = await directory(clientWaitLimit(config))
      return checkedConsumer(new LocalConsumer(systemOs, opened, { ...consumerOptions, config }))
    },
  }
}

/**
 * Kafka on a cluster, under the settings of Kafka's own clients:
 *
 * ```ts
 * const kafka = openCluster({ 'bootstrap.servers': 'broker1:9092' })
 * ```
 *
 * Settings of security, timeouts and so on hold for all its clients; a producer's or consumer's own go over them. Nothing connects
 * before a client is asked for something.
 * @throws TypeError for settings that are none, or without bootstrap.servers
 */
export function openCluster(
  config: Readonly<Record<string, string>>,
  options: OpenLocalOptions = {},
): KafkaClients {
  const common = settings(config, 'openCluster: config')
  const servers = common['bootstrap.servers']
  if (servers === undefined)
    throw new TypeError("openCluster: config['bootstrap.servers'] must name host:port")
  checkOpening(options)
  const address = { servers }
  const told = options.warn === undefined ? {} : { warn: options.warn }
  const cluster = () => import('./cluster/open-cluster.ts')
  return {
    admin: async () =>
      checkedAdmin(await (await cluster()).openClusterAdmin(systemOs, address, common, told)),
    producer: async (own = {}) => {
      const given = { ...common, ...settings(own, 'producer: config') }
      return checkedProducer(await (await cluster()).openClusterProducer(systemOs, address, given, told))
    },
    consumer: async (own = {}) => {
      checkConsumerOptions(own)
      const given = { ...own, config: { ...common, ...settings(own.config, 'consumer: config') } }
      return checkedConsumer(await (await cluster()).openClusterConsumer(systemOs, address, given, told))
    },
  }
}

export type * from './client/admin/admin.ts'
export type * from './client/admin/cleaning-admin.ts'
export type * from './client/consumer.ts'
export type * from './client/producer.ts'
export type * from './client/types.ts'
export { CorruptRecordError, KafkaError, type KafkaErrorName, TerseError } from './errors.ts'
export type { RecordSlices } from './record/record-slices.ts'
export type { RecordView } from './record/record-view.ts'
