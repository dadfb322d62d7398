/**
 * `--from` and `--to` of console-consumer: points in a partition, found once at the start. A range is half open, of
 * each partition by itself.
 */
import { type Int64, toInt64 } from '../../bytes/int64.ts'
import type { CommandContext } from '../../cli/command.ts'
import { startProgress } from '../../cli/progress.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { Consumer, ConsumerVisitor } from '../../client/consumer.ts'
import { javaPattern } from '../../client/topic-filter.ts'
import type { IsolationLevel } from '../../client/types.ts'
import { KafkaError, UsageError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import { absentTopic } from '../hints/near-name-hint.ts'
import { openAdmin, openConsumer } from '../open/open-client.ts'
import type { ConsoleConsumerOptions } from './options.ts'

export type Point =
  | { readonly type: 'offset'; readonly offset: number }
  | { readonly type: 'time'; readonly timestamp: Int64 }
  | { readonly type: 'earliest' }
  /** So many records before the end. */
  | { readonly type: 'end'; readonly back: number }

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** @throws UsageError that says what there is */
export function parsePoint(flag: string, text: string, now: number): Point {
  const word = text.trim().toLowerCase()
  if (word === 'earliest' || word === 'beginning' || word === 'start') return { type: 'earliest' }
  if (word === 'latest' || word === 'end') return { type: 'end', back: 0 }
  if (word === 'now') return { type: 'time', timestamp: now }
  const back = /^(?:end|latest)\s*-\s*(\d{1,15})$/.exec(word)?.[1]
  if (back !== undefined) return { type: 'end', back: Number(back) }
  if (/^\d{1,15}$/.test(word)) return { type: 'offset', offset: Number(word) }
  const time = /^@(\d{1,19})$/.exec(word)?.[1]
  if (time !== undefined && BigInt(time) < 1n << 63n)
    return { type: 'time', timestamp: toInt64(BigInt(time)) }
  if (/^-(\d+(?:\.\d+)?(?:ms|[smhdw]))+$/.test(word)) {
    let ago = 0
    for (const [, number, unit] of word.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g))
      ago += Number(number) * UNITS[unit]
    return { type: 'time', timestamp: Math.max(0, Math.round(now - ago)) }
  }
  const iso = isoTime(text.trim())
  if (iso !== undefined) return { type: 'time', timestamp: Math.max(0, iso) }
  throw new UsageError(
    `--${flag} ${text} is no point: give an offset (1500), a time (2026-11-21T10:00:00Z), a duration back from now (-30m), earliest, end, or end-100`,
    false,
  )
}

const ISO = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?(Z|[-+]\d\d(?::?\d\d)?)?$/i

/** UTC without a zone, as Kafka's --to-datetime. undefined when it is no time. */
function isoTime(text: string): number | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const zone = match[1] ?? ''
  const plain = text
    .slice(0, text.length - zone.length)
    .replace(' ', 'T')
    .replace(',', '.')
  const day = plain.length === 10
  const offset = /^[-+]\d\d$/.test(zone) ? `${zone}:00` : zone.replace(/^([-+]\d\d)(\d\d)$/, '$1:$2')
  const date = new Date(`${plain}${day ? 'T00:00' : ''}${offset === '' ? 'Z' : offset.toUpperCase()}`)
  const time = date.getTime()
  if (Number.isNaN(time)) return undefined
  // 31 February becomes 3 March in JavaScript.
  const real = new Date(`${plain.slice(0, 10)}T00:00Z`).toISOString().slice(0, 10) === plain.slice(0, 10)
  return real ? time : undefined
}

type RangeFlag = 'from' | 'to' | 'offset' | 'from-beginning'

/** What is to be read of each partition. */
export class RecordRange {
  readonly #context: CommandContext<RangeFlag>
  readonly #options: ConsoleConsumerOptions
  readonly #from: Point | undefined
  readonly #to: Point | undefined
  /** By topic-partition: where to stop. */
  readonly #ends = new Map<string, TopicPartition & { readonly end: number }>()

  constructor(context: CommandContext<RangeFlag>, options: ConsoleConsumerOptions, now: number) {
    this.#context = context
    this.#options = options
    const flags = context.options
    const point = (flag: 'from' | 'to') => {
      const text = flags.has(flag) ? flags.value(flag) : undefined
      return text === undefined ? undefined : parsePoint(flag, text, now)
    }
    this.#from = point('from')
    this.#to = point('to')
    if (options.groupId !== undefined) {
      throw new UsageError('--from and --to go without --group: a group reads on where it stands', false)
    }
    if (this.#from !== undefined && (flags.has('offset') || flags.has('from-beginning'))) {
      throw new UsageError('--from says where to begin: leave out --offset and --from-beginning', false)
    }
  }

  /** With an end the consumer need not wait. */
  get ends(): boolean {
    return this.#to !== undefined
  }

  /** Assigns what is to be read, and goes to where it begins. */
  async assign(consumer: Consumer): Promise<void> {
    await this.#requireTopic()
    const admin = await openAdmin(this.#context)
    try {
      const ranges = []
      for (const partition of await this.#partitions(admin)) ranges.push(await this.#range(admin, partition))
      const wanted = ranges.filter(({ start, end }) => end === undefined || start < end)
      await consumer.assign(wanted)
      for (const { topic, partition, start, end } of wanted) {
        consumer.seek({ topic, partition }, start)
        if (end !== undefined) this.#ends.set(topicPartitionKey(topic, partition), { topic, partition, end })
      }
    } finally {
      await admin.close()
    }
  }

  /** A range is of what is there now. @throws KafkaError that names what is not */
  async #requireTopic(): Promise<void> {
    const { topic, partition } = this.#options
    const absent = topic === undefined ? undefined : await absentTopic(this.#context, topic, partition)
    if (absent !== undefined) throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', absent)
  }

  /** Offset at which a partition stops. */
  endOf(topic: string, partition: number): number {
    return this.#ends.get(topicPartitionKey(topic, partition))?.end ?? Number.POSITIVE_INFINITY
  }

  /** True when all is read; what is done is not read further. */
  finished(consumer: Consumer): boolean {
    if (this.#to === undefined) return false
    for (const [key, partition] of this.#ends) {
      if (consumer.position(partition) < partition.end) continue
      this.#ends.delete(key)
      consumer.seekToEnd([partition])
      this.#done.set(key, partition.end)
    }
    return this.#ends.size === 0
  }

  readonly #done = new Map<string, number>()

  /** Partitions of the topic, or of all topics that --include means. */
  async #partitions(admin: Admin): Promise<TopicPartition[]> {
    const { topic, include, partition } = this.#options
    if (topic !== undefined && partition !== undefined) return [{ topic, partition }]
    const pattern = include === undefined ? undefined : javaPattern(include)
    const names =
      pattern === undefined
        ? [topic as string]
        : (await admin.listTopics())
            .filter(({ name, internal }) => !internal && pattern.test(name))
            .map(({ name }) => name)
    return (await admin.describeTopics(names)).flatMap(({ name, partitions }) =>
      partitions.map((one) => ({ topic: name, partition: one.partition })),
    )
  }

  async #range(admin: Admin, partition: TopicPartition) {
    const isolation = this.#isolation
    const earliest = (await admin.listOffset(partition, 'earliest')).offset ?? 0
    const latest = (await admin.listOffset(partition, 'latest', isolation)).offset ?? earliest
    const offsetOf = async (point: Point): Promise<number> => {
      switch (point.type) {
        case 'earliest':
          return earliest
        case 'offset':
          return Math.min(Math.max(point.offset, earliest), latest)
        case 'time': {
          const found = (await admin.listOffset(partition, point.timestamp, isolation)).offset
          return Math.min(found ?? latest, latest)
        }
        case 'end':
          return point.back === 0 ? latest : await this.#countBack(partition, earliest, latest, point.back)
      }
    }
    const given = this.#options.offset
    let start = given === 'latest' && this.#to === undefined ? latest : earliest
    if (this.#from !== undefined) start = await offsetOf(this.#from)
    else if (typeof given === 'number') start = given
    const end = this.#to === undefined ? undefined : await offsetOf(this.#to)
    return { ...partition, start, end }
  }

  get #isolation(): IsolationLevel {
    return this.#options.config['isolation.level'] === 'read_committed'
      ? 'read_committed'
      : 'read_uncommitted'
  }

  /**
   * The offset of the record with `back` records from it to the end: markers of transactions, what compaction took and
   * (read_committed) aborted records do not count. Windows that double go back until there are enough.
   */
  async #countBack(
    partition: TopicPartition,
    earliest: number,
    latest: number,
    back: number,
  ): Promise<number> {
    const { config, skipCorrupt } = this.#options
    const consumer = await openConsumer(this.#context, {
      config,
      untilEnd: true,
      skipCorrupt,
      onCorrupt: () => {},
    })
    const progress = startProgress(this.#context, 'counting records from the end')
    try {
      await consumer.assign([partition])
      let missing = back
      let end = latest
      for (let size = back; end > earliest; size *= 2) {
        progress.update(`counting records from the end: ${missing} to go`)
        const start = Math.max(earliest, end - size)
        const count = await walk(consumer, partition, start, end, Number.POSITIVE_INFINITY)
        if (count.seen === missing) return count.first
        if (count.seen > missing) {
          return (await walk(consumer, partition, start, end, count.seen - missing + 1)).last
        }
        missing -= count.seen
        end = start
      }
      return earliest
    } finally {
      progress.stop()
      await consumer.close()
    }
  }
}

/** Counts records with offsets in [start, end), at most `limit` of them. */
async function walk(
  consumer: Consumer,
  partition: TopicPartition,
  start: number,
  end: number,
  limit: number,
) {
  const count = { seen: 0, first: start, last: start }
  let over = false
  const visitor: ConsumerVisitor = {
    batch: () => {},
    record: ({ offset }) => {
      over ||= offset >= end
      if (!over) {
        if (count.seen++ === 0) count.first = offset
        count.last = offset
        over = count.seen >= limit
      }
      return !over
    },
  }
  consumer.seek(partition, start)
  while (
    !over &&
    (await consumer.visit(visitor, Number.POSITIVE_INFINITY)) > 0 &&
    consumer.position(partition) < end
  ) {
    // On to the next chunk.
  }
  return count
}
