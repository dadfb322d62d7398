/** What a running broker asks of a change to its settings as a whole, with Kafka's words. */
import { KafkaError } from '../errors.ts'

/** A setting's value with everything that counts for it; null: it has none. */
export type BrokerValue = (name: string) => string | null

/** Pools of threads, which a broker lets grow to the double and shrink to the half at once. */
const THREAD_POOLS = [
  'num.io.threads',
  'num.network.threads',
  'num.replica.fetchers',
  'num.recovery.threads.per.data.dir',
  'background.threads',
  'remote.log.reader.threads',
  'remote.log.manager.copier.thread.pool.size',
  'remote.log.manager.expiration.thread.pool.size',
  'remote.log.manager.follower.thread.pool.size',
]

const CONNECTIONS = ['max.connections', 'max.connection.creation.rate']
const OVERRIDES = 'max.connections.per.ip.overrides'
const DEDUPE_BUFFER_LEAST = 1024 * 1024

/**
 * `before` and `after`: what holds without and with the change. Only what the change touches is looked at, so that a
 * directory with an odd setting of old takes others.
 * @throws KafkaError INVALID_REQUEST, or INVALID_CONFIG
 */
export function checkBrokerConfigsTogether(before: BrokerValue, after: BrokerValue): void {
  const changes = (...names: string[]) => names.some((name) => before(name) !== after(name))
  const number = (name: string) => Number(after(name))
  const require = (holds: boolean, message: string) => {
    if (!holds) throw new KafkaError('INVALID_REQUEST', `requirement failed: ${message}`)
  }
  if (after('log.roll.ms') !== null && changes('log.roll.ms'))
    require(number('log.roll.ms') >= 1, 'log.roll.ms must be greater than or equal to 1')
  if (after('log.roll.jitter.ms') !== null && changes('log.roll.jitter.ms'))
    require(number('log.roll.jitter.ms') >= 0, 'log.roll.jitter.ms must be greater than or equal to 0')
  if (after('log.retention.ms') !== null && changes('log.retention.ms')) {
    require(number('log.retention.ms') !==
      0, 'log.retention.ms must be unlimited (-1) or, greater than or equal to 1')
  }
  if (changes('log.cleaner.dedupe.buffer.size', 'log.cleaner.threads')) {
    const threads = number('log.cleaner.threads')
    if (threads === 0) throw new KafkaError('INVALID_REQUEST', '/ by zero')
    require(Math.floor(number('log.cleaner.dedupe.buffer.size') / threads) >
      DEDUPE_BUFFER_LEAST, 'log.cleaner.dedupe.buffer.size must be at least 1MB per cleaner thread.')
  }
  if (changes('max.connections.per.ip', OVERRIDES)) {
    const addresses = overriddenAddresses(after(OVERRIDES) ?? '')
    require(number('max.connections.per.ip') > 0 ||
      addresses.length > 0, `max.connections.per.ip can be set to zero only if ${OVERRIDES} property is set.`)
    const wrong = addresses.filter((address) => !/^[0-9a-zA-Z\-%._:]*$/.test(address))
    if (wrong.length > 0)
      throw new KafkaError('INVALID_REQUEST', `${OVERRIDES} contains invalid addresses : ${wrong.join(',')}`)
  }
  for (const name of CONNECTIONS) {
    if (changes(name) && number(name) <= 0) throw invalidChange(`Invalid ${name} ${after(name)}`)
  }
  for (const name of THREAD_POOLS) {
    if (changes(name)) {
      const failed = `Dynamic thread count update validation failed for ${name}=${after(name)}, value should`
      checkThreads(
        Number(before(name)),
        number(name),
        `${failed} be at least`,
        `${failed} not be greater than`,
      )
    }
  }
  if (changes('log.cleaner.threads')) {
    const failed = 'Log cleaner threads cannot be'
    checkThreads(
      Number(before('log.cleaner.threads')),
      number('log.cleaner.threads'),
      `${failed} reduced to less than`,
      `${failed} increased to more than`,
    )
  }
  checkLocalRetention('ms', retentionMs(after), retentionMs(before), before, after)
  checkLocalRetention(
    'bytes',
    number('log.retention.bytes'),
    Number(before('log.retention.bytes')),
    before,
    after,
  )
}

function checkThreads(before: number, after: number, tooFew: string, tooMany: string): void {
  if (after < Math.trunc(before / 2)) throw invalidChange(`${tooFew} half the current value ${before}`)
  if (after > before * 2) throw invalidChange(`${tooMany} double the current value ${before}`)
}

/** The part of a log that stays local is no larger than the log. */
function checkLocalRetention(
  unit: 'ms' | 'bytes',
  total: number,
  totalBefore: number,
  before: BrokerValue,
  after: BrokerValue,
): void {
  const name = `log.local.retention.${unit}`
  const local = Number(after(name))
  if ((before(name) === after(name) && total === totalBefore) || total === -1 || local === -2) return
  const why =
    local === -1
      ? `Value must not be -1 as log.retention.${unit} value is set as ${total}.`
      : `Value must not be more than log.retention.${unit} property value: ${total}`
  if (local === -1 || local > total)
    throw invalidChange(`Invalid value ${local} for configuration ${name}: ${why}`)
}

/** Milliseconds, from whichever unit is set; -1 for ever. */
function retentionMs(value: BrokerValue): number {
  const given = value('log.retention.ms')
  const minutes = value('log.retention.minutes')
  let ms = Number(value('log.retention.hours')) * 3_600_000
  if (given !== null) ms = Number(given)
  else if (minutes !== null) ms = Number(minutes) * 60_000
  return ms < 0 ? -1 : ms
}

/** `address:count,address:count`. */
function overriddenAddresses(text: string): string[] {
  if (text.trim() === '') return []
  const refuse = (why: string): never => {
    throw new KafkaError('INVALID_REQUEST', `Error parsing configuration property '${OVERRIDES}': ${why}`)
  }
  return text
    .trim()
    .split(/\s*,\s*/)
    .map((part) => {
      const colon = part.lastIndexOf(':')
      if (colon < 0) return refuse(`begin 0, end -1, length ${part.length}`)
      const count = part.slice(colon + 1).trim()
      if (!/^[-+]?\d+$/.test(count)) throw new KafkaError('INVALID_REQUEST', `For input string: "${count}"`)
      return part.slice(0, colon).trim()
    })
}

/** A broker wraps what its parts say, and the tool shows the wrapping. */
function invalidChange(message: string): KafkaError {
  return new KafkaError(
    'INVALID_CONFIG',
    `Invalid value org.apache.kafka.common.config.ConfigException: ${message} for configuration Invalid dynamic configuration`,
  )
}
