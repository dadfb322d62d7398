/** Which broker keeps a group or a transaction, and requests that go to it: again where the coordinator has moved. */
import { KafkaError } from '../errors.ts'
import { FIND_COORDINATOR_REQUEST, FIND_COORDINATOR_RESPONSE } from '../message/generated/requests.ts'
import type { ClusterClient } from './cluster-client.ts'
import type { BrokerConnection } from './connection/broker-connection.ts'
import { kafkaErrorOf } from './connection/protocol-error.ts'
import { mayPass } from './connection/retry.ts'

const KEY_TYPES = { group: 0, transaction: 1 } as const
export type CoordinatorType = keyof typeof KEY_TYPES

/** From this version on one request asks for many. */
const MANY_SINCE = 4

/** By key: the id of its coordinator, or why there is none. */
export async function findCoordinators(
  client: ClusterClient,
  type: CoordinatorType,
  keys: readonly string[],
): Promise<Map<string, number | KafkaError>> {
  const connection = await client.anyBroker()
  const ask = (body: { key?: string; coordinatorKeys?: string[] }) =>
    connection.askEach(FIND_COORDINATOR_REQUEST, FIND_COORDINATOR_RESPONSE, {
      ...body,
      keyType: KEY_TYPES[type],
    })
  const found = new Map<string, number | KafkaError>()
  if (connection.versionOf(FIND_COORDINATOR_REQUEST) >= MANY_SINCE) {
    for (const one of (await ask({ coordinatorKeys: [...keys] })).coordinators) {
      const { key, nodeId, errorCode, errorMessage } = one
      found.set(key, errorCode === 0 ? nodeId : kafkaErrorOf(errorCode, errorMessage))
    }
    return found
  }
  await Promise.all(
    keys.map(async (key) => {
      try {
        found.set(key, (await ask({ key })).nodeId)
      } catch (error) {
        if (!(error instanceof KafkaError)) throw error
        found.set(key, error)
      }
    }),
  )
  return found
}

/** Asks one coordinator about its keys; one that is left out of the answers failed. */
export type AskCoordinator<T> = (
  coordinator: BrokerConnection,
  keys: readonly string[],
  id: number,
) => Promise<ReadonlyMap<string, T | KafkaError>>

/** One answer a key. What may pass (a coordinator that loads or moves) is asked again, for these keys alone. */
export async function askCoordinators<T>(
  client: ClusterClient,
  type: CoordinatorType,
  keys: readonly string[],
  ask: AskCoordinator<T>,
): Promise<Map<string, T | KafkaError>> {
  const answers = new Map<string, T | KafkaError>()
  let open = [...new Set(keys)]
  const attempt = async () => {
    const byNode = new Map<number, string[]>()
    for (const [key, node] of await findCoordinators(client, type, open)) {
      if (node instanceof KafkaError) answers.set(key, node)
      else byNode.set(node, [...(byNode.get(node) ?? []), key])
    }
    await Promise.all(
      [...byNode].map(async ([node, asked]) => {
        const given = await ask(await client.broker(node), asked, node)
        for (const key of asked) answers.set(key, new KafkaError('UNKNOWN_SERVER_ERROR'))
        for (const [key, answer] of given) answers.set(key, answer)
      }),
    )
    open = open.filter((key) => {
      const answer = answers.get(key)
      return answer instanceof KafkaError && mayPass(answer)
    })
    if (open.length > 0) throw answers.get(open[0])
  }
  if (open.length === 0) return answers
  try {
    await client.retry(attempt)
  } catch (error) {
    // Time is over: each key has the error that it ended with.
    if (!(error instanceof KafkaError) || !keys.every((key) => answers.has(key))) throw error
  }
  return answers
}

/** The same for one key. @throws KafkaError */
export async function askCoordinator<T>(
  client: ClusterClient,
  type: CoordinatorType,
  key: string,
  ask: (coordinator: BrokerConnection, id: number) => Promise<T>,
): Promise<T> {
  const answers = await askCoordinators<T>(client, type, [key], async (coordinator, [asked], id) => {
    try {
      return new Map([[asked, await ask(coordinator, id)]])
    } catch (error) {
      if (error instanceof KafkaError) return new Map([[asked, error]])
      throw error
    }
  })
  const answer = answers.get(key)
  if (answer instanceof KafkaError) throw answer
  return answer as T
}
