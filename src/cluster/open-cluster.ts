/** The way into a cluster for the commands and the public API: settings in, Admin, Producer or Consumer out. */
import type { Admin } from '../client/admin/admin.ts'
import type { BatchSink } from '../client/batch-sink.ts'
import type { Consumer, ConsumerOptions } from '../client/consumer.ts'
import type { Producer } from '../client/producer.ts'
import type { Os } from '../os/os.ts'
import { systemSockets } from '../os/sockets.ts'
import { kafkaAdminClient } from './admin/kafka-admin-client.ts'
import { ClusterClient, type ClusterClientOptions } from './cluster-client.ts'
import { bootstrapAddresses, clusterSettings } from './cluster-settings.ts'

export interface ClusterAddress {
  /** `host:port,host:port` */
  readonly servers: string
  /** Those of controllers (bootstrap.controllers). */
  readonly toControllers?: boolean
}

export type ClusterOptions = Pick<ClusterClientOptions, 'warn' | 'refused' | 'signal'>
type Config = Readonly<Record<string, string>>

export async function openClusterAdmin(
  os: Pick<Os, 'clock' | 'fs'>,
  address: ClusterAddress,
  config: Config,
  options: ClusterOptions = {},
): Promise<Admin> {
  return kafkaAdminClient(await clusterClient(os, address, config, 'adminclient', options))
}

/** @throws KafkaError INVALID_CONFIG with Kafka's text */
export async function openClusterProducer(
  os: Pick<Os, 'clock' | 'fs'>,
  address: ClusterAddress,
  config: Config,
  options: ClusterOptions = {},
): Promise<Producer> {
  const { ClusterProducer } = await import('./producer/cluster-producer.ts')
  const client = await clusterClient(os, address, config, 'producer-1', options)
  return new ClusterProducer(client, config, options.signal)
}

/** For whole batches (batch-sink.ts). @throws KafkaError INVALID_CONFIG with Kafka's text */
export async function openClusterSink(
  os: Pick<Os, 'clock' | 'fs'>,
  address: ClusterAddress,
  config: Config,
  options: ClusterOptions = {},
): Promise<BatchSink> {
  const { ClusterBatchSink } = await import('./producer/cluster-batch-sink.ts')
  const client = await clusterClient(os, address, config, 'copy', options)
  return new ClusterBatchSink(client, config, options.signal)
}

export async function openClusterConsumer(
  os: Pick<Os, 'clock' | 'fs'>,
  address: ClusterAddress,
  consumer: ConsumerOptions,
  options: ClusterOptions = {},
): Promise<Consumer> {
  const client = await clusterClient(os, address, consumer.config ?? {}, 'consumer', options)
  const { ClusterConsumer } = await import('./consumer/cluster-consumer.ts')
  return new ClusterConsumer(client, consumer, options.warn ?? (() => {}))
}

async function clusterClient(
  os: Pick<Os, 'clock' | 'fs'>,
  { servers, toControllers = false }: ClusterAddress,
  config: Config,
  clientId: string,
  options: ClusterOptions,
): Promise<ClusterClient> {
  const setting = toControllers ? 'bootstrap.controllers' : 'bootstrap.servers'
  const addresses = bootstrapAddresses(servers, setting)
  const settings = clusterSettings(addresses, config, { clientId, apiTimeoutMs: 60_000, toControllers })
  const secured = (config['security.protocol'] ?? 'PLAINTEXT').trim().toUpperCase() !== 'PLAINTEXT'
  const security = secured ? await loadSecurity(os, config) : undefined
  return new ClusterClient({ sockets: systemSockets, clock: os.clock }, settings, { ...options, security })
}

async function loadSecurity({ fs }: Pick<Os, 'fs'>, config: Config) {
  const { connectionSecurity } = await import('./security/connection-security.ts')
  return connectionSecurity(config, (path) => fs.readUserFile(path))
}
