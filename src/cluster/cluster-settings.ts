/** Settings that every client of a cluster has, under Kafka's names. */
import { KafkaError, TerseError } from '../errors.ts'
import type { SocketAddress } from '../os/sockets.ts'

export interface ClusterSettings {
  /** In the order given. */
  readonly bootstrap: readonly SocketAddress[]
  /** The addresses are those of controllers (bootstrap.controllers). */
  readonly toControllers: boolean
  readonly clientId: string
  readonly requestTimeoutMs: number
  /** How long one call may take, further tries included. */
  readonly apiTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly backoffMs: number
  readonly backoffMaxMs: number
  readonly metadataMaxAgeMs: number
  /** All settings as given: what security needs is read from them. */
  readonly config: Readonly<Record<string, string>>
}

const PREFIX = /^(?:[a-z][a-z0-9_]*:\/\/)?/i

/**
 * `host:port,host:port` as bootstrap.servers has it.
 * @throws TerseError in Kafka's words
 */
export function bootstrapAddresses(list: string, setting = 'bootstrap.servers'): SocketAddress[] {
  const addresses = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => addressOf(part, setting))
  if (addresses.length === 0) throw new TerseError(`No resolvable bootstrap urls given in ${setting}`)
  return addresses
}

function addressOf(text: string, setting: string): SocketAddress {
  const match = /^(?:\[([0-9a-fA-F:.%]+)\]|([^:[\]\s/]+)):(\d+)$/.exec(text.replace(PREFIX, ''))
  const port = Number(match?.[3])
  if (match === null) throw new TerseError(`Invalid url in ${setting}: ${text}`)
  if (port > 65535) throw new TerseError(`Invalid port in ${setting}: ${text}`)
  return { host: match[1] ?? match[2], port }
}

/** @throws KafkaError INVALID_CONFIG for a number that is none */
export function clusterSettings(
  bootstrap: readonly SocketAddress[],
  config: Readonly<Record<string, string>>,
  defaults: Pick<ClusterSettings, 'clientId' | 'apiTimeoutMs'> & Partial<ClusterSettings>,
): ClusterSettings {
  const whole = (name: string, fallback: number) => {
    const text = config[name]?.trim()
    if (text === undefined) return fallback
    if (/^-?\d+$/.test(text)) return Number(text)
    throw new KafkaError(
      'INVALID_CONFIG',
      `Invalid value ${text} for configuration ${name}: Not a number of type INT`,
    )
  }
  return {
    toControllers: false,
    ...defaults,
    bootstrap,
    clientId: config['client.id'] || defaults.clientId,
    requestTimeoutMs: whole('request.timeout.ms', 30_000),
    apiTimeoutMs: whole('default.api.timeout.ms', defaults.apiTimeoutMs),
    connectTimeoutMs: whole('socket.connection.setup.timeout.ms', 10_000),
    backoffMs: whole('retry.backoff.ms', 100),
    backoffMaxMs: whole('retry.backoff.max.ms', 1000),
    metadataMaxAgeMs: whole('metadata.max.age.ms', 300_000),
    config,
  }
}
