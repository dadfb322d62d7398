/** Which entity (topic, broker, user, ...) a command line of configs names, and which flags go with it. */
import { checkExactlyOne, checkInvalidArguments } from '../../cli/argument-checks.ts'
import type { Options } from '../../cli/command.ts'
import { TerseError } from '../../errors.ts'
import { isOneOf } from '../../names/one-of.ts'

/** A refusal of the tool's own: the message stands alone. */
export class ConfigsFailure extends TerseError {
  override name = 'ConfigsFailure'
}

const ENTITY_TYPES = [
  'broker-loggers',
  'topics',
  'clients',
  'users',
  'brokers',
  'ips',
  'client-metrics',
  'groups',
] as const

export type EntityType = (typeof ENTITY_TYPES)[number]

/** What the command line is about; a name '' is the default entity. There may be more types than names. */
export interface Entities {
  readonly types: readonly EntityType[]
  readonly names: readonly string[]
}

/** Short forms, in the genuine tool's order. */
const NAME_FLAGS = [
  ['topic', 'topics'],
  ['client', 'clients'],
  ['user', 'users'],
  ['broker', 'brokers'],
  ['broker-logger', 'broker-loggers'],
  ['ip', 'ips'],
  ['client-metrics', 'client-metrics'],
  ['group', 'groups'],
] as const satisfies readonly (readonly [string, EntityType])[]
const DEFAULT_FLAGS = [
  ['client-defaults', 'clients'],
  ['user-defaults', 'users'],
  ['broker-defaults', 'brokers'],
  ['ip-defaults', 'ips'],
] as const satisfies readonly (readonly [string, EntityType])[]

type EntityFlag =
  | (typeof NAME_FLAGS | typeof DEFAULT_FLAGS)[number][0]
  | 'entity-type'
  | 'entity-name'
  | 'entity-default'
type ActionFlag = 'describe' | 'alter' | 'add-config' | 'add-config-file' | 'delete-config'
type EntityOptions = Options<EntityFlag | ActionFlag>

/** Types that have a default entity. */
const WITH_DEFAULTS: readonly EntityType[] = ['users', 'clients', 'brokers', 'ips']

/** `topics` -> `topic`, as the genuine tool says it. */
export function singular(type: string): string {
  return type.slice(0, -1)
}

/** The genuine tool's checks, in its order. */
export async function checkArguments(options: EntityOptions): Promise<Entities> {
  checkExactlyOne(
    options,
    ['alter', 'describe'],
    'Command must include exactly one action: --describe, --alter',
  )
  checkInvalidArguments(options, 'describe', ['alter', 'add-config', 'delete-config'])
  const given = entityTypes(options)
  const repeated = given.filter((type, i) => given.indexOf(type) !== i)
  if (repeated.length > 0) refuse(`Duplicate entity type(s) specified: ${repeated.join(',')}`)
  const types = given.map(knownType)
  if (types.length === 0) refuse('At least one entity type must be specified')
  const both = types.length === 2 && types.includes('users') && types.includes('clients')
  if (types.length > 1 && !both) refuse("Only 'users' and 'clients' entity types may be specified together")
  const generic = (['entity-type', 'entity-name', 'entity-default'] as const).some((flag) =>
    options.has(flag),
  )
  if (generic && [...NAME_FLAGS, ...DEFAULT_FLAGS].some(([flag]) => options.has(flag))) {
    refuse('--entity-{type,name,default} should not be used in conjunction with specific entity flags')
  }
  const names = entityNames(options)
  await checkNames(options, types, names)
  if (options.has('describe')) checkDescribe(options, types, names)
  else checkAlter(options, types, names)
  return { types, names }
}

function refuse(message: string): never {
  throw new ConfigsFailure(message)
}

function knownType(type: string): EntityType {
  if (isOneOf(ENTITY_TYPES, type)) return type
  return refuse(
    `Invalid entity type ${type}, the entity type must be one of ${ENTITY_TYPES.join(', ')} with a --bootstrap-server or --bootstrap-controller argument`,
  )
}

function entityTypes(options: EntityOptions): string[] {
  const short = [...NAME_FLAGS, ...DEFAULT_FLAGS]
    .filter(([flag]) => options.has(flag))
    .map(([, type]) => type)
  return [...options.values('entity-type'), ...short]
}

/** Names and defaults in the order they were given in. */
function entityNames(options: EntityOptions): string[] {
  const given: string[] = []
  const values = options.values('entity-name')
  for (const word of options.raw) {
    if (/^--?entity-name(=|$)/.test(word)) given.push(values.shift() ?? '')
    else if (/^--?entity-default(=|$)/.test(word)) given.push('')
  }
  const named = NAME_FLAGS.filter(([flag]) => options.has(flag)).map(([flag]) => options.value(flag) ?? '')
  const defaults = DEFAULT_FLAGS.filter(([flag]) => options.has(flag)).map(() => '')
  return [...given, ...named, ...defaults]
}

async function checkNames(
  options: EntityOptions,
  types: readonly EntityType[],
  names: readonly string[],
): Promise<void> {
  if (!names.some((name) => name !== '')) return
  const given = (flags: readonly EntityFlag[]) =>
    flags.filter((flag) => options.has(flag)).map((flag) => options.value(flag) ?? '')
  if (types.includes('brokers') || types.includes('broker-loggers')) {
    for (const id of given(['entity-name', 'broker', 'broker-logger'])) {
      if (!/^[+-]?\d{1,10}$/.test(id)) {
        refuse(`The entity name for ${types[0]} must be a valid integer broker id, but it is: ${id}`)
      }
    }
  }
  if (types.includes('ips')) {
    const { isAddressOrHost } = await import('../../os/host-names.ts')
    for (const ip of given(['entity-name', 'ip'])) {
      if (!(await isAddressOrHost(ip))) {
        refuse(`The entity name for ${types[0]} must be a valid IP or resolvable host, but it is: ${ip}`)
      }
    }
  }
}

function checkDescribe(options: EntityOptions, types: readonly EntityType[], names: readonly string[]): void {
  if (options.has('entity-default') && !types.some((type) => WITH_DEFAULTS.includes(type))) {
    refuse(`--entity-default must not be specified with --describe of ${types.join(',')}`)
  }
  if (types.includes('broker-loggers') && !names.some((name) => name !== '')) {
    refuse(`An entity name must be specified with --describe of ${types.join(',')}`)
  }
}

function checkAlter(options: EntityOptions, types: readonly EntityType[], names: readonly string[]): void {
  if (types.some((type) => WITH_DEFAULTS.includes(type))) {
    if (names.length === 0) {
      refuse(
        'An entity-name or default entity must be specified with --alter of users, clients, brokers or ips',
      )
    }
  } else if (!names.some((name) => name !== '')) {
    refuse(`An entity name must be specified with --alter of ${types.join(',')}`)
  }
  if (options.has('add-config') && options.has('add-config-file')) {
    refuse('Only one of --add-config or --add-config-file must be specified')
  }
  if (!(['add-config', 'add-config-file', 'delete-config'] as const).some((flag) => options.has(flag))) {
    refuse(
      'At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
    )
  }
  if (types.length !== names.length) refuse('An entity name must be specified for every entity type')
}
