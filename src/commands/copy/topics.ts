/** Which topics are copied, and their targets: made with the settings of the source, or looked at. */
import type { ConfigAlteration, ConfigEntry } from '../../client/admin/config-admin.ts'
import type { TopicDescription } from '../../client/admin/topic-admin.ts'
import { topicFilter } from '../../client/topic-filter.ts'
import { KafkaError, TerseError, UsageError } from '../../errors.ts'
import { nearNames } from '../../names/near-names.ts'
import { isInternalTopic, isTopicName, METADATA_TOPIC } from '../../names/topic-names.ts'
import type { Side } from './sides.ts'

/**
 * A cluster would stamp records anew, or refuse their times. While a topic is copied into it, these hold in place of the topic's own,
 * which are set at the end.
 */
const HELD: Readonly<Record<string, string>> = {
  'message.timestamp.type': 'CreateTime',
  'message.timestamp.before.max.ms': '9223372036854775807',
  'message.timestamp.after.max.ms': '9223372036854775807',
}
/** They name brokers of the source. */
const OF_ITS_BROKERS = ['leader.replication.throttled.replicas', 'follower.replication.throttled.replicas']
const HEARD_MS = 5000
const PAUSE_MS = 50
const MIN_ISR = 'min.insync.replicas'

export interface TopicPlan {
  readonly source: TopicDescription
  readonly target: string
  /** undefined: it is not there yet. */
  readonly found: TopicDescription | undefined
  /** The source topic's own settings. */
  readonly configs: ReadonlyMap<string, string>
}

/** @throws TerseError where there is nothing to copy, or no name to copy it to */
export async function planTopics(
  { from, to }: { readonly from: Side; readonly to: Side },
  pattern: string,
  as: string | undefined,
): Promise<TopicPlan[]> {
  const matches = topicFilter(pattern)
  const all = await from.admin.listTopics()
  const isInternal = (name: string, internal = false) =>
    internal || isInternalTopic(name) || name === METADATA_TOPIC
  const names = all
    .filter(({ name, internal }) => !isInternal(name, internal) && matches(name))
    .map(({ name }) => name)
  if (names.length === 0) {
    const internal = all.find((topic) => isInternal(topic.name, topic.internal) && matches(topic.name))
    throw new TerseError(noTopic(from.name, pattern, internal?.name, all))
  }
  if (as !== undefined) checkName(as, names)
  const targets = names.map((name) => as ?? name)
  if (from.isCluster && to.isCluster && from.clusterId === to.clusterId) {
    const same = names.find((name, i) => name === targets[i])
    if (same !== undefined)
      throw new UsageError(
        `${from.name} and ${to.name} are one cluster: copy ${same} to another name with --as`,
        false,
      )
  }
  const there = new Set((await to.admin.listTopics()).map(({ name }) => name))
  const [sources, found, entries] = await Promise.all([
    from.admin.describeTopics(names),
    to.admin.describeTopics(targets.filter((name) => there.has(name))),
    from.admin.describeConfigsOf(names.map((name) => ({ type: 'topic', name }))),
  ])
  return sources.map((source, i) => ({
    source,
    target: targets[i],
    found: found.find(({ name }) => name === targets[i]),
    configs: ownConfigs(entries[i]),
  }))
}

function noTopic(
  where: string,
  pattern: string,
  internal: string | undefined,
  all: readonly { readonly name: string }[],
): string {
  if (internal !== undefined)
    return `${internal} is an internal topic, which is never copied; group offsets are, with the topics they are of`
  const near = nearNames(
    pattern,
    all.map(({ name }) => name),
  )
  const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
  return `${where}: no topic matches ${pattern}${hint}`
}

function checkName(as: string, names: readonly string[]): void {
  if (names.length > 1) {
    const some = names.slice(0, 3).join(', ') + (names.length > 3 ? ', ...' : '')
    throw new UsageError(
      `--as ${as} is a name for one topic, and --topic matches ${names.length}: ${some}`,
      false,
    )
  }
  if (!isTopicName(as)) throw new UsageError(`--as ${as} is no name for a topic`, false)
  if (isInternalTopic(as) || as === METADATA_TOPIC)
    throw new UsageError(`--as ${as} is the name of an internal topic`, false)
}

function ownConfigs(entries: readonly ConfigEntry[]): Map<string, string> {
  const own = entries.filter(({ source, value }) => source === 'DYNAMIC_TOPIC_CONFIG' && value !== null)
  return new Map(own.map(({ name, value }) => [name, value ?? '']))
}

/** Makes the topic; `tell` hears in a line what it could not be given. */
export async function makeTarget(
  to: Side,
  { source, target, configs }: TopicPlan,
  tell: (line: string) => void,
): Promise<TopicDescription> {
  const wanted = new Map(configs)
  for (const name of OF_ITS_BROKERS) wanted.delete(name)
  if (to.isCluster) {
    wanted.delete(MIN_ISR)
    for (const [name, value] of Object.entries(HELD)) wanted.set(name, value)
  }
  const topic = { name: target, partitions: source.partitions.length }
  let made: TopicDescription
  try {
    made = await to.admin.createTopic({ ...topic, configs: Object.fromEntries(wanted) })
  } catch (error) {
    if (!(error instanceof KafkaError) || error.code !== 'INVALID_CONFIG') throw error
    made = await to.admin.createTopic(topic)
    const each = [...wanted].map(([name, value]): ConfigAlteration => ({ name, operation: 'set', value }))
    await alterEach(to, target, each, tell)
  }
  for (const name of OF_ITS_BROKERS) {
    if (configs.has(name)) tell(`${target}: ${name} names brokers of the source and is left out`)
  }
  return made
}

/** Whether the copy's own settings hold in place of the topic's: it made the topic, and did not come to the end. */
export async function isHeld(to: Side, target: string): Promise<boolean> {
  if (!to.isCluster) return false
  const [entries] = await to.admin.describeConfigsOf([{ type: 'topic', name: target }])
  const own = ownConfigs(entries)
  // An older broker does not know all of them.
  const known = Object.keys(HELD).filter((name) => entries.some((entry) => entry.name === name))
  return known.length > 0 && known.every((name) => own.get(name) === HELD[name])
}

/** Before more is copied into a topic that an earlier run made, where its own settings would change or refuse records. */
export async function hold(to: Side, { target, configs }: TopicPlan): Promise<void> {
  if (!to.isCluster || !Object.keys(HELD).some((name) => configs.has(name))) return
  const alterations = Object.entries(HELD).map(
    ([name, value]): ConfigAlteration => ({
      name,
      operation: 'set',
      value,
    }),
  )
  await to.admin.incrementalAlterConfigs({ type: 'topic', name: target }, alterations)
}

/** Copied: now the topic's own settings hold. */
export async function release(
  to: Side,
  { target, configs }: TopicPlan,
  replicas: number,
  tell: (line: string) => void,
): Promise<void> {
  if (!to.isCluster || !(await isHeld(to, target))) return
  const alterations: ConfigAlteration[] = Object.keys(HELD)
    .filter((name) => !configs.has(name))
    .map((name) => ({ name, operation: 'delete' }))
  for (const [name, value] of configs) {
    if (OF_ITS_BROKERS.includes(name)) continue
    if (name === MIN_ISR && Number(value) > replicas) {
      tell(
        `${target}: ${name}=${value} is left out: with ${replicas} replica${replicas === 1 ? '' : 's'} nothing could be written there any more`,
      )
    } else alterations.push({ name, operation: 'set', value })
  }
  await alterEach(to, target, alterations, tell)
  // Brokers hear of it one after the other: whoever copies it on at once would take the wrong ones along.
  for (let waited = 0; waited < HEARD_MS && (await isHeld(to, target)); waited += PAUSE_MS) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

/** All at once, or, where one of them is refused, one by one. */
async function alterEach(
  to: Side,
  target: string,
  alterations: readonly ConfigAlteration[],
  tell: (line: string) => void,
): Promise<void> {
  const resource = { type: 'topic', name: target } as const
  try {
    await to.admin.incrementalAlterConfigs(resource, alterations)
    return
  } catch (error) {
    if (!(error instanceof KafkaError) || error.code !== 'INVALID_CONFIG') throw error
  }
  for (const alteration of alterations) {
    try {
      await to.admin.incrementalAlterConfigs(resource, [alteration])
    } catch (error) {
      if (!(error instanceof KafkaError) || error.code !== 'INVALID_CONFIG') throw error
      // An older broker does not know what is only held.
      if (HELD[alteration.name] !== undefined && HELD[alteration.name] === alteration.value) continue
      const { name, value = '' } = alteration
      tell(`${target}: the target refuses ${name}=${value}: ${error.message}`)
    }
  }
}
