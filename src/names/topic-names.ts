/** Names of topics: which are internal to Kafka, which are legal, and which collide in metric names. */
import { KafkaError } from '../errors.ts'

const MAX_LENGTH = 249

/** Committed offsets, and the records of every kind of group. */
export const OFFSETS_TOPIC = '__consumer_offsets'
export const TRANSACTION_TOPIC = '__transaction_state'
export const SHARE_STATE_TOPIC = '__share_group_state'
/** The metadata log. No topic of an image: its folder stands beside theirs, and no client may name it. */
export const METADATA_TOPIC = '__cluster_metadata'

const INTERNAL: ReadonlySet<string> = new Set([OFFSETS_TOPIC, TRANSACTION_TOPIC, SHARE_STATE_TOPIC])

/** Topics that Kafka keeps for itself; the metadata log is none of them. */
export function isInternalTopic(name: string): boolean {
  return INTERNAL.has(name)
}

/** @throws KafkaError INVALID_TOPIC_EXCEPTION with Kafka's words; they begin with `Topic name is invalid: ` */
export function validateTopicName(name: string): void {
  const problem = topicNameProblem(name)
  if (problem !== undefined)
    throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Topic name is invalid: ${problem}`)
}

export function isTopicName(name: string): boolean {
  return topicNameProblem(name) === undefined
}

function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > MAX_LENGTH)
    return `the length of '${name}' is longer than the max allowed length ${MAX_LENGTH}`
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`
  }
  return undefined
}

/** Names with '.' or '_' meet in metric names, where both are the same. */
export function hasCollisionChars(name: string): boolean {
  return name.includes('.') || name.includes('_')
}

/** The names that `name` would collide with; undefined where they are too many to look up one by one. */
export function collidingNames(name: string): string[] | undefined {
  const parts = name.split(/[._]/)
  if (parts.length > 7) return undefined
  let names = [parts[0]]
  for (const part of parts.slice(1))
    names = names.flatMap((begin) => [`${begin}.${part}`, `${begin}_${part}`])
  return names
}

/** Two names that differ only in '.' and '_'. */
export function collide(a: string, b: string): boolean {
  return a.replaceAll('.', '_') === b.replaceAll('.', '_')
}
