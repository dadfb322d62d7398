/** `configs --alter`: adds and deletes settings, quotas and SCRAM credentials. */
import type { CommandContext, Options } from '../../cli/command.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type {
  ConfigAlteration,
  ConfigResourceType,
  ScramCredentialInfo,
} from '../../client/admin/config-admin.ts'
import { IP_QUOTAS, USER_CLIENT_QUOTAS } from '../../config/client-quota-configs.ts'
import { TerseError } from '../../errors.ts'
import { javaHashOrder, javaStringHash } from '../../java/java-hash.ts'
import { validateTopicName } from '../../names/topic-names.ts'
import { hintAtNoEffect } from '../hints/no-effect-hint.ts'
import { NoSuchFile, propertiesFile } from '../open/client-properties.ts'
import { matchingQuotas, quotaEntity, resourceConfigs } from './describe.ts'
import { ConfigsFailure, type Entities, singular } from './entities.ts'

type Mechanism = ScramCredentialInfo['mechanism']

const SCRAM: ReadonlySet<string> = new Set<Mechanism>(['SCRAM-SHA-256', 'SCRAM-SHA-512'])
const DEFAULT_ITERATIONS = 4096
const MIN_ITERATIONS = 4096

/** The genuine tool names the file in its headline and says no more. */
export class UnreadableFile extends TerseError {
  override name = 'UnreadableFile'
  readonly isMissing: boolean

  /** `cause` is what reading the file that this flag names has thrown: one line of it. */
  constructor(flag: string, cause: Error) {
    super(`--${flag}: ${cause.message.split('\n').join(': ')}`)
    this.isMissing = cause instanceof NoSuchFile
  }
}

type ChangeFlag = 'add-config' | 'add-config-file' | 'delete-config'

/** What is to be set and what to be taken away. */
interface Changes {
  readonly added: ReadonlyMap<string, string>
  readonly deleted: readonly string[]
}

export async function alterConfigs(
  context: CommandContext<ChangeFlag>,
  admin: Admin,
  entities: Entities,
): Promise<void> {
  const { options, stdout } = context
  const [type] = entities.types
  const [name] = entities.names
  const changes: Changes = { added: await addedConfigs(options), deleted: deletedConfigs(options) }
  switch (type) {
    case 'topics':
      validateTopicName(name)
      await alterResource(admin, 'topic', name, changes)
      break
    case 'brokers':
      await alterResource(admin, 'broker', name, changes)
      break
    case 'groups':
      await alterResource(admin, 'group', name, changes)
      break
    case 'client-metrics':
      await alterResource(admin, 'client-metrics', name, changes)
      break
    case 'broker-loggers':
      await alterLoggers(admin, name, changes)
      break
    case 'ips':
      await alterAddresses(admin, entities, changes)
      break
    default:
      await alterUsersAndClients(admin, entities, changes)
  }
  stdout.line(
    name === ''
      ? `Completed updating default config for ${type} in the cluster.`
      : `Completed updating config for ${singular(type)} ${name}.`,
  )
  if (type === 'topics') hintAtNoEffect(context, changes.added.keys())
}

/** Pairs of --add-config, or of the file. Commas inside [] belong to the value. */
async function addedConfigs(options: Options<ChangeFlag>): Promise<Map<string, string>> {
  if (options.has('add-config-file')) {
    const file = options.value('add-config-file') ?? ''
    const properties = await propertiesFile(file).catch((error: Error) => {
      if (error.message.startsWith('Is a directory')) throw error
      throw new UnreadableFile('add-config-file', error)
    })
    checkKeys(properties.keys())
    // In the order of Java's Properties.
    const names = javaHashOrder([...properties.keys()], javaStringHash)
    return new Map(names.map((name) => [name, (properties.get(name) as string).trimEnd()]))
  }
  const added = new Map<string, string>()
  if (!options.has('add-config')) return added
  const outsideBrackets = '(?=[^\\]]*(?:\\[|$))'
  const pairs = withoutEmptyEnd(
    (options.value('add-config') ?? '').split(new RegExp(`,${outsideBrackets}`)),
  ).map((pair) => pair.split(new RegExp(`\\s*=\\s*${outsideBrackets}`)))
  if (!pairs.every((pair) => pair.length === 2)) {
    throw new ConfigsFailure(
      'Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.',
    )
  }
  for (const [key, value] of pairs) added.set(key.trim(), value.replace(/\[?\]?/g, '').trim())
  checkKeys(added.keys())
  return added
}

/** As Java splits: empty pieces at the end do not count, but a text without a comma is one piece. */
function withoutEmptyEnd(parts: string[]): string[] {
  while (parts.length > 1 && parts[parts.length - 1] === '') parts.pop()
  return parts
}

function checkKeys(keys: Iterable<string>): void {
  for (const key of keys) {
    if (!/^[a-zA-Z0-9._-]*$/.test(key))
      throw new ConfigsFailure(`Invalid character found for config key: ${key}`)
  }
}

function deletedConfigs(options: Options<ChangeFlag>): string[] {
  return options.values('delete-config').flatMap((list) => list.split(',').map((name) => name.trim()))
}

async function alterResource(
  admin: Admin,
  type: ConfigResourceType,
  name: string,
  { added, deleted }: Changes,
): Promise<void> {
  const alterations: ConfigAlteration[] = [
    ...[...added].map(([key, value]) => ({ name: key, operation: 'set', value }) as const),
    ...deleted.map((key) => ({ name: key, operation: 'delete' }) as const),
  ]
  await admin.incrementalAlterConfigs({ type, name }, alterations)
}

async function alterLoggers(admin: Admin, name: string, changes: Changes): Promise<void> {
  const known = new Set(
    (await resourceConfigs(admin, 'broker-loggers', name, true)).map((entry) => entry.name),
  )
  const unknown = [...changes.deleted, ...changes.added.keys()].filter((logger) => !known.has(logger))
  if (unknown.length > 0) throw new ConfigsFailure(`Invalid broker logger(s): ${unknown.join(',')}`)
  await alterResource(admin, 'broker-logger', name, changes)
}

async function alterAddresses(admin: Admin, entities: Entities, changes: Changes): Promise<void> {
  const unknown = [...changes.added.keys(), ...changes.deleted].filter((name) => !IP_QUOTAS.has(name))
  if (unknown.length > 0) {
    throw new ConfigsFailure(
      `Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: ${unknown.join(',')}`,
    )
  }
  await alterQuotas(admin, entities, changes)
}

async function alterUsersAndClients(admin: Admin, entities: Entities, changes: Changes): Promise<void> {
  const added = [...changes.added.keys()]
  const { deleted } = changes
  const quota = (name: string) => USER_CLIENT_QUOTAS.has(name)
  const scram = (name: string) => SCRAM.has(name)
  const unknown = (name: string) => !quota(name) && !scram(name)
  const [type] = entities.types
  if (type === 'clients' || entities.types.length === 2) {
    refuseNames("Only quota configs can be added for 'clients'", [
      ...added.filter(unknown),
      ...added.filter(scram),
    ])
    refuseNames("Only quota configs can be deleted for 'clients'", [
      ...deleted.filter(unknown),
      ...deleted.filter(scram),
    ])
  } else {
    const what = 'Only quota and SCRAM credential configs can be'
    refuseNames(`${what} added for 'users'`, added.filter(unknown))
    refuseNames(`${what} deleted for 'users'`, deleted.filter(unknown))
    if ([...added, ...deleted].some(scram)) {
      if (entities.names.includes('')) {
        throw new ConfigsFailure(
          'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
        )
      }
      if ([...added, ...deleted].some(quota)) {
        throw new ConfigsFailure(
          "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
        )
      }
    }
  }
  if ([...added, ...deleted].some(quota)) await alterQuotas(admin, entities, changes)
  else await alterCredentials(admin, entities.names[0], changes)
}

function refuseNames(what: string, names: readonly string[]): void {
  if (names.length > 0) {
    throw new ConfigsFailure(`${what} using --bootstrap-server. Unexpected config names: ${names.join(',')}`)
  }
}

async function alterQuotas(admin: Admin, entities: Entities, { added, deleted }: Changes): Promise<void> {
  const old = (await matchingQuotas(admin, entities))[0]?.values
  const missing = deleted.filter((name) => !old?.has(name))
  if (missing.length > 0) throw new ConfigsFailure(`Invalid config(s): ${missing.join(',')}`)
  const values = new Map<string, number | null>()
  for (const [name, text] of added) values.set(name, javaDoubleOf(name, text))
  for (const name of deleted) values.set(name, null)
  // What changes together is taken over in the order of a map: it counts where describe's map has no order of its own.
  const ordered = javaHashOrder([...values], ([name]) => javaStringHash(name))
  await admin.alterClientQuotas(quotaEntity(entities), new Map(ordered))
}

function javaDoubleOf(name: string, text: string): number {
  const trimmed = text.trim()
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[fd]?$/i.test(trimmed)) return Number(trimmed.replace(/[fd]$/i, ''))
  if (/^[+-]?(NaN|Infinity)$/.test(trimmed)) return Number(trimmed)
  throw new ConfigsFailure(`Cannot parse quota configuration value for ${name}: ${text}`)
}

async function alterCredentials(admin: Admin, user: string, { added, deleted }: Changes): Promise<void> {
  const upsertions = [...added].map(([mechanism, text]) => credential(mechanism as Mechanism, text))
  if (upsertions.length === 0 && deleted.length === 0) throw new TerseError('Nothing to alter')
  await admin.alterUserScramCredentials(user, upsertions, deleted as Mechanism[])
}

/** `iterations=8192,password=secret`; -1 iterations are the default's. */
function credential(
  mechanism: Mechanism,
  text: string,
): { mechanism: Mechanism; iterations: number; password: string } {
  const match = /^(?:iterations=(-?[0-9]*),)?password=(.*)$/s.exec(text)
  if (match === null) {
    throw new ConfigsFailure(`Invalid credential property ${mechanism.replaceAll('-', '_')}=${text}`)
  }
  const [, given, password] = match
  if (given === '' || given === '-') throw new ConfigsFailure(`For input string: "${given}"`)
  const iterations = given === undefined || given === '-1' ? DEFAULT_ITERATIONS : Number(given)
  if (iterations < MIN_ITERATIONS) {
    throw new ConfigsFailure(
      `Iterations ${iterations} is less than the minimum ${MIN_ITERATIONS} required for ${mechanism}`,
    )
  }
  return { mechanism, iterations, password }
}
