/** The broker that keeps a group or a transactional id: found, asked, found again when it moves. */
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { ConnectionError } from '../connection/connection-error.ts'
import { type CoordinatorType, findCoordinators } from '../coordinators.ts'

const MOVED: ReadonlySet<KafkaErrorName> = new Set([
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'BROKER_NOT_AVAILABLE',
])

export class Coordinator {
  readonly groupId: string
  readonly client: ClusterClient
  readonly #type: CoordinatorType
  #node: Promise<number> | undefined

  /** @param groupId or a transactional id, by `type` */
  constructor(client: ClusterClient, groupId: string, type: CoordinatorType = 'group') {
    this.client = client
    this.groupId = groupId
    this.#type = type
  }

  /**
   * One attempt. `lane`: group requests have a connection of their own, since joining waits at the broker.
   * @throws KafkaError, ConnectionError
   */
  async once<T>(ask: (connection: BrokerConnection) => Promise<T>, lane = 'group'): Promise<T> {
    try {
      this.#node ??= this.#find()
      return await ask(await this.client.broker(await this.#node, lane))
    } catch (error) {
      this.noticed(error)
      throw error
    }
  }

  /** Tries again what may pass. */
  ask<T>(ask: (connection: BrokerConnection) => Promise<T>, deadline?: number): Promise<T> {
    return this.client.retry(() => this.once(ask), deadline === undefined ? {} : { deadline })
  }

  /** An error may mean that another broker is it now. */
  noticed(error: unknown): void {
    const isMoved = error instanceof KafkaError && MOVED.has(error.code)
    if (isMoved || error instanceof ConnectionError) this.#node = undefined
  }

  async #find(): Promise<number> {
    const { groupId } = this
    try {
      const found = (await findCoordinators(this.client, this.#type, [groupId])).get(groupId)
      if (typeof found === 'number') return found
      throw found ?? new KafkaError('COORDINATOR_NOT_AVAILABLE')
    } catch (error) {
      this.#node = undefined
      throw groupError(error, groupId)
    }
  }
}

/** Kafka's words, with the group's name. */
export function groupError(error: unknown, groupId: string): unknown {
  if (error instanceof KafkaError && error.code === 'GROUP_AUTHORIZATION_FAILED')
    return new KafkaError(error.code, `Not authorized to access group: ${groupId}`)
  return error
}
