/** A cluster as its clients see it: bootstrap addresses, brokers and leaders, and requests that reach the one who can answer. */

import { KafkaError, type KafkaErrorName, TerseError } from '../errors.ts'
import {
  DESCRIBE_CLUSTER_REQUEST,
  DESCRIBE_CLUSTER_RESPONSE,
  METADATA_REQUEST,
  METADATA_RESPONSE,
} from '../message/generated/requests.ts'
import type { Fields, Message, MessageInput, MessageSchema } from '../message/schema.ts'
import { ZERO_UUID } from '../message/uuid.ts'
import type { Clock } from '../os/clock.ts'
import type { SocketAddress, Sockets } from '../os/sockets.ts'
import {
  type BrokerNode,
  type ClusterMetadata,
  clusterMetadata,
  type TopicMetadata,
} from './cluster-metadata.ts'
import type { ClusterSettings } from './cluster-settings.ts'
import { BrokerConnection } from './connection/broker-connection.ts'
import { addressText, ConnectionError } from './connection/connection-error.ts'
import type { AskOptions, ConnectionSecurity } from './connection/connection-settings.ts'
import { refusalLines } from './connection/refusals.ts'
import { Backoff, retrying } from './connection/retry.ts'

/** The machine, as far as a client of a cluster needs it. */
export interface ClusterOs {
  readonly sockets: Sockets
  readonly clock: Clock
}

export interface ClusterClientOptions {
  /** One line for a person, about something that may pass. */
  readonly warn?: (line: string) => void
  /** One line about what the brokers do not let us do, for the end, behind Kafka's own words. */
  readonly refused?: ((line: string) => void) | undefined
  readonly signal?: AbortSignal | undefined
  readonly security?: ConnectionSecurity | undefined
}

/** What `topics` a metadata request is about: all, or these. */
export type TopicsAsked = 'all' | readonly string[] | { readonly ids: readonly string[] }

/** DescribeCluster's endpointType. */
const CONTROLLERS = 2

export class ClusterClient {
  readonly settings: ClusterSettings
  readonly clock: Clock
  readonly #sockets: Sockets
  readonly #options: ClusterClientOptions
  readonly #connections = new Map<string, Promise<BrokerConnection>>()
  /** The newest that is known of brokers and controller; topics are those of the last answer. */
  #brokers: ReadonlyMap<number, BrokerNode> = new Map()
  #controllerId = -1
  #stale = false
  #told = false
  #triedTls = false
  #closed = false

  constructor(os: ClusterOs, settings: ClusterSettings, options: ClusterClientOptions = {}) {
    this.#sockets = os.sockets
    this.clock = os.clock
    this.settings = settings
    this.#options = options
  }

  /** Until when a call that begins now may take. */
  deadline(ms = this.settings.apiTimeoutMs): number {
    return this.clock.monotonic() + ms
  }

  /**
   * Tries again what may pass (a broker that starts, a leader that moves) until the deadline.
   * @throws what the last try ended with
   */
  retry<T>(
    attempt: () => Promise<T>,
    options: { deadline?: number; passing?: ReadonlySet<KafkaErrorName> } = {},
  ): Promise<T> {
    const deadline = options.deadline ?? this.deadline()
    return retrying(
      {
        clock: this.clock,
        deadline,
        backoff: this.backoff(),
        signal: this.#options.signal,
        passing: options.passing,
        again: async (error) => {
          // One call of several failed for good, and the client was closed: the others are over, too.
          if (this.#closed) throw error
          this.forget()
          if (error instanceof ConnectionError) await this.#askWhatIsWanted(error)
          this.#tellOnce(error, deadline)
        },
      },
      attempt,
    )
  }

  backoff(): Backoff {
    return new Backoff(this.settings.backoffMs, this.settings.backoffMaxMs)
  }

  /** Asks any broker, and again where that may help. @throws KafkaError of any error in the answer */
  ask<Q extends Fields, A extends Fields>(
    request: MessageSchema<Q>,
    response: MessageSchema<A>,
    body: MessageInput<Q>,
    options?: AskOptions,
  ): Promise<Message<A>> {
    return this.retry(async () => (await this.anyBroker()).ask(request, response, body, options))
  }

  /** What the cluster says of itself and of these topics. Errors of topics stand in the answer. */
  async metadata(topics: TopicsAsked, allowAutoTopicCreation = false): Promise<ClusterMetadata> {
    const list = askedTopics(topics)
    const connection = await this.anyBroker()
    const answer = await connection.askEach(METADATA_REQUEST, METADATA_RESPONSE, {
      topics: list,
      allowAutoTopicCreation,
    })
    const metadata = clusterMetadata(answer)
    if (metadata.brokers.size > 0) this.#brokers = metadata.brokers
    this.#controllerId = metadata.controllerId
    return metadata
  }

  /** @throws KafkaError where one of them is not there, or cannot be described */
  async topics(names: readonly string[]): Promise<TopicMetadata[]> {
    const { topics } = await this.metadata(names)
    const byName = new Map(topics.map((topic) => [topic.name, topic]))
    return names.map((name) => {
      const topic = byName.get(name)
      if (topic === undefined || topic.error !== undefined) {
        throw new KafkaError(topic?.error ?? 'UNKNOWN_TOPIC_OR_PARTITION')
      }
      return topic
    })
  }

  async brokers(): Promise<ReadonlyMap<number, BrokerNode>> {
    if (this.#brokers.size === 0) await this.#refresh()
    return this.#brokers
  }

  /** The nodes that the bootstrap addresses are of: brokers, or controllers, which answer no metadata request. */
  async describeNodes(
    includeFenced = false,
  ): Promise<{ clusterId: string; controllerId: number; nodes: (BrokerNode & { fenced: boolean })[] }> {
    const { toControllers } = this.settings
    const connection = await this.anyBroker()
    if (connection.versionOf(DESCRIBE_CLUSTER_REQUEST) < 0) {
      const { clusterId, controllerId, brokers } = await this.metadata([])
      return {
        clusterId,
        controllerId,
        nodes: [...brokers.values()].map((node) => ({ ...node, fenced: false })),
      }
    }
    const answer = await connection.ask(DESCRIBE_CLUSTER_REQUEST, DESCRIBE_CLUSTER_RESPONSE, {
      includeClusterAuthorizedOperations: false,
      ...(toControllers ? { endpointType: CONTROLLERS } : {}),
      ...(includeFenced ? { includeFencedBrokers: true } : {}),
    })
    const nodes = answer.brokers.map(({ brokerId, host, port, rack, isFenced }) => ({
      id: brokerId,
      host,
      port,
      rack: rack ?? undefined,
      fenced: isFenced ?? false,
    }))
    const serving = nodes.filter(({ fenced }) => !fenced)
    if (serving.length > 0) this.#brokers = new Map(serving.map((node) => [node.id, node]))
    this.#controllerId = answer.controllerId
    return { clusterId: answer.clusterId, controllerId: answer.controllerId, nodes }
  }

  async #refresh(): Promise<void> {
    await (this.settings.toControllers ? this.describeNodes() : this.metadata([]))
  }

  /** Some broker that answers: one that is connected already, else the first that can be. */
  async anyBroker(): Promise<BrokerConnection> {
    for (const [key, connecting] of this.#connections) {
      if (key.includes(' ')) continue
      const connection = await connecting.catch(() => undefined)
      if (connection?.isOpen) return connection
    }
    const known = [...this.#brokers.values()]
    const failures: ConnectionError[] = []
    for (const address of [...shuffled(known), ...this.settings.bootstrap]) {
      try {
        return await this.#connect(address)
      } catch (error) {
        if (!(error instanceof ConnectionError)) throw error
        failures.push(error)
      }
    }
    throw failures.find(({ forGood }) => !forGood) ?? failures[0]
  }

  /**
   * `lane`: a connection of its own, for requests that wait at the broker, since it answers those of one connection in turn.
   * @throws ConnectionError; KafkaError BROKER_NOT_AVAILABLE where the cluster has no broker of that id
   */
  async broker(id: number, lane = ''): Promise<BrokerConnection> {
    let node = this.#brokers.get(id)
    if (node === undefined || this.#stale) {
      await this.#refresh()
      this.#stale = false
      node = this.#brokers.get(id)
    }
    if (node === undefined)
      throw new KafkaError('BROKER_NOT_AVAILABLE', `The cluster has no broker ${id} now.`)
    try {
      return await this.#connect(node, lane)
    } catch (error) {
      throw error instanceof ConnectionError ? this.#advertised(node, error) : error
    }
  }

  /** The broker that takes what only the controller may change. */
  async controller(): Promise<BrokerConnection> {
    if (this.#controllerId < 0) await this.#refresh()
    return this.#controllerId < 0 ? this.anyBroker() : this.broker(this.#controllerId)
  }

  /** What was known may be old: the next call that needs it asks anew. */
  forget(): void {
    this.#controllerId = -1
    this.#stale = true
  }

  async close(): Promise<void> {
    this.#closed = true
    const connections = [...this.#connections.values()]
    this.#connections.clear()
    for (const connecting of connections) connecting.then((connection) => connection.close()).catch(() => {})
    // Those that are there are closed now; one that is being made is not waited for.
    await Promise.resolve().then(() => {})
  }

  #connect(address: SocketAddress, lane = ''): Promise<BrokerConnection> {
    if (this.#closed) return Promise.reject(new TerseError('The client was closed.'))
    const key = lane === '' ? addressText(address) : `${lane} ${addressText(address)}`
    const known = this.#connections.get(key)
    if (known !== undefined) {
      return known.then((connection) => {
        if (connection.isOpen) return connection
        if (this.#connections.get(key) === known) this.#connections.delete(key)
        return this.#connect(address, lane)
      })
    }
    const { clientId, requestTimeoutMs, connectTimeoutMs } = this.settings
    const { host, port } = address
    const connecting = BrokerConnection.open(
      this.#sockets,
      { host, port },
      {
        clientId,
        requestTimeoutMs,
        connectTimeoutMs,
        security: this.#options.security,
        slow: (line) => this.#options.warn?.(line),
        answered: this.#options.refused && this.tellRefusals,
      },
    ).then((connection) => this.#rightKind(connection))
    this.#connections.set(key, connecting)
    connecting.catch(() => {
      if (this.#connections.get(key) === connecting) this.#connections.delete(key)
    })
    return connecting
  }

  /** Tells what an answer says that we may not do; those of the hot paths are decoded elsewhere. */
  readonly tellRefusals = (request: string, body: unknown, answer: unknown): void => {
    const { security, refused } = this.#options
    const principal = security === undefined ? 'User:ANONYMOUS' : security.principal
    for (const line of refusalLines(request, body, answer, principal)) refused?.(line)
  }

  /** Controllers and brokers listen on ports of their own and know different requests. */
  #rightKind(connection: BrokerConnection): BrokerConnection {
    const isBroker = connection.versionOf(METADATA_REQUEST) >= 0
    if (isBroker !== this.settings.toControllers) return connection
    connection.close()
    const at = addressText(connection.address)
    throw new ConnectionError(
      'wrong',
      connection.address,
      isBroker
        ? `${at} is a broker's port: use --bootstrap-server, or name a controller's port`
        : `${at} is a controller's port: use --bootstrap-controller, or name a broker's port`,
    )
  }

  /** Of a broker that cannot be reached where others could: both addresses, for that is the commonest fault of containers. */
  #advertised(node: BrokerNode, error: ConnectionError): ConnectionError {
    const at = addressText(node)
    if (this.settings.bootstrap.some((address) => addressText(address) === at)) return error
    const from = this.settings.bootstrap.map(addressText).join(',')
    return new ConnectionError(
      error.kind,
      error.address,
      `broker ${node.id} advertises ${at}, and ${error.message}, while ${from} answered: see advertised.listeners of that broker`,
    )
  }

  /** Of a listener that hung up on us. @throws ConnectionError for good, where it wants TLS or to know who asks */
  async #askWhatIsWanted({ hungUp, address }: ConnectionError): Promise<void> {
    if (hungUp === 'at-once' && !this.#triedTls) {
      this.#triedTls = true
      const { refuseTls } = await import('./connection/whether-tls.ts')
      await refuseTls(
        this.#sockets,
        address,
        this.settings.connectTimeoutMs,
        this.#options.security?.protocol,
      )
    } else if (hungUp === 'behind-api-versions') await this.#askWhoIsWanted(address)
  }

  /** @throws ConnectionError with the mechanisms that it offers */
  async #askWhoIsWanted(address: SocketAddress): Promise<void> {
    const connection = await this.#connect(address)
    const { mechanisms } = await connection.handshake('').catch(() => ({ mechanisms: [] }))
    connection.close()
    if (mechanisms.length === 0) return
    const at = addressText(address)
    throw new ConnectionError(
      'wrong',
      address,
      `${at} wants to know who asks, by ${mechanisms.join(', ')}: set security.protocol=${this.#options.security === undefined ? 'SASL_PLAINTEXT' : 'SASL_SSL'}, sasl.mechanism and sasl.jaas.config`,
    )
  }

  /** That something is wrong is told at once; that it goes on is not told again. */
  #tellOnce(error: unknown, deadline: number): void {
    if (this.#told || !(error instanceof ConnectionError)) return
    this.#told = true
    const seconds = Math.round((deadline - this.clock.monotonic()) / 1000)
    this.#options.warn?.(`${error.message}; trying on for ${seconds} s`)
  }
}

/** null: all of them. */
function askedTopics(topics: TopicsAsked) {
  if (topics === 'all') return null
  if ('ids' in topics) return topics.ids.map((topicId) => ({ topicId, name: null }))
  return topics.map((name) => ({ topicId: ZERO_UUID, name }))
}

function shuffled<T>(list: readonly T[]): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const other = copy[j]
    copy[j] = copy[i]
    copy[i] = other
  }
  return copy
}
