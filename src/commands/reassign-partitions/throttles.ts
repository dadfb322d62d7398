/** Settings that hold replication back while partitions move; --verify takes them away. */
import type { CommandContext } from '../../cli/command.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { PartitionReassignment } from '../../client/admin/reassignment-admin.ts'
import { KafkaError } from '../../errors.ts'
import { topicPartitionKey } from '../../names/topic-partition.ts'
import type { PlannedPartition } from '../plans/reassign-plan.ts'

const BROKER_THROTTLES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']
export const LOG_DIR_THROTTLE = 'replica.alter.log.dirs.io.max.bytes.per.second'
const TOPIC_THROTTLES = ['leader.replication.throttled.replicas', 'follower.replication.throttled.replicas']

export interface PlannedMoves {
  readonly current: readonly PlannedPartition[]
  /** Of the same partitions. */
  readonly planned: readonly PlannedPartition[]
  readonly active: readonly PartitionReassignment[]
}

/** Brokers that give and take, and of each topic the replicas that do. */
export async function throttleReplication(
  admin: Admin,
  moves: PlannedMoves,
  bytesPerSecond: number,
): Promise<void> {
  const replicas = throttledReplicas(moves)
  for (const [topic, { leaders, followers }] of replicas) {
    await setConfigs(admin, 'topic', topic, [
      [TOPIC_THROTTLES[0], leaders.join(',')],
      [TOPIC_THROTTLES[1], followers.join(',')],
    ])
  }
  const brokers = new Set([...moves.current, ...moves.planned].flatMap((one) => one.replicas))
  for (const id of [...brokers].sort((a, b) => a - b)) {
    await setConfigs(
      admin,
      'broker',
      String(id),
      BROKER_THROTTLES.map((name) => [name, String(bytesPerSecond)]),
    )
  }
}

/** By topic: `partition:broker` of replicas that are read from, and of those that are written anew. */
function throttledReplicas({ current, planned, active }: PlannedMoves) {
  const reassigning = new Map(active.map((one) => [topicPartitionKey(one.topic, one.partition), one.adding]))
  const byTopic = new Map<string, { leaders: string[]; followers: string[] }>()
  current.forEach(({ topic, partition, replicas }, i) => {
    const adding = reassigning.get(topicPartitionKey(topic, partition)) ?? []
    const sources = replicas.filter((id) => !adding.includes(id))
    const destinations = [...new Set([...adding, ...planned[i].replicas])].filter(
      (id) => !sources.includes(id),
    )
    const throttled = byTopic.get(topic) ?? { leaders: [], followers: [] }
    throttled.leaders.push(...sources.map((id) => `${partition}:${id}`))
    throttled.followers.push(...destinations.map((id) => `${partition}:${id}`))
    byTopic.set(topic, throttled)
  })
  return byTopic
}

export async function setConfigs(
  admin: Admin,
  type: 'broker' | 'topic',
  name: string,
  values: readonly (readonly [string, string])[],
): Promise<void> {
  await admin.incrementalAlterConfigs(
    { type, name },
    values.map(([setting, value]) => ({ name: setting, operation: 'set', value })),
  )
}

export async function clearThrottles(
  stdout: CommandContext['stdout'],
  admin: Admin,
  planned: readonly PlannedPartition[],
): Promise<void> {
  const live = (await admin.describeCluster()).brokers.map(({ id }) => id)
  const brokers = [...new Set([...live, ...planned.flatMap(({ replicas }) => replicas)])].sort(
    (a, b) => a - b,
  )
  const topics = [...new Set(planned.map(({ topic }) => topic))]
  const plural = (list: readonly unknown[]) => (list.length === 1 ? '' : 's')
  stdout.line(`Clearing broker-level throttles on broker${plural(brokers)} ${brokers.join(',')}`)
  for (const id of live) await clear(admin, 'broker', String(id), [...BROKER_THROTTLES, LOG_DIR_THROTTLE])
  stdout.line(`Clearing topic-level throttles on topic${plural(topics)} ${topics.join(',')}`)
  for (const topic of topics) await clear(admin, 'topic', topic, TOPIC_THROTTLES)
}

/** Looking changes nothing where there is nothing to take away. */
async function clear(
  admin: Admin,
  type: 'broker' | 'topic',
  name: string,
  settings: readonly string[],
): Promise<void> {
  if (type === 'topic' && !(await admin.listTopics()).some((topic) => topic.name === name))
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `The topic '${name}' does not exist.`)
  const source = type === 'broker' ? 'DYNAMIC_BROKER_CONFIG' : 'DYNAMIC_TOPIC_CONFIG'
  const set = (await admin.describeConfigs({ type, name })).filter(
    (entry) => settings.includes(entry.name) && entry.source === source,
  )
  if (set.length === 0) return
  await admin.incrementalAlterConfigs(
    { type, name },
    set.map((entry) => ({ name: entry.name, operation: 'delete' })),
  )
}
