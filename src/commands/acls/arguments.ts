/** What acls is asked for: from flags to resources with their entries. */
import type { Options } from '../../cli/command.ts'
import {
  ACL_OPERATIONS,
  type AccessControlEntry,
  type AclOperation,
  CLUSTER_NAME,
  entryText,
  PATTERN_TYPES,
  patternText,
  type ResourcePattern,
  type ResourcePatternFilter,
  supportedOperations,
  WILDCARD,
} from '../../client/admin/acl.ts'
import { TerseError, UsageError } from '../../errors.ts'

type Resource = ResourcePatternFilter & Pick<ResourcePattern, 'resourceType'> & { readonly name: string }

export interface ResourceAcls {
  readonly resource: Resource
  /** Empty: whatever there is. */
  readonly entries: readonly AccessControlEntry[]
}

type AclOptions = Options<
  | 'bootstrap-server'
  | 'bootstrap-controller'
  | 'add'
  | 'remove'
  | 'list'
  | 'producer'
  | 'consumer'
  | 'idempotent'
  | 'cluster'
  | 'operation'
  | 'principal'
  | 'allow-principal'
  | 'allow-host'
  | 'deny-principal'
  | 'deny-host'
  | 'resource-pattern-type'
  | (typeof RESOURCE_FLAGS)[number][0]
>
type AclFlag = Parameters<AclOptions['has']>[0]

const RESOURCE_FLAGS = [
  ['topic', 'TOPIC'],
  ['group', 'GROUP'],
  ['transactional-id', 'TRANSACTIONAL_ID'],
  ['delegation-token', 'DELEGATION_TOKEN'],
  ['user-principal', 'USER'],
] as const

/** @throws UsageError as the genuine tool finds fault, in its order */
export function checkArguments(options: AclOptions): void {
  const has = (name: AclFlag) => options.has(name)
  const both = (used: AclFlag, ...others: AclFlag[]) => {
    const other = has(used) ? others.find(has) : undefined
    if (other !== undefined) throw new UsageError(`Option "[${used}]" can't be used with option "[${other}]"`)
  }
  const refuse = (wrong: boolean, message: string) => {
    if (wrong) throw new UsageError(message)
  }
  refuse(
    has('bootstrap-server') && has('bootstrap-controller'),
    'Only one of --bootstrap-server or --bootstrap-controller must be specified',
  )
  refuse(
    (['add', 'remove', 'list'] as const).filter(has).length !== 1,
    'Command must include exactly one action: --list, --add, --remove. ',
  )
  both('list', 'producer', 'consumer', 'allow-host', 'allow-principal', 'deny-host', 'deny-principal')
  both('producer', 'operation', 'deny-principal', 'deny-host')
  both('consumer', 'operation', 'deny-principal', 'deny-host')
  refuse(has('principal') && !has('list'), 'The --principal option is only available if --list is set')
  refuse(has('producer') && !has('topic'), 'With --producer you must specify a --topic')
  refuse(
    has('idempotent') && !has('producer'),
    'The --idempotent option is only available if --producer is set',
  )
  refuse(
    has('consumer') &&
      (!has('topic') || !has('group') || (!has('producer') && (has('cluster') || has('transactional-id')))),
    'With --consumer you must specify a --topic and a --group and no --cluster or --transactional-id option should be specified.',
  )
}

/** The resources named; `needed`: at least one. */
export function resourceFilters(options: AclOptions, needed: boolean): Resource[] {
  const pattern = patternType(options)
  const found = new Map<string, Resource>()
  const add = (resource: Resource) => found.set(patternText(resource), resource)
  for (const name of options.values('topic'))
    add({ resourceType: 'TOPIC', name: name.trim(), patternType: pattern })
  if (pattern === 'LITERAL' && (options.has('cluster') || options.has('idempotent'))) {
    add({ resourceType: 'CLUSTER', name: CLUSTER_NAME, patternType: 'LITERAL' })
  }
  for (const [flag, resourceType] of RESOURCE_FLAGS.slice(1)) {
    for (const name of options.values(flag)) {
      // The genuine tool leaves the spaces of a transactional id alone.
      add({
        resourceType,
        name: resourceType === 'TRANSACTIONAL_ID' ? name : name.trim(),
        patternType: pattern,
      })
    }
  }
  if (needed && found.size === 0) {
    throw new UsageError(
      'You must provide at least one resource: --topic <topic> or --cluster or --group <group> or --delegation-token <Delegation Token ID>',
    )
  }
  return [...found.values()]
}

/** For --add: every resource literal or prefixed, with at least one entry. */
export function aclsToAdd(options: AclOptions): (ResourceAcls & { readonly resource: ResourcePattern })[] {
  const pattern = patternType(options)
  if (pattern !== 'LITERAL' && pattern !== 'PREFIXED') {
    throw new UsageError(`A '--resource-pattern-type' value of '${pattern}' is not valid when adding acls.`)
  }
  const all = aclsOf(options)
  if (all.some(({ entries }) => entries.length === 0)) {
    throw new UsageError(
      'You must specify one of: --allow-principal, --deny-principal when trying to add ACLs.',
    )
  }
  return all.map(({ resource, entries }) => ({ resource: resource as ResourcePattern, entries }))
}

/** For --remove, and what --add rests on. */
export function aclsOf(options: AclOptions): ResourceAcls[] {
  const resources = resourceFilters(options, true)
  const found = new Map<string, { resource: Resource; entries: Map<string, AccessControlEntry> }>()
  const add = (resource: Resource, operations: readonly (AclOperation | 'UNKNOWN')[]) => {
    const key = patternText(resource)
    const known = found.get(key) ?? { resource, entries: new Map() }
    for (const entry of entriesFor(options, operations)) known.entries.set(entryText(entry), entry)
    found.set(key, known)
  }
  const ofType = (type: Resource['resourceType']) => resources.filter((one) => one.resourceType === type)
  if (!options.has('producer') && !options.has('consumer')) {
    for (const resource of resources) add(resource, operations(options))
  }
  if (options.has('producer')) {
    for (const topic of ofType('TOPIC')) add(topic, ['WRITE', 'DESCRIBE', 'CREATE'])
    for (const id of ofType('TRANSACTIONAL_ID')) add(id, ['WRITE', 'DESCRIBE'])
    if (options.has('idempotent')) {
      add({ resourceType: 'CLUSTER', name: CLUSTER_NAME, patternType: 'LITERAL' }, ['IDEMPOTENT_WRITE'])
    }
  }
  if (options.has('consumer')) {
    for (const topic of ofType('TOPIC')) add(topic, ['READ', 'DESCRIBE'])
    for (const group of ofType('GROUP')) add(group, ['READ'])
  }
  const all = [...found.values()].map(({ resource, entries }) => ({
    resource,
    entries: [...entries.values()],
  }))
  for (const { resource, entries } of all) {
    const right: readonly string[] = supportedOperations(resource.resourceType)
    if (entries.every(({ operation }) => right.includes(operation))) continue
    throw new UsageError(
      `ResourceType ${resource.resourceType} only supports operations [${right.join(', ')}]`,
    )
  }
  return all
}

/** @throws TerseError when one is not `type:name` */
export function principals<Name extends string>(options: Options<NoInfer<Name>>, flag: Name): string[] {
  const found = options.values(flag).map((text) => {
    const principal = text.trim()
    if (!principal.includes(':')) {
      throw new TerseError(`expected a string in format principalType:principalName but got ${principal}`)
    }
    return principal
  })
  return [...new Set(found)]
}

function entriesFor(
  options: AclOptions,
  operations: readonly (AclOperation | 'UNKNOWN')[],
): AccessControlEntry[] {
  const entries: AccessControlEntry[] = []
  for (const [permissionType, word] of [
    ['ALLOW', 'allow'],
    ['DENY', 'deny'],
  ] as const) {
    const hosts = options.has(`${word}-host`)
      ? [...new Set(options.values(`${word}-host`).map((host) => host.trim()))]
      : [WILDCARD]
    for (const principal of principals(options, `${word}-principal`)) {
      for (const operation of operations) {
        if (operation === 'ANY') throw new TerseError('operation must not be ANY')
        for (const host of hosts) {
          entries.push({ principal, host, operation: operation as AclOperation, permissionType })
        }
      }
    }
  }
  return entries
}

/** `AlterConfigs`, `alterconfigs`; what nobody knows is UNKNOWN, as in Kafka. */
function operations(options: AclOptions): (AclOperation | 'UNKNOWN')[] {
  const names = options.has('operation') ? options.values('operation') : ['All']
  const found = names.map((name): AclOperation | 'UNKNOWN' => {
    const plain = name.trim().toUpperCase()
    const known = Object.keys(ACL_OPERATIONS) as AclOperation[]
    return known.find((one) => one.replaceAll('_', '') === plain) ?? 'UNKNOWN'
  })
  return [...new Set(found)]
}

function patternType(options: AclOptions): ResourcePatternFilter['patternType'] {
  const text = options.value('resource-pattern-type') ?? 'LITERAL'
  const type = (Object.keys(PATTERN_TYPES) as ResourcePatternFilter['patternType'][]).find(
    (one) => one === text.toUpperCase(),
  )
  if (type === undefined) {
    throw new TerseError(`Cannot parse argument '${text}' of option resource-pattern-type`)
  }
  return type
}
