/**
 * Consumer settings under Kafka's names: which values are right, in Kafka's own words where they are not, and those
 * that a directory's consumer acts on. What only a network needs is checked and otherwise without effect.
 */
import { TerseError } from '../errors.ts'
import type { IsolationLevel } from './types.ts'

/** Where to start without a committed offset, or with one that is out of range. */
export type AutoOffsetReset = 'earliest' | 'latest' | 'none' | { readonly backMs: number }

export interface ConsumerSettings {
  readonly clientId: string
  readonly groupInstanceId: string | undefined
  readonly groupProtocol: 'classic' | 'consumer'
  /** Class names, in order of preference. */
  readonly assignors: readonly string[] | undefined
  readonly autoOffsetReset: AutoOffsetReset
  readonly enableAutoCommit: boolean
  readonly autoCommitIntervalMs: number
  readonly sessionTimeoutMs: number
  readonly maxPollRecords: number
  readonly maxPollIntervalMs: number
  readonly maxPartitionFetchBytes: number
  readonly fetchMaxBytes: number
  readonly isolationLevel: IsolationLevel
  /** Kafka's default is true; but reading a directory changes nothing, unless somebody says so. */
  readonly allowAutoCreateTopics: boolean
  readonly excludeInternalTopics: boolean
}

type Check = (text: string) => string | undefined

const INT_MAX = 2 ** 31 - 1

function number(type: 'INT' | 'LONG', min = Number.NEGATIVE_INFINITY): Check {
  return (text) => {
    const trimmed = text.trim()
    const value = /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN
    const limit = type === 'INT' ? INT_MAX : 2 ** 63
    if (Number.isNaN(value) || value > limit || value < -limit - 1) return `Not a number of type ${type}`
    return value < min ? `Value must be at least ${min}` : undefined
  }
}

const boolean: Check = (text) =>
  /^(true|false)$/i.test(text.trim()) ? undefined : 'Expected value to be either true or false'

const oneOf =
  (...values: string[]): Check =>
  (text) =>
    values.includes(text.trim()) ? undefined : `String must be one of: ${values.join(', ')}`

const oneOfAnyCase =
  (...values: string[]): Check =>
  (text) =>
    values.includes(text.trim().toUpperCase())
      ? undefined
      : `String must be one of (case insensitive): ${values.join(', ')}`

/** In the order in which Kafka looks at them: the first wrong one is reported. */
const CHECKS: Readonly<Record<string, Check>> = {
  'client.dns.lookup': oneOf('use_all_dns_ips', 'resolve_canonical_bootstrap_servers_only'),
  'group.instance.id': (text) => (text.trim() === '' ? 'String must be non-empty' : undefined),
  'session.timeout.ms': number('INT'),
  'heartbeat.interval.ms': number('INT'),
  'metadata.max.age.ms': number('LONG', 0),
  'enable.auto.commit': boolean,
  'auto.commit.interval.ms': number('INT', 0),
  'max.partition.fetch.bytes': number('INT', 0),
  'send.buffer.bytes': number('INT', -1),
  'receive.buffer.bytes': number('INT', -1),
  'fetch.min.bytes': number('INT', 0),
  'fetch.max.bytes': number('INT', 0),
  'fetch.max.wait.ms': number('INT', 0),
  'reconnect.backoff.ms': number('LONG', 0),
  'reconnect.backoff.max.ms': number('LONG', 0),
  'retry.backoff.ms': number('LONG', 0),
  'retry.backoff.max.ms': number('LONG', 0),
  'enable.metrics.push': boolean,
  'auto.offset.reset': (text) =>
    parseAutoOffsetReset(text.trim()) === undefined
      ? `Invalid value \`${text.trim()}\` for configuration auto.offset.reset. The value must be either 'earliest', 'latest', 'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'.`
      : undefined,
  'check.crcs': boolean,
  'metrics.sample.window.ms': number('LONG', 0),
  'metrics.num.samples': number('INT', 1),
  'metrics.recording.level': oneOf('INFO', 'DEBUG', 'TRACE'),
  'request.timeout.ms': number('INT', 0),
  'default.api.timeout.ms': number('INT', 0),
  'socket.connection.setup.timeout.ms': number('LONG'),
  'socket.connection.setup.timeout.max.ms': number('LONG'),
  'connections.max.idle.ms': number('LONG'),
  'max.poll.records': number('INT', 1),
  'max.poll.interval.ms': number('INT', 1),
  'exclude.internal.topics': boolean,
  'isolation.level': oneOf('read_committed', 'read_uncommitted'),
  'allow.auto.create.topics': boolean,
  'group.protocol': oneOfAnyCase('CONSUMER', 'CLASSIC'),
  'security.protocol': oneOfAnyCase('SASL_SSL', 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT'),
  'metadata.recovery.strategy': oneOfAnyCase('REBOOTSTRAP', 'NONE'),
  'metadata.recovery.rebootstrap.trigger.ms': number('LONG', 0),
}

/**
 * Checked settings with Kafka's defaults.
 * @throws TerseError in Kafka's words
 */
export function consumerSettings(
  config: Readonly<Record<string, string>>,
  groupId?: string,
): ConsumerSettings {
  for (const name in CHECKS) {
    const value = config[name]
    const problem = value === undefined ? undefined : CHECKS[name](value)
    if (problem !== undefined)
      throw new TerseError(`Invalid value ${value} for configuration ${name}: ${problem}`)
  }
  const text = (name: string) => config[name]?.trim()
  const int = (name: string, fallback: number) => Number(config[name] ?? fallback)
  const flag = (name: string, fallback: boolean) => (text(name)?.toLowerCase() ?? String(fallback)) === 'true'
  const groupProtocol = text('group.protocol')?.toLowerCase() === 'consumer' ? 'consumer' : 'classic'
  checkProtocol(config, groupProtocol)
  const sessionTimeoutMs = int('session.timeout.ms', 45000)
  if (groupProtocol === 'classic' && int('heartbeat.interval.ms', 3000) >= sessionTimeoutMs) {
    throw new TerseError(
      'Failed to construct kafka consumer\nHeartbeat must be set lower than the session timeout',
    )
  }
  if (groupId !== undefined && groupId.trim() === '') {
    throw new TerseError(
      'Failed to construct kafka consumer\nThe configured group.id should not be an empty string or whitespace.',
    )
  }
  const assignors = classNames(text('partition.assignment.strategy'))
  checkClasses(assignors, classNames(text('interceptor.classes')))
  return {
    clientId: config['client.id'] || 'consumer',
    groupInstanceId: text('group.instance.id'),
    groupProtocol,
    assignors,
    autoOffsetReset: parseAutoOffsetReset(text('auto.offset.reset') ?? 'latest') ?? 'latest',
    enableAutoCommit: flag('enable.auto.commit', true),
    autoCommitIntervalMs: int('auto.commit.interval.ms', 5000),
    sessionTimeoutMs,
    maxPollRecords: int('max.poll.records', 500),
    maxPollIntervalMs: int('max.poll.interval.ms', 300000),
    maxPartitionFetchBytes: int('max.partition.fetch.bytes', 1048576),
    fetchMaxBytes: int('fetch.max.bytes', 52428800),
    isolationLevel: text('isolation.level') === 'read_committed' ? 'read_committed' : 'read_uncommitted',
    allowAutoCreateTopics: flag('allow.auto.create.topics', false),
    excludeInternalTopics: flag('exclude.internal.topics', true),
  }
}

/** By class or by name. */
const ASSIGNORS =
  /^(.*\.)?(Range|RoundRobin|Sticky|CooperativeSticky)Assignor$|^(range|roundrobin|(cooperative-)?sticky)$/

/** Classes that a JVM would have to run. @throws TerseError in Kafka's words, and which class it is */
function checkClasses(
  assignors: readonly string[] | undefined,
  interceptors: readonly string[] | undefined,
): void {
  const unknown = [...(assignors ?? []).filter((name) => !ASSIGNORS.test(name)), ...(interceptors ?? [])][0]
  if (unknown === undefined) return
  throw new TerseError(
    `Failed to construct kafka consumer\nClass ${unknown} cannot be found: Java classes cannot be loaded here`,
  )
}

function classNames(list: string | undefined): string[] | undefined {
  return list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function checkProtocol(config: Readonly<Record<string, string>>, protocol: 'classic' | 'consumer'): void {
  const refused =
    protocol === 'consumer'
      ? ['partition.assignment.strategy', 'heartbeat.interval.ms', 'session.timeout.ms']
      : ['group.remote.assignor']
  for (const name of refused) {
    if (config[name] !== undefined) {
      throw new TerseError(`${name} cannot be set when group.protocol=${protocol.toUpperCase()}`)
    }
  }
}

/** undefined: not right. */
function parseAutoOffsetReset(text: string): AutoOffsetReset | undefined {
  if (text === 'earliest' || text === 'latest' || text === 'none') return text
  if (!text.startsWith('by_duration:')) return undefined
  const match = /^P(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d{0,9})?)S)?)?$/i.exec(
    text.slice('by_duration:'.length),
  )
  if (match === null || match[0].length < 3) return undefined
  const [days, hours, minutes, seconds] = match
    .slice(1)
    .map((part) => Number((part ?? '0').replace(',', '.')))
  return { backMs: Math.floor((((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000) }
}
