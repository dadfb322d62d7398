/** The way into a cluster for the commands and the public API: settings in, Admin, Producer or Consumer out. */
import type { Admin } from '../client/admin/admin.ts'
import type { Clock } from '../os/clock.ts'
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

export type ClusterOptions = Pick<ClusterClientOptions, 'warn' | 'signal'>
type Config = Readonly<Record<string, string>>

export async function openClusterAdmin(
  clock: Clock,
  address: ClusterAddress,
  config: Config,
  options: ClusterOptions = {},
): Promise<Admin> {
  return kafkaAdminClient(await clusterClient(clock, address, config, 'adminclient', options))
}

async function clusterClient(
  clock: Clock,
  { servers, toControllers = false }: ClusterAddress,
  config: Config,
  clientId: string,
  options: ClusterOptions,
): Promise<ClusterClient> {
  const setting = toControllers ? 'bootstrap.controllers' : 'bootstrap.servers'
  const addresses = bootstrapAddresses(servers, setting)
  const settings = clusterSettings(addresses, config, { clientId, apiTimeoutMs: 60_000, toControllers })
  return new ClusterClient({ sockets: systemSockets, clock }, settings, options)
}
