/** What get-offsets is asked for: a time, and patterns of topics and partitions. */

import { toInt64 } from '../../bytes/int64.ts'
import { OFFSET_SPECS } from '../../client/offset-specs.ts'
import { topicFilter } from '../../client/topic-filter.ts'
import type { OffsetSpec } from '../../client/types.ts'
import { TerseError } from '../../errors.ts'

/** `-1` or `latest` and so on, else milliseconds. Throws TerseError. */
export function parseOffsetSpec(time: string): OffsetSpec {
  const word = OFFSET_SPECS.find((spec) => spec === time)
  if (word !== undefined) return word
  const number = /^[-+]?\d{1,19}$/.test(time) ? BigInt(time.replace(/^\+/, '')) : undefined
  if (number === undefined || number !== BigInt.asIntN(64, number)) {
    throw new TerseError(
      `Malformed time argument ${time}. Please use ${OFFSET_SPECS.map((spec, i) => `-${i + 1} or ${spec}`).join(' / ')}, or a specified long format timestamp`,
    )
  }
  return OFFSET_SPECS[-Number(number) - 1] ?? toInt64(number)
}

/** True for a topic that may match, and for a partition of it that does. */
export type TopicPartitionFilter = (topic: string, partition?: number) => boolean

const RULE = /^([^:,]*)(?::(?:(\d+)|(\d+)?-(\d+)?|))?$/

export function createFilter(
  topicPartitions: string | undefined,
  topic: string | undefined,
  partitions: string | undefined,
): TopicPartitionFilter {
  if (topicPartitions !== undefined) {
    const rules = splitList(topicPartitions).map(parseRule)
    return (name, partition) => rules.some((rule) => rule(name, partition))
  }
  const allowed = topicFilter(topic ?? '.*')
  const numbers = parsePartitions(partitions)
  return (name, partition) =>
    allowed(name) && (partition === undefined || numbers.size === 0 || numbers.has(partition))
}

function parsePartitions(text: string | undefined): Set<number> {
  if (text === undefined || text === '') return new Set()
  const words = splitList(text)
  if (!words.every((word) => /^[-+]?\d+$/.test(word) && isInt(word))) {
    throw new TerseError(
      `--partitions expects a comma separated list of numeric partition ids, but received: ${text}`,
    )
  }
  return new Set(words.map(Number))
}

/** As Java splits: empty strings at the end do not count. */
function splitList(text: string): string[] {
  const words = text.split(',')
  while (words.length > 1 && words.at(-1) === '') words.pop()
  return words
}

const isInt = (word: string): boolean => Number(word) === (Number(word) | 0)

function parseRule(rule: string): TopicPartitionFilter {
  const match = RULE.exec(rule)
  // With the class in front, as the genuine tool says it here (and only here).
  if (match === null) {
    throw new TerseError(`org.apache.kafka.tools.TerseException: Invalid rule specification: ${rule}`)
  }
  const [, topic, only, from, to] = match
  for (const word of [only, from, to]) {
    if (word !== undefined && !isInt(word)) throw new TerseError(`For input string: "${word}"`)
  }
  const allowed = topicFilter(topic || '.*')
  const low = Number(only ?? from ?? 0)
  const high = only !== undefined ? low + 1 : Number(to ?? Number.MAX_SAFE_INTEGER)
  return (name, partition) =>
    allowed(name) && (partition === undefined || (partition >= low && partition < high))
}
