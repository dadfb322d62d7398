/**
 * The shapes of `--output`, as docs/output.md has them: what each kind of row holds. A shape is a record of fields, each
 * with the types it may have.
 */

export type FieldType =
  | 'string'
  | 'number'
  | 'boolean'
  | 'null'
  | 'any'
  | { readonly list: FieldType }
  | { readonly values: FieldType | readonly FieldType[] }
  | { readonly object: Shape }

export type Shape = Readonly<Record<string, FieldType | readonly FieldType[]>>

const orNull = (type: FieldType): FieldType[] => [type, 'null']

const HEADER: Shape = {
  key: 'string',
  keyEncoding: 'string',
  value: orNull('string'),
  valueEncoding: orNull('string'),
}

export const SHAPES: Readonly<Record<string, Shape>> = {
  topic: { topic: 'string', topicId: 'string', internal: 'boolean' },
  'topic-partition': {
    topic: 'string',
    topicId: 'string',
    internal: 'boolean',
    partitionCount: 'number',
    replicationFactor: 'number',
    configs: { values: orNull('string') },
    partition: 'number',
    leader: orNull('number'),
    replicas: { list: 'number' },
    isr: { list: 'number' },
    elr: { list: 'number' },
    lastKnownElr: { list: 'number' },
  },
  'partition-offset': {
    topic: 'string',
    partition: 'number',
    offset: orNull('number'),
    timestamp: orNull('number'),
    leaderEpoch: orNull('number'),
  },
  'config-entry': {
    entity: { values: orNull('string') },
    name: 'string',
    value: orNull('string'),
    source: 'string',
    sensitive: 'boolean',
    readOnly: 'boolean',
    synonyms: { list: { object: { name: 'string', value: orNull('string'), source: 'string' } } },
  },
  group: { group: 'string', type: 'string', state: 'string', protocol: 'string' },
  'group-offset': {
    group: 'string',
    topic: 'string',
    partition: 'number',
    currentOffset: orNull('number'),
    logEndOffset: orNull('number'),
    lag: orNull('number'),
    leaderEpoch: orNull('number'),
    consumerId: orNull('string'),
    host: orNull('string'),
    clientId: orNull('string'),
  },
  'group-member': {
    group: 'string',
    consumerId: 'string',
    groupInstanceId: orNull('string'),
    host: 'string',
    clientId: 'string',
    partitionCount: 'number',
    assignment: { list: { object: { topic: 'string', partition: 'number' } } },
  },
  'group-state': {
    group: 'string',
    type: 'string',
    state: 'string',
    assignmentStrategy: orNull('string'),
    memberCount: 'number',
    coordinator: orNull({ object: { id: 'number', host: 'string', port: 'number' } }),
  },
  'offset-reset': {
    group: 'string',
    topic: 'string',
    partition: 'number',
    newOffset: 'number',
    executed: 'boolean',
  },
  'offset-deletion': {
    group: 'string',
    topic: 'string',
    partition: orNull('number'),
    deleted: 'boolean',
    error: orNull('string'),
  },
  record: {
    topic: 'string',
    partition: 'number',
    offset: 'number',
    timestamp: 'number',
    timestampType: 'string',
    leaderEpoch: orNull('number'),
    key: 'any',
    keyEncoding: orNull('string'),
    value: 'any',
    valueEncoding: orNull('string'),
    headers: { list: { object: HEADER } },
  },
}

/** What is wrong with a row; undefined when it is right. Fields are in order and none is missing or too many. */
export function shapeProblem(row: unknown, shape: Shape, path = 'row'): string | undefined {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return `${path} is no object`
  const fields = Object.keys(row)
  const wanted = Object.keys(shape)
  if (fields.join() !== wanted.join()) return `${path} has ${fields.join()}, not ${wanted.join()}`
  for (const [name, type] of Object.entries(shape)) {
    const problem = fieldProblem((row as Record<string, unknown>)[name], type, `${path}.${name}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

function fieldProblem(
  value: unknown,
  type: FieldType | readonly FieldType[],
  path: string,
): string | undefined {
  if (Array.isArray(type)) {
    const problems = type.map((one) => fieldProblem(value, one as FieldType, path))
    return problems.includes(undefined) ? undefined : problems[0]
  }
  const one = type as FieldType
  if (one === 'any') return value === undefined ? `${path} is missing` : undefined
  if (one === 'null') return value === null ? undefined : `${path} is not null`
  if (typeof one === 'string')
    return typeof value === one ? undefined : `${path} is no ${one}: ${String(value)}`
  if ('list' in one) {
    if (!Array.isArray(value)) return `${path} is no list`
    return value.map((item, i) => fieldProblem(item, one.list, `${path}[${i}]`)).find((p) => p !== undefined)
  }
  if ('object' in one) return shapeProblem(value, one.object, path)
  if (typeof value !== 'object' || value === null) return `${path} is no object`
  return Object.entries(value)
    .map(([name, item]) => fieldProblem(item, one.values, `${path}.${name}`))
    .find((p) => p !== undefined)
}
