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
  | { readonly oneOf: readonly string[] }
  /** A field that need not be there (rows of `log-entry` alone). */
  | { readonly optional: FieldType | readonly FieldType[] }

export type Shape = Readonly<Record<string, FieldType | readonly FieldType[]>>

const orNull = (type: FieldType): FieldType[] => [type, 'null']

const optional = (...types: FieldType[]): FieldType => ({ optional: types })

const COORDINATOR: FieldType = { object: { id: 'number', host: 'string', port: 'number' } }
const MEMBER_OF_A_BROKER: Shape = {
  group: 'string',
  consumerId: 'string',
  host: 'string',
  clientId: 'string',
}
const newerGroupState = (assignmentEpoch: string): Shape => ({
  group: 'string',
  state: 'string',
  coordinator: COORDINATOR,
  groupEpoch: 'number',
  [assignmentEpoch]: 'number',
  memberCount: 'number',
})

const SETTING: Shape = { name: 'string', value: 'string', source: 'string', sourceName: 'string' }
const CAUSES: FieldType = {
  list: {
    object: {
      code: 'string',
      text: 'string',
      setting: orNull({ object: SETTING }),
      command: orNull('string'),
    },
  },
}

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
    coordinator: orNull(COORDINATOR),
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
  'log-dir-replica': {
    broker: 'number',
    logDir: 'string',
    topic: 'string',
    partition: 'number',
    size: 'number',
    offsetLag: 'number',
    isFuture: 'boolean',
  },
  acl: {
    resourceType: 'string',
    resourceName: 'string',
    patternType: 'string',
    principal: 'string',
    host: 'string',
    operation: 'string',
    permissionType: 'string',
  },
  cluster: { clusterId: 'string' },
  endpoint: {
    id: 'number',
    host: 'string',
    port: 'number',
    rack: orNull('string'),
    state: 'string',
    endpointType: 'string',
  },
  'broker-api': {
    broker: 'number',
    api: 'string',
    key: 'number',
    minVersion: orNull('number'),
    maxVersion: orNull('number'),
  },
  feature: {
    feature: 'string',
    supportedMinVersion: 'number',
    supportedMaxVersion: 'number',
    finalizedVersionLevel: 'number',
    epoch: 'number',
  },
  'feature-level': { feature: 'string', level: 'number' },
  'feature-dependency': {
    feature: 'string',
    level: 'number',
    requires: 'string',
    requiredLevel: 'number',
  },
  quorum: {
    clusterId: 'string',
    leaderId: 'number',
    leaderEpoch: 'number',
    highWatermark: 'number',
    voters: { list: 'number' },
  },
  'quorum-replica': {
    id: 'number',
    directoryId: 'string',
    logEndOffset: 'number',
    lag: 'number',
    lastFetchTimestamp: 'number',
    lastCaughtUpTimestamp: 'number',
    status: 'string',
    endpoints: { list: 'any' },
  },
  reassignment: {
    topic: 'string',
    partition: 'number',
    replicas: { list: 'number' },
    addingReplicas: { list: 'number' },
    removingReplicas: { list: 'number' },
  },
  'leader-election': {
    topic: 'string',
    partition: 'number',
    electionType: { oneOf: ['PREFERRED', 'UNCLEAN'] },
    result: { oneOf: ['already-elected', 'failed'] },
    error: orNull('string'),
  },
  'replica-lag': {
    timestamp: 'number',
    maxLag: 'number',
    topic: 'string',
    partition: 'number',
    offset: 'number',
    partitions: 'number',
  },
  'record-deletion': {
    topic: 'string',
    partition: 'number',
    lowWatermark: orNull('number'),
    error: orNull('string'),
  },
  'client-metrics': { name: 'string' },
  'delegation-token': {
    tokenId: 'string',
    hmac: orNull('string'),
    owner: 'string',
    requester: 'string',
    renewers: { list: 'string' },
    issueTimestamp: 'number',
    expiryTimestamp: 'number',
    maxTimestamp: 'number',
  },
  'client-metrics-config': { name: 'string', config: 'string', value: 'string' },
  directory: {
    path: 'string',
    why: 'string',
    exists: 'boolean',
    kind: orNull('string'),
    madeBy: orNull('string'),
    clusterId: orNull('string'),
    nodeId: orNull('number'),
    metadataVersion: orNull('string'),
    quorum: orNull('string'),
    state: { oneOf: ['absent', 'clean', 'open', 'unknown'] },
    openPartitions: { list: 'string' },
    holders: {
      list: {
        object: {
          pid: 'number',
          command: 'string',
          exclusive: 'boolean',
          processLock: 'boolean',
          broker: 'boolean',
        },
      },
    },
    topics: 'number',
    internalTopics: 'number',
    partitions: 'number',
    partitionsHere: 'number',
    nodes: { list: 'number' },
    records: 'number',
    compacted: 'boolean',
    bytes: 'number',
    groups: 'number',
    serverProperties: 'boolean',
    foreignFolders: { list: 'string' },
    problems: { list: 'string' },
  },
  'log-directory': {
    path: 'string',
    exists: 'boolean',
    formatted: 'boolean',
    clusterId: orNull('string'),
    directoryId: orNull('string'),
    nodeId: orNull('number'),
    version: orNull('number'),
    problems: { list: 'string' },
  },
  transaction: {
    transactionalId: 'string',
    coordinator: 'number',
    producerId: 'number',
    state: 'string',
  },
  'transaction-description': {
    coordinator: 'number',
    transactionalId: 'string',
    producerId: 'number',
    producerEpoch: 'number',
    state: 'string',
    timeoutMs: 'number',
    startTimeMs: orNull('number'),
    durationMs: orNull('number'),
    partitions: { list: 'string' },
  },
  producer: {
    producerId: 'number',
    producerEpoch: 'number',
    coordinatorEpoch: 'number',
    lastSequence: 'number',
    lastTimestamp: 'number',
    startOffset: orNull('number'),
  },
  'hanging-transaction': {
    topic: 'string',
    partition: 'number',
    producerId: 'number',
    producerEpoch: 'number',
    coordinatorEpoch: 'number',
    startOffset: 'number',
    lastTimestamp: 'number',
    durationMinutes: 'number',
  },
  'ended-transaction': {
    transactionalId: 'string',
    producerId: 'number',
    state: 'string',
    outcome: 'string',
    partitions: { list: 'string' },
  },
  'share-group-offset': {
    group: 'string',
    topic: 'string',
    partition: 'number',
    leaderEpoch: orNull('number'),
    startOffset: orNull('number'),
    lag: orNull('number'),
  },
  'share-group-state': newerGroupState('assignmentEpoch'),
  'cluster-status': {
    clusterId: 'string',
    metadataVersion: orNull('string'),
    quorumLeader: 'number',
    voters: { list: 'number' },
    brokers: {
      list: {
        object: {
          id: 'number',
          host: 'string',
          port: 'number',
          rack: orNull('string'),
          fenced: 'boolean',
        },
      },
    },
    topics: 'number',
    internalTopics: 'number',
    partitions: 'number',
    underReplicated: 'number',
    withoutLeader: 'number',
    groups: 'number',
    problems: { list: 'string' },
  },
  'share-group-member': {
    ...MEMBER_OF_A_BROKER,
    partitionCount: 'number',
    memberEpoch: 'number',
    assignment: { list: { object: { topic: 'string', partition: 'number' } } },
  },
  'streams-group-offset': {
    group: 'string',
    topic: 'string',
    partition: 'number',
    currentOffset: 'number',
    leaderEpoch: orNull('number'),
    logEndOffset: 'number',
    lag: 'number',
    state: 'string',
  },
  'streams-group-state': newerGroupState('targetAssignmentEpoch'),
  'streams-group-member': {
    ...MEMBER_OF_A_BROKER,
    processId: 'string',
    memberEpoch: 'number',
    assignment: 'string',
  },
  finding: {
    severity: { oneOf: ['error', 'note'] },
    kind: 'string',
    topic: orNull('string'),
    partition: orNull('number'),
    file: 'string',
    position: orNull('number'),
    problem: 'string',
    meaning: 'string',
    mend: 'string',
  },
  'repair-step': {
    action: 'string',
    topic: orNull('string'),
    partition: orNull('number'),
    file: 'string',
    position: orNull('number'),
    what: 'string',
    kept: orNull('string'),
    dryRun: 'boolean',
  },
  'copied-topic': {
    topic: 'string',
    target: 'string',
    partitions: 'number',
    made: 'boolean',
    records: 'number',
    bytes: 'number',
    batches: 'number',
    rebuiltBatches: 'number',
    abortedRecords: 'number',
    openOffsets: 'number',
    notes: { list: 'string' },
    groupOffsets: {
      list: {
        object: {
          group: 'string',
          partition: 'number',
          sourceOffset: 'number',
          targetOffset: orNull('number'),
          fate: { oneOf: ['set', 'same', 'ahead', 'active', 'unknown', 'refused'] },
        },
      },
    },
    complete: 'boolean',
  },
  'cleaning-result': {
    action: { oneOf: ['retention', 'roll', 'compaction', 'offsets'] },
    topic: 'string',
    partition: 'number',
    status: { oneOf: ['done', 'planned', 'stopped', 'failed'] },
    bytesBefore: 'number',
    bytesAfter: 'number',
    segmentsBefore: 'number',
    segmentsAfter: 'number',
    logStartOffset: 'number',
    durationMs: 'number',
    reasons: { list: 'string' },
    keys: orNull('number'),
    recordsBefore: orNull('number'),
    recordsAfter: orNull('number'),
    bytesRead: orNull('number'),
    bytesWritten: orNull('number'),
    mapUse: orNull('number'),
    passes: orNull('number'),
    group: orNull('string'),
    offsetsExpired: orNull('number'),
    message: orNull('string'),
  },
  'partition-cleaning': {
    topic: 'string',
    partition: 'number',
    size: 'number',
    logStartOffset: 'number',
    logEndOffset: 'number',
    segments: {
      list: {
        object: {
          baseOffset: 'number',
          lastOffset: 'number',
          size: 'number',
          active: 'boolean',
          firstTimestamp: 'number',
          largestTimestamp: 'number',
          deletable: 'boolean',
          deletableAt: orNull('number'),
          causes: CAUSES,
          cleaning: orNull({ oneOf: ['clean', 'dirty', 'uncleanable'] }),
        },
      },
    },
    retention: { object: { deletableBytes: 'number', causes: CAUSES } },
    compaction: orNull({
      object: {
        due: 'boolean',
        dirtyRatio: 'number',
        minDirtyRatio: 'number',
        firstDirtyOffset: 'number',
        firstUncleanableOffset: 'number',
        cleanBytes: 'number',
        dirtyBytes: 'number',
        uncleanableBytes: 'number',
        causes: CAUSES,
      },
    }),
    settings: { list: { object: SETTING } },
  },
  'producer-performance': {
    scope: { oneOf: ['interval', 'total', 'steady-state'] },
    records: 'number',
    bytes: 'number',
    durationMs: 'number',
    averageLatencyMs: orNull('number'),
    maxLatencyMs: 'number',
    p50LatencyMs: orNull('number'),
    p95LatencyMs: orNull('number'),
    p99LatencyMs: orNull('number'),
    p999LatencyMs: orNull('number'),
  },
  'consumer-performance': {
    scope: { oneOf: ['interval', 'total'] },
    startMs: 'number',
    endMs: 'number',
    bytes: 'number',
    records: 'number',
    rebalanceMs: 'number',
    fetchMs: 'number',
  },
  'end-to-end-latency': {
    records: 'number',
    averageMs: 'number',
    p50Ms: 'number',
    p99Ms: 'number',
    p999Ms: 'number',
  },
}

const MESSAGE: Shape = {
  position: 'number',
  timestampType: 'string',
  timestamp: 'number',
  size: 'number',
  magic: 'number',
  compression: 'string',
  crc: 'number',
  isValid: 'boolean',
}

/** What stands in a row of dump-log, kind `log-entry`, behind `file`, by its `type`. */
export const LOG_ENTRIES: Readonly<Record<string, Shape>> = {
  log: { startOffset: 'number' },
  checkpoint: { endOffset: 'number', epoch: 'number' },
  bootstrapCheckpoint: {},
  batch: {
    position: 'number',
    offset: 'number',
    lastOffset: 'number',
    timestamp: 'number',
    deleteHorizonMs: orNull('number'),
    count: 'number',
    baseSequence: 'number',
    lastSequence: 'number',
    producerId: 'number',
    producerEpoch: 'number',
    partitionLeaderEpoch: 'number',
    isTransactional: 'boolean',
    isControl: 'boolean',
    timestampType: 'string',
    size: 'number',
    magic: 'number',
    compression: 'string',
    crc: 'number',
    isValid: 'boolean',
  },
  message: { offset: 'number', ...MESSAGE },
  record: {
    offset: 'number',
    timestampType: 'string',
    timestamp: 'number',
    keySize: 'number',
    valueSize: 'number',
    sequence: optional('number'),
    headerKeys: optional({ list: 'string' }),
    controlType: optional('string'),
    control: optional('any'),
    key: optional('any'),
    keyEncoding: optional('string'),
    value: optional('any'),
    valueEncoding: optional('string'),
  },
  invalidBytes: { size: 'number' },
  indexEntry: { offset: 'number', position: 'number' },
  timeIndexEntry: { timestamp: 'number', offset: 'number' },
  emptyIndex: {},
  saneIndex: {},
  abortedTransaction: {
    version: 'number',
    producerId: 'number',
    firstOffset: 'number',
    lastOffset: 'number',
    lastStableOffset: 'number',
  },
  producer: {
    producerId: 'number',
    producerEpoch: 'number',
    coordinatorEpoch: 'number',
    currentTxnFirstOffset: orNull('number'),
    lastTimestamp: 'number',
    lastBatch: orNull({
      object: {
        firstSequence: 'number',
        lastSequence: 'number',
        lastOffset: 'number',
        offsetDelta: 'number',
        timestamp: 'number',
      },
    }),
  },
}

/** What is wrong with a row of this kind; undefined when it is right. */
export function rowProblem(kind: string, row: unknown): string | undefined {
  if (kind !== 'log-entry') return shapeProblem(row, SHAPES[kind])
  const { type } = row as { type: string }
  const shape = LOG_ENTRIES[type]
  if (shape === undefined) return `a row of type ${type} is not written down`
  return shapeProblem(row, { file: 'string', type: 'string', ...shape })
}

/** What is wrong with a row; undefined when it is right. Fields are in order and none is missing or too many. */
export function shapeProblem(row: unknown, shape: Shape, path = 'row'): string | undefined {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return `${path} is no object`
  const fields = Object.keys(row)
  const wanted = Object.keys(shape).filter((name) => fields.includes(name) || !isOptional(shape[name]))
  if (fields.join() !== wanted.join()) return `${path} has ${fields.join()}, not ${wanted.join()}`
  for (const name of wanted) {
    const type = shape[name]
    const problem = fieldProblem((row as Record<string, unknown>)[name], type, `${path}.${name}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

function isOptional(type: FieldType | readonly FieldType[]): boolean {
  return typeof type === 'object' && 'optional' in type
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
  if ('optional' in one) return fieldProblem(value, one.optional, path)
  if ('oneOf' in one) {
    return one.oneOf.includes(value as string)
      ? undefined
      : `${path} is none of ${one.oneOf.join()}: ${String(value)}`
  }
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
