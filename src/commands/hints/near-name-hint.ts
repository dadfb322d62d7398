/** What was probably meant by a mistyped name, told behind Kafka's own line. For people: only where stderr is a terminal. */
import type { CommandContext, Options } from '../../cli/command.ts'
import { didYouMean } from '../../cli/suggest.ts'
import type { Admin } from '../../client/admin/admin.ts'
import { nearNames, noPartition, noSuch } from '../../names/near-names.ts'
import { openAdmin } from '../open/open-client.ts'

type Kind = 'topic' | 'group' | 'transactional id'

/** Flags that hold names of something that is there already; several of them by commas, partitions behind a colon. */
const NAME_FLAGS: readonly (readonly [flag: string, kind: Kind])[] = [
  ['topic', 'topic'],
  ['topic-list', 'topic'],
  ['topic-partitions', 'topic'],
  ['group', 'group'],
  ['transactional-id', 'transactional id'],
]

const ENTITY_TYPES = 'topics clients users brokers broker-loggers ips client-metrics groups'.split(' ')

/** Nothing is told twice. */
const told = new Set<string>()

/** Looks for what came near among the names on the command line of a tool that failed, or found nothing. Never throws. */
export async function hintNearNames(context: CommandContext): Promise<void> {
  const { stderr } = context
  const options = context.options.ofAnyTool
  if (!stderr.isTerminal) return
  for (const [flag, kind] of NAME_FLAGS) {
    if (!options.has(flag) || (kind === 'topic' && options.has('create'))) continue
    for (const list of options.values(flag)) {
      for (const name of list.split(',')) await hintNearName(context, kind, name.trim().replace(/:.*/, ''))
    }
  }
  const types = options.values('entity-type').filter((type) => !ENTITY_TYPES.includes(type))
  for (const type of types) tell(context, 'entity type', type, ENTITY_TYPES)
  if (options.has('entity-name') && /^(topic|group)s$/.test(options.value('entity-type') ?? '')) {
    const kind = options.value('entity-type') === 'topics' ? 'topic' : 'group'
    await hintNearName(context, kind, options.value('entity-name'))
  }
  await hintNearSetting(context)
}

/** Names that come near to `typed`, when there is none of that very name; never throws. */
export async function hintNearName(
  context: CommandContext,
  kind: Kind,
  typed: string | undefined,
  introduction = '',
): Promise<void> {
  if (!context.stderr.isTerminal || typed === undefined || typed === '') return
  try {
    const admin = await openAdmin(context)
    const names = await namesOf(admin, kind)
    await admin.close()
    if (!names.includes(typed)) tell(context, kind, typed, names, introduction)
  } catch {
    // A hint is not worth a failure.
  }
}

/**
 * What is wrong with the topic (or its partition) that a reader waits for, in a sentence; undefined when nothing is. Never
 * throws, and tells nothing by itself: it stands behind Kafka's own last line, and on a terminal before the wait.
 */
export async function absentTopic(
  context: CommandContext,
  topic: string,
  partition = 0,
): Promise<string | undefined> {
  try {
    const admin = await openAdmin(context)
    try {
      const names = (await admin.listTopics()).map(({ name }) => name)
      if (!names.includes(topic)) return noSuch('topic', topic, names)
      const [{ partitions }] = await admin.describeTopics([topic])
      return partition < partitions.length ? undefined : noPartition(topic, partition, partitions.length)
    } finally {
      await admin.close()
    }
  } catch {
    // A hint is not worth a failure.
    return undefined
  }
}

/** Before a reader on a terminal waits for a topic that is not there. */
export async function tellOfWaiting(
  context: CommandContext,
  topic: string | undefined,
  partition?: number,
): Promise<void> {
  const { stderr } = context
  if (!stderr.isTerminal || topic === undefined) return
  const absent = await absentTopic(context, topic, partition)
  if (absent === undefined) return
  told.add(`topic ${topic}`)
  stderr.line(`${absent} Waiting for it to appear.`)
  stderr.flush()
}

async function namesOf(admin: Admin, kind: Kind): Promise<string[]> {
  if (kind === 'topic') return (await admin.listTopics()).map(({ name }) => name)
  if (kind === 'group') return (await admin.listGroups()).map(({ groupId }) => groupId)
  return (await admin.listTransactions()).map(({ transactionalId }) => transactionalId)
}

/** Settings in --config, --add-config and --delete-config that there are none of. */
async function hintNearSetting(context: CommandContext): Promise<void> {
  const options = context.options.ofAnyTool
  const given = ['config', 'add-config', 'delete-config'].filter((flag) => options.has(flag))
  if (given.length === 0) return
  const names = await settingNames(context.command.name, options)
  if (names === undefined) return
  for (const text of given.flatMap((flag) => options.values(flag))) {
    // Commas inside [] belong to a value.
    for (const part of text.replace(/\[[^\]]*\]/g, '').split(',')) {
      const name = part.split('=')[0].trim()
      if (!names.includes(name)) tell(context, 'setting', name, names)
    }
  }
}

async function settingNames(tool: string, options: Options<string>): Promise<string[] | undefined> {
  const type = (name: string) => options.has(name) || options.value('entity-type') === `${name}s`
  if (tool === 'topics' || (tool === 'configs' && type('topic'))) {
    const { topicConfigDef } = await import('../../config/topic-configs.ts')
    return topicConfigDef().names()
  }
  if (tool !== 'configs') return undefined
  if (type('group')) return (await import('../../config/group-configs.ts')).groupConfigDef().names()
  if (type('broker') || options.has('broker-defaults'))
    return (await import('../../config/broker-configs.ts')).brokerConfigDef().names()
  const { IP_QUOTAS, USER_CLIENT_QUOTAS } = await import('../../config/client-quota-configs.ts')
  return [...USER_CLIENT_QUOTAS, ...IP_QUOTAS]
}

function tell(
  { stderr }: CommandContext,
  kind: string,
  typed: string,
  names: readonly string[],
  introduction = '',
): void {
  const hint = didYouMean(nearNames(typed, names))
  const key = `${kind} ${typed}`
  if (hint === undefined || told.has(key)) return
  told.add(key)
  stderr.line(introduction + hint)
}
