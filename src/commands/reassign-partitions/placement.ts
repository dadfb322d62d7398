/** Where --generate puts replicas: leaders in turn over all brokers, the replicas of a partition in different racks. */
import type { BrokerDescription } from '../../client/admin/cluster-admin.ts'
import { TerseError } from '../../errors.ts'
import type { PlannedPartition } from '../plans/reassign-plan.ts'

/** Each topic keeps the number of replicas that its first partition has. @throws TerseError in Kafka's words */
export function placeReplicas(
  current: readonly PlannedPartition[],
  brokers: readonly BrokerDescription[],
  withoutRacks: boolean,
): PlannedPartition[] {
  const racked = withoutRacks ? 0 : brokers.filter(({ rack }) => rack !== undefined).length
  if (racked > 0 && racked < brokers.length) {
    throw new TerseError(
      'Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.',
    )
  }
  const rackOf = new Map(brokers.map(({ id, rack }) => [id, racked === 0 ? String(id) : rack]))
  const order = alternating(brokers, (id) => rackOf.get(id) ?? '')
  const factors = new Map<string, number>()
  for (const { topic, replicas } of current) if (!factors.has(topic)) factors.set(topic, replicas.length)
  const starts = new Map<string, number>()
  return current.map(({ topic, partition }) => {
    const count = factors.get(topic) ?? 1
    if (count > order.length) {
      throw new TerseError(
        `The target replication factor of ${count} cannot be reached because only ${order.length} broker(s) are registered.`,
      )
    }
    // Another start for each topic, so that small ones do not all meet on the first broker.
    const start = starts.get(topic) ?? Math.floor(Math.random() * order.length)
    starts.set(topic, start)
    const turn = Math.floor(partition / order.length)
    const replicas = chooseReplicas(order, (id) => rackOf.get(id) ?? '', {
      first: (start + partition) % order.length,
      shift: turn,
      count,
    })
    return { topic, partition, replicas, logDirs: undefined }
  })
}

/** Brokers so that neighbours are in different racks. */
function alternating(brokers: readonly BrokerDescription[], rackOf: (id: number) => string): number[] {
  const racks = new Map<string, number[]>()
  for (const { id } of [...brokers].sort((a, b) => a.id - b.id))
    racks.set(rackOf(id), [...(racks.get(rackOf(id)) ?? []), id])
  const lists = [...racks.keys()].sort().map((rack) => racks.get(rack) ?? [])
  const most = Math.max(...lists.map(({ length }) => length))
  return Array.from({ length: most }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat()
}

interface Place {
  readonly first: number
  /** Grows with each turn over all brokers, so that the same leader has other followers. */
  readonly shift: number
  readonly count: number
}

function chooseReplicas(
  order: readonly number[],
  rackOf: (id: number) => string,
  { first, shift, count }: Place,
): number[] {
  const chosen = [order[first]]
  const others = order.length - 1
  const candidates = Array.from(
    { length: others },
    (_, i) => order[(first + 1 + ((shift + i) % others)) % order.length],
  )
  // First in racks that have none of it, then wherever there is room.
  for (const onlyNewRacks of [true, false]) {
    for (const id of candidates) {
      if (chosen.length >= count) break
      const racks = chosen.map(rackOf)
      if (!chosen.includes(id) && !(onlyNewRacks && racks.includes(rackOf(id)))) chosen.push(id)
    }
  }
  return chosen
}
