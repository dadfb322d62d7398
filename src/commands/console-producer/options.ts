/** Checks the flags of console-producer against each other, and makes its line reader and its producer settings of them. */
import { producerWaitLimit, waitLimit } from '../../client/wait-limits.ts'
import { TerseError, UsageError } from '../../errors.ts'
import type { WaitLimit } from '../../os/lock-wait.ts'
import { keyValueArguments, propertiesFile } from '../open/client-properties.ts'
import type { ConsoleProducerFlag, Context } from './flags.ts'
import { LINE_MESSAGE_READER, LineMessageReader } from './line-reader.ts'

/** The command line is right as far as flags go: what is required is there, no old name beside its new one. */
export function checkFlags(context: Context): void {
  const { options } = context
  if (!options.has('topic')) throw new UsageError('Missing required argument "[topic]"')
  for (const [old, current] of OLD_NAMES) {
    if (options.has(old) && options.has(current)) {
      throw new UsageError(`Options --${current} and --${old} cannot be specified together.`)
    }
  }
  const notice = (flag: ConsoleProducerFlag, until: string, instead: string) => {
    if (options.has(flag)) {
      context.stderr.line(
        `Warning: --${flag} is deprecated and will be removed in ${until}. Use --${instead} instead.`,
      )
    }
  }
  for (const [old, current] of OLD_NAMES) notice(old, 'a future version', current)
  notice('max-partition-memory-bytes', 'Apache Kafka 5.0', 'batch-size')
}

/** In the order in which the genuine tool warns. */
const OLD_NAMES = [
  ['producer-property', 'command-property'],
  ['producer.config', 'command-config'],
  ['property', 'reader-property'],
] as const

/** The line reader that --line-reader, --reader-config and --reader-property ask for. */
export async function lineReader(options: Context['options']): Promise<LineMessageReader> {
  if (options.has('input') && options.value('input') !== 'lines') {
    const { jsonlReader } = await import('./jsonl-reader.ts')
    return jsonlReader(options)
  }
  if (options.has('keep-partition')) throw new UsageError('--keep-partition goes with --input jsonl')
  const name = options.value('line-reader')
  if (name !== LINE_MESSAGE_READER) {
    throw new TerseError(`${name}\nThere is no such line reader; the only one is ${LINE_MESSAGE_READER}.`)
  }
  const file = options.value('reader-config')
  const properties = file === undefined ? new Map<string, string>() : await propertiesFile(file)
  const given = keyValueArguments([...options.values('reader-property'), ...options.values('property')])
  for (const [key, value] of given) properties.set(key, value)
  return new LineMessageReader(properties)
}

export interface ConsoleProducerConfig {
  readonly config: Record<string, string>
  readonly waitLimit: WaitLimit | undefined
}

/**
 * Producer settings in Kafka's precedence: a flag that was given, --command-property, the file, a flag's default.
 * compression.type is always what --compression-codec says, even where that is absent.
 */
export async function producerConfig(options: Context['options']): Promise<ConsoleProducerConfig> {
  const file = options.value('command-config') ?? options.value('producer.config')
  const config = file === undefined ? new Map<string, string>() : await propertiesFile(file)
  const given = keyValueArguments([
    ...options.values('command-property'),
    ...options.values('producer-property'),
  ])
  for (const [key, value] of given) config.set(key, value)
  const waitLimit = waitLimitOf(options, Object.fromEntries(config))
  config.set(
    'compression.type',
    options.has('compression-codec') ? options.value('compression-codec') || 'gzip' : 'none',
  )
  if (!config.has('client.id')) config.set('client.id', 'console-producer')
  for (const [setting, flag, type] of MERGED) {
    if (!options.has(flag) && (config.has(setting) || OWN_DEFAULT.includes(setting))) continue
    const value = type === 'text' ? options.value(flag) : options[type](flag)
    if (value !== undefined) config.set(setting, String(value))
  }
  return { config: Object.fromEntries(config), waitLimit }
}

/** A flag that was given goes over its setting; one that was not has a default, and that is no limit. */
function waitLimitOf(options: Context['options'], settings: Record<string, string>): WaitLimit | undefined {
  const ofFlag = (flag: ConsoleProducerFlag) =>
    options.has(flag) ? waitLimit(flag, options.value(flag), `--${flag} `) : undefined
  const request = ofFlag('request-timeout-ms')
  const limit = producerWaitLimit(settings, ofFlag('max-block-ms'))
  if (request === undefined || settings['delivery.timeout.ms'] !== undefined) return limit
  return limit === undefined || request.ms < limit.ms ? request : limit
}

/**
 * Settings for which the flag's default is none. Three retries are over before a leader that died has a successor: who asked for no
 * number has delivery.timeout.ms alone. And a batch may grow on a network that is slower than the input.
 */
const OWN_DEFAULT: readonly string[] = ['retries', 'batch.size']

const MERGED = [
  ['linger.ms', 'timeout', 'long'],
  ['acks', 'request-required-acks', 'text'],
  ['request.timeout.ms', 'request-timeout-ms', 'int'],
  ['retries', 'message-send-max-retries', 'int'],
  ['retry.backoff.ms', 'retry-backoff-ms', 'long'],
  ['send.buffer.bytes', 'socket-buffer-size', 'int'],
  ['buffer.memory', 'max-memory-bytes', 'long'],
  ['batch.size', 'batch-size', 'int'],
  ['batch.size', 'max-partition-memory-bytes', 'int'],
  ['metadata.max.age.ms', 'metadata-expiry-ms', 'long'],
  ['max.block.ms', 'max-block-ms', 'long'],
] as const
