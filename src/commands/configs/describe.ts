/** `configs --describe`: the settings of an entity, in the genuine tool's text or as rows. */
import type { CommandContext } from '../../cli/command.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type {
  ConfigEntry,
  ConfigResourceType,
  ConfigSource,
  QuotaEntity,
} from '../../client/admin/config-admin.ts'
import { TerseError } from '../../errors.ts'
import { javaHashOrder, javaStringHash } from '../../java/java-hash.ts'
import { javaDouble } from '../../java/java-number.ts'
import { noSuch } from '../../names/near-names.ts'
import { validateTopicName } from '../../names/topic-names.ts'
import { ConfigsFailure, type Entities, type EntityType, singular } from './entities.ts'

/** How a type of entity is called in the Admin, and where a setting of its own comes from. */
export const RESOURCES: Partial<
  Record<EntityType, { type: ConfigResourceType; source: ConfigSource | undefined }>
> = {
  topics: { type: 'topic', source: 'DYNAMIC_TOPIC_CONFIG' },
  brokers: { type: 'broker', source: 'DYNAMIC_BROKER_CONFIG' },
  'broker-loggers': { type: 'broker-logger', source: undefined },
  'client-metrics': { type: 'client-metrics', source: 'DYNAMIC_CLIENT_METRICS_CONFIG' },
  groups: { type: 'group', source: 'DYNAMIC_GROUP_CONFIG' },
}

const QUOTA_TYPES = { users: 'user', clients: 'client-id', ips: 'ip' } as const
type QuotaType = (typeof QUOTA_TYPES)[keyof typeof QUOTA_TYPES]

export async function describeConfigs(
  context: CommandContext<'all' | 'topic' | 'output'>,
  admin: Admin,
  entities: Entities,
): Promise<void> {
  const [type] = entities.types
  if (RESOURCES[type] !== undefined) return describeResources(context, admin, type, entities.names[0])
  await describeQuotas(context, admin, entities)
  // Credentials belong to one user; with clients or defaults in play the question was about quotas.
  if (type === 'ips' || entities.types.includes('clients') || entities.names.includes('')) return
  const users = await admin.describeUserScramCredentials(entities.names)
  for (const [user, infos] of users) {
    const text = infos.map(({ mechanism, iterations }) => `${mechanism}=iterations=${iterations}`).join(', ')
    context.stdout.line(`SCRAM credential configs for user-principal '${user}' are ${text}`)
  }
}

async function describeResources(
  context: CommandContext<'all' | 'topic' | 'output'>,
  admin: Admin,
  type: EntityType,
  name: string | undefined,
): Promise<void> {
  const { options, stdout } = context
  const all = options.has('all')
  if (type === 'topics' && name !== undefined) checkTopicName(name)
  if (name !== undefined && name !== '' && !all && !(await exists(admin, type, name))) {
    stdout.line(`The ${singular(type)} '${name}' doesn't exist and doesn't have dynamic config.`)
    await hint(context)
    if (options.has('topic')) throw await noTopic(admin, name)
    return
  }
  const table = await settingsTable(context)
  for (const one of name === undefined ? await everyName(admin, type) : [name]) {
    stdout.line(
      one === '' && type === 'brokers'
        ? `Default configs for ${type} in the cluster are:`
        : `${all ? 'All' : 'Dynamic'} configs for ${singular(type)} ${one} are:`,
    )
    const entries = await resourceConfigs(admin, type, one, all)
    if (table !== undefined) {
      table(entries)
      continue
    }
    for (const entry of entries) {
      const synonyms = entry.synonyms.map((synonym) => `${synonym.source}:${synonym.name}=${synonym.value}`)
      stdout.line(
        `  ${entry.name}=${entry.value} sensitive=${entry.sensitive} synonyms={${synonyms.join(', ')}}`,
      )
    }
  }
}

/**
 * What failed ends with 1. Kafka's tool ends with 0, and scripts made for it in the long form (`--entity-type topics
 * --entity-name NAME`) go on doing so.
 */
export async function noTopic(admin: Admin, name: string): Promise<ConfigsFailure> {
  const names = (await admin.listTopics()).map((topic) => topic.name)
  return new ConfigsFailure(noSuch('topic', name, names))
}

async function hint(context: CommandContext): Promise<void> {
  if (!context.stderr.isTerminal) return
  context.stdout.flush()
  await (await import('../hints/near-name-hint.ts')).hintNearNames(context)
}

/** On a terminal settings stand in a table: what holds, where it comes from, and what would hold without it. */
async function settingsTable(
  context: CommandContext<'output'>,
): Promise<((entries: readonly ConfigEntry[]) => void) | undefined> {
  if (!context.stdout.isTerminal || context.options.has('output')) return undefined
  const { printTable } = await import('../../cli/table.ts')
  return (entries) => {
    if (entries.length === 0) return
    const rows = entries.map(({ name, value, source, sensitive, synonyms }) => {
      const next = synonyms.find((synonym) => synonym.source !== source)
      const without = next === undefined ? null : `${next.value} (${sourceWords(next.source)})`
      return [`  ${name}`, sensitive ? '(hidden)' : value, sourceWords(source), without]
    })
    printTable(context, ['  Setting', 'Value', 'Set by', 'Else'], rows)
  }
}

/** `DYNAMIC_TOPIC_CONFIG` -> `dynamic topic config`. */
function sourceWords(source: string): string {
  return source.toLowerCase().replaceAll('_', ' ')
}

export function checkTopicName(name: string): void {
  try {
    validateTopicName(name)
  } catch (error) {
    throw new ConfigsFailure((error as Error).message)
  }
}

/** Settings by name; without `all` those that were set for this entity itself. */
export async function resourceConfigs(
  admin: Admin,
  type: EntityType,
  name: string,
  all: boolean,
): Promise<ConfigEntry[]> {
  const resource = RESOURCES[type]
  if (resource === undefined) throw new TerseError(`Invalid entity type: ${type}`)
  const source = type === 'brokers' && name === '' ? 'DYNAMIC_DEFAULT_BROKER_CONFIG' : resource.source
  const entries = await admin.describeConfigs({ type: resource.type, name })
  return entries
    .filter((entry) => all || source === undefined || entry.source === source)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

export async function everyName(admin: Admin, type: EntityType): Promise<string[]> {
  switch (type) {
    case 'topics':
      // As the genuine tool's set of names comes: sorted is as good as any.
      return (await admin.listTopics()).map(({ name }) => name)
    case 'brokers':
      return [...(await brokerIds(admin)), '']
    case 'groups':
      return groupNames(admin)
    default:
      return admin.listConfigResources(RESOURCES[type]!.type)
  }
}

export async function exists(admin: Admin, type: EntityType, name: string): Promise<boolean> {
  if (type === 'topics') return (await admin.listTopics()).some((topic) => topic.name === name)
  if (type === 'brokers' || type === 'broker-loggers') return (await brokerIds(admin)).includes(name)
  return (await everyName(admin, type)).includes(name)
}

async function brokerIds(admin: Admin): Promise<string[]> {
  return (await admin.describeCluster()).brokers.map(({ id }) => String(id))
}

/** Groups that have settings or members or offsets. */
async function groupNames(admin: Admin): Promise<string[]> {
  const groups = (await admin.listGroups()).map(({ groupId }) => groupId)
  return [...new Set([...groups, ...(await admin.listConfigResources('group'))])].sort()
}

async function describeQuotas({ stdout }: CommandContext, admin: Admin, entities: Entities): Promise<void> {
  for (const { entity, values } of await matchingQuotas(admin, entities)) {
    const part = (type: QuotaType, word: string) => {
      const found = entity.find((one) => one.type === type)
      if (found === undefined) return []
      return [found.name === null ? `the default ${word}` : `${word} '${found.name}'`]
    }
    const who = [...part('user', 'user-principal'), ...part('client-id', 'client-id'), ...part('ip', 'ip')]
    // A map in the broker, which grew with its values, and one in the client.
    const limits = [1, values.size].reduce(
      (order, capacity) => javaHashOrder(order, ([name]) => javaStringHash(name), undefined, capacity),
      [...values],
    )
    const text = limits.map(([name, value]) => `${name}=${javaDouble(value)}`).join(', ')
    stdout.line(`Quota configs for ${who.join(', ')} are ${text}`)
  }
}

/** Entities made of exactly the given types; a type without a name means every entity of it. */
export async function matchingQuotas(
  admin: Admin,
  { types, names }: Entities,
): Promise<{ entity: QuotaEntity; values: ReadonlyMap<string, number> }[]> {
  if (names.length > types.length) throw new ConfigsFailure('More entity names specified than entity types')
  const wanted = types.map((type, i) => ({
    type: QUOTA_TYPES[type as keyof typeof QUOTA_TYPES],
    name: names[i],
  }))
  const quotas = (await admin.describeClientQuotas()).filter(
    ({ entity }) =>
      entity.length === wanted.length &&
      wanted.every(({ type, name }) =>
        entity.some((part) => part.type === type && (name === undefined || (part.name ?? '') === name)),
      ),
  )
  return javaHashOrder(quotas, ({ entity }) => entityHash(entity), undefined, quotas.length)
}

/** ClientQuotaEntity.hashCode. */
function entityHash(entity: QuotaEntity): number {
  let sum = 0
  for (const { type, name } of entity)
    sum = (sum + (javaStringHash(type) ^ (name === null ? 0 : javaStringHash(name)))) | 0
  return (31 + sum) | 0
}

/** Entity parts as the Admin takes them. */
export function quotaEntity({ types, names }: Entities): QuotaEntity {
  return types.map((type, i) => ({
    type: QUOTA_TYPES[type as keyof typeof QUOTA_TYPES],
    name: names[i] === '' ? null : names[i],
  }))
}
