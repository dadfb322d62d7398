/** The JSON plan of delete-records: `{"partitions": [{"topic": "foo", "partition": 1, "offset": 1}], "version": 1}`. */

import { TerseError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import { firstJsonValue } from './json-text.ts'

export interface RecordsToDelete extends TopicPartition {
  /** Records below it go; -1 is the end. */
  readonly offset: number
}

/** @throws TerseError in the genuine tool's words, with the field or the line at fault in a line behind them */
export function parseDeleteRecordsPlan(text: string): RecordsToDelete[] {
  const plan = firstJsonValue(text)
  if ('problem' in plan) throw new TerseError(`The input string is not a valid JSON\n${plan.problem}`)
  const { version, partitions } = object(plan.value, 'the file')
  if (version !== undefined && integer(version, 'Integer', 'version') !== 1) {
    throw new TerseError(`Not supported version field value ${version}`)
  }
  if (partitions === undefined) throw new TerseError('Missing partitions field')
  if (!Array.isArray(partitions)) throw wrong('JSON array', partitions, 'partitions')
  const found = partitions.map((one: unknown, i) => {
    const at = `partitions[${i}]`
    const fields = object(one, at)
    const topic = field(fields, 'topic', at)
    if (typeof topic !== 'string') throw wrong('`String` value', topic, `${at}.topic`)
    return {
      topic,
      partition: integer(field(fields, 'partition', at), 'Integer', `${at}.partition`),
      offset: integer(field(fields, 'offset', at), 'Long', `${at}.offset`),
    }
  })
  const keys = found.map(({ topic, partition }) => topicPartitionKey(topic, partition))
  const twice = new Set(keys.filter((key, i) => keys.indexOf(key) !== i))
  if (twice.size > 0) {
    throw new TerseError(`Offset json file contains duplicate topic partitions: ${[...twice].join(',')}`)
  }
  return found
}

function object(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong('JSON object', value, at)
  return value as Record<string, unknown>
}

function field(fields: Record<string, unknown>, name: string, at: string): unknown {
  if (!Object.hasOwn(fields, name)) throw new TerseError(`No such field exists: \`${name}\`\nin ${at}`)
  return fields[name]
}

function integer(value: unknown, type: 'Integer' | 'Long', at: string): number {
  const max = type === 'Integer' ? 2147483647 : Number.MAX_SAFE_INTEGER
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= max) return value
  throw wrong(`\`${type}\` value`, value, at)
}

function wrong(expected: string, value: unknown, at: string): TerseError {
  return new TerseError(`Expected ${expected}, received ${JSON.stringify(value)}\nin ${at}`)
}
