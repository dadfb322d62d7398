/**
 * The public API for Node programs: Kafka's Admin, Producer and Consumer on a data directory.
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

/** Clients on one data directory. Each is independent of the others and must be closed. */
export interface Kafka {
  readonly path: string
  admin(): Promise<Admin>
  /** `config`: Kafka's producer settings, such as `{ 'batch.size': '65536', 'compression.type': 'zstd' }`. */
  producer(config?: ProducerConfig): Promise<Producer>
  /** A group member with `groupId` and `subscribe`, else a reader of assigned partitions. */
  consumer(options?: ConsumerOptions): Promise<Consumer>
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

export type * from './client/admin/admin.ts'
export type * from './client/admin/cleaning-admin.ts'
export type * from './client/consumer.ts'
export type * from './client/producer.ts'
export type * from './client/types.ts'
export { CorruptRecordError, KafkaError, type KafkaErrorName, TerseError } from './errors.ts'
export type { RecordSlices } from './record/record-slices.ts'
export type { RecordView } from './record/record-view.ts'
