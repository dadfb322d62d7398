import { KafkaError } from '../errors.ts'

const MAX_LENGTH = 249

const INTERNAL: ReadonlySet<string> = new Set([
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
])

/** Topics that Kafka keeps for itself. */
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
