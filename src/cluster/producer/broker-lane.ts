/** One broker as the sender sees it: its connection, what is in flight there, and the partitions that have something for it. */
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { Backoff } from '../connection/retry.ts'
import type { PartitionBatches } from './partition-batches.ts'

const RECONNECT_MS = 50
const RECONNECT_MOST_MS = 1000

export interface LaneListener {
  open(lane: BrokerLane): void
  /** The connection that was there is gone. */
  broken(lane: BrokerLane): void
  unreachable(lane: BrokerLane, error: Error): void
}

export class BrokerLane {
  readonly id: number
  /** Partitions that have, or may have, a batch for it. */
  readonly ready = new Set<PartitionBatches>()
  inFlight = 0
  /** No attempt to connect before. */
  notBefore = 0
  /** A connection was there once. */
  reached = false
  readonly #client: ClusterClient
  readonly #listener: LaneListener
  readonly #backoff = new Backoff(RECONNECT_MS, RECONNECT_MOST_MS)
  #connection: BrokerConnection | undefined
  #connecting = false

  constructor(client: ClusterClient, id: number, listener: LaneListener) {
    this.#client = client
    this.id = id
    this.#listener = listener
  }

  /** undefined: there is none yet; the listener is told. */
  connection(now: number): BrokerConnection | undefined {
    if (this.#connection?.isOpen) return this.#connection
    if (this.#connection !== undefined) {
      this.#connection = undefined
      this.#listener.broken(this)
    }
    if (this.#connecting || now < this.notBefore) return undefined
    this.#connecting = true
    this.#client.broker(this.id).then(
      (connection) => {
        this.#connecting = false
        this.#connection = connection
        this.reached = true
        this.#backoff.reset()
        this.#listener.open(this)
      },
      (error: Error) => {
        this.#connecting = false
        this.notBefore = this.#client.clock.monotonic() + this.#backoff.next()
        this.#listener.unreachable(this, error)
      },
    )
    return undefined
  }

  /** The open connection, if any. */
  get openConnection(): BrokerConnection | undefined {
    return this.#connection?.isOpen ? this.#connection : undefined
  }
}
