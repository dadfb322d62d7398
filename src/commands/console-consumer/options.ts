/** Checks the flags of console-consumer against each other, in the order of the genuine tool, and tells what they mean together. */
import type { Output } from '../../cli/command.ts'
import { TerseError, UsageError } from '../../errors.ts'
import { javaHashOrder, javaStringHash } from '../../java/java-hash.ts'
import { keyValueArguments, propertiesFile } from '../open/client-properties.ts'
import type { ConsoleConsumerFlag, Context } from './flags.ts'

export interface ConsoleConsumerOptions {
  readonly topic: string | undefined
  readonly include: string | undefined
  readonly partition: number | undefined
  readonly offset: number | 'earliest' | 'latest'
  readonly groupId: string | undefined
  /** Consumer settings under Kafka's names. */
  readonly config: Readonly<Record<string, string>>
  /** Infinity without one. */
  readonly timeoutMs: number
  readonly formatterClass: string
  readonly formatterProperties: ReadonlyMap<string, string>
  readonly skipMessageOnError: boolean
  readonly systestEvents: boolean
  readonly untilEnd: boolean
  readonly skipCorrupt: boolean
}

/**
 * The command line as ConsoleConsumerOptions of Kafka 4.3 reads it: same order of checks, same words. `--max-messages` is not
 * looked at: the genuine tool does so only when it begins to read.
 * @throws UsageError, TerseError
 */
export async function consoleConsumerOptions(
  options: Context['options'],
  stderr: Output,
): Promise<ConsoleConsumerOptions> {
  const partition = checkRequired(options)
  checkRenamed(options, 'consumer-property', 'command-property')
  checkRenamed(options, 'consumer.config', 'command-config')
  noticeRenamed(options, stderr, 'consumer-property', 'command-property')
  noticeRenamed(options, stderr, 'consumer.config', 'command-config')

  const configFile = value(options, 'consumer.config') ?? value(options, 'command-config')
  const fromFile = configFile === undefined ? new Map<string, string>() : await propertiesFile(configFile)
  const extra = keyValueArguments([
    ...options.values('consumer-property'),
    ...options.values('command-property'),
  ])
  const groupId = checkGroup(options, fromFile, extra, partition)
  const config = consumerConfig(options, new Map([...fromFile, ...extra]), groupId)
  const offset = parseOffset(options)
  const timeoutMs = options.has('timeout-ms') ? (options.long('timeout-ms') ?? -1) : -1
  const formatterProperties = await parseFormatterProperties(options, stderr)
  return {
    // Looked at when the consumer is made: one that is given twice is found then.
    get topic() {
      return value(options, 'topic')
    },
    get include() {
      return value(options, 'include')
    },
    partition,
    offset,
    groupId,
    config,
    timeoutMs: timeoutMs >= 0 ? timeoutMs : Number.POSITIVE_INFINITY,
    formatterClass: options.value('formatter') ?? '',
    formatterProperties,
    skipMessageOnError: options.has('skip-message-on-error'),
    systestEvents: options.has('enable-systest-events'),
    untilEnd: options.has('until-end'),
    skipCorrupt: options.has('skip-corrupt'),
  }
}

function checkRequired(options: Context['options']): number | undefined {
  if (options.has('topic') === options.has('include')) {
    throw new UsageError('Exactly one of the following arguments is required: [include], [topic]')
  }
  if (!options.has('partition')) {
    if (options.has('offset')) throw new UsageError('The partition is required when offset is specified.')
    return undefined
  }
  const partition = options.int('partition')
  if (!options.has('topic')) throw new UsageError('The topic is required when partition is specified.')
  if (options.has('from-beginning') && options.has('offset')) {
    throw new UsageError('Options from-beginning and offset cannot be specified together.')
  }
  return partition
}

function checkRenamed(
  options: Context['options'],
  old: ConsoleConsumerFlag,
  current: ConsoleConsumerFlag,
): void {
  if (options.has(old) && options.has(current)) {
    throw new UsageError(`Options --${old} and --${current} cannot be specified together.`)
  }
}

function noticeRenamed(
  options: Context['options'],
  stderr: Output,
  old: ConsoleConsumerFlag,
  current: ConsoleConsumerFlag,
): void {
  if (!options.has(old)) return
  stderr.line(
    `Option --${old} is deprecated and will be removed in a future version. Use --${current} instead.`,
  )
}

function checkGroup(
  options: Context['options'],
  fromFile: ReadonlyMap<string, string>,
  extra: ReadonlyMap<string, string>,
  partition: number | undefined,
): string | undefined {
  const ids = new Set([value(options, 'group'), fromFile.get('group.id'), extra.get('group.id')])
  ids.delete(undefined)
  if (ids.size > 1) {
    throw new UsageError(
      `The group ids provided in different places (directly using '--group', via '--consumer-property', or via '--consumer.config') do not match. Detected group ids: ${javaHashOrder(
        [...ids].map((id) => id ?? ''),
        javaStringHash,
      )
        .map((id) => `'${id}'`)
        .join(', ')}`,
    )
  }
  if (ids.size > 0 && partition !== undefined) {
    throw new UsageError('Options group and partition cannot be specified together.')
  }
  return [...ids][0]
}

function consumerConfig(
  options: Context['options'],
  config: Map<string, string>,
  groupId: string | undefined,
): Record<string, string> {
  const reset = config.get('auto.offset.reset')
  const fromBeginning = options.has('from-beginning')
  if (reset === undefined) config.set('auto.offset.reset', fromBeginning ? 'earliest' : 'latest')
  else if (fromBeginning && reset !== 'earliest') {
    throw new TerseError(
      `Can't simultaneously specify --from-beginning and 'auto.offset.reset=${reset}', please remove one option`,
    )
  }
  if (!config.has('client.id')) config.set('client.id', 'console-consumer')
  if (options.has('isolation-level') || !config.has('isolation.level')) {
    config.set('isolation.level', options.value('isolation-level') ?? 'read_uncommitted')
  }
  if (groupId === undefined && !config.has('enable.auto.commit')) config.set('enable.auto.commit', 'false')
  return Object.fromEntries(config)
}

function parseOffset(options: Context['options']): number | 'earliest' | 'latest' {
  if (!options.has('offset')) return options.has('from-beginning') ? 'earliest' : 'latest'
  const text = options.value('offset') ?? ''
  const word = text.toLowerCase()
  if (word === 'earliest' || word === 'latest') return word
  const offset = /^\+?\d{1,19}$/.test(text) && BigInt(text) < 2n ** 63n ? Number(text) : -1
  if (offset < 0) {
    throw new UsageError(
      `The provided offset value '${text}' is incorrect. Valid values are 'earliest', 'latest', or a non-negative long.`,
    )
  }
  return offset
}

async function parseFormatterProperties(
  options: Context['options'],
  stderr: Output,
): Promise<Map<string, string>> {
  const file = value(options, 'formatter-config')
  let properties = new Map<string, string>()
  if (file !== undefined) {
    try {
      properties = await propertiesFile(file)
    } catch (error) {
      // The genuine tool prints its usage behind any failure here.
      throw new UsageError((error as Error).message)
    }
  }
  checkRenamed(options, 'property', 'formatter-property')
  noticeRenamed(options, stderr, 'property', 'formatter-property')
  const key = value(options, 'key-deserializer')
  if (key) properties.set('key.deserializer', key)
  const valueDeserializer = value(options, 'value-deserializer')
  if (valueDeserializer) properties.set('value.deserializer', valueDeserializer)
  for (const [name, text] of keyValueArguments([
    ...options.values('property'),
    ...options.values('formatter-property'),
  ])) {
    properties.set(name, text)
  }
  return properties
}

/** Only what was given; the flags' defaults count where they are asked for. */
function value(options: Context['options'], name: ConsoleConsumerFlag): string | undefined {
  return options.has(name) ? options.value(name) : undefined
}
