/**
 * Who may not do what: an answer says only which kind of resource was refused (`Topic authorization failed.`). Principal, operation and
 * resource follow from the request, and are told in one line beside Kafka's own text.
 */

/** Codes of TOPIC_, GROUP_, CLUSTER_ and TRANSACTIONAL_ID_AUTHORIZATION_FAILED, and the `acls` flag of such a resource. */
const KINDS: Readonly<Record<number, { readonly kind: string; readonly flag: string }>> = {
  29: { kind: 'topic', flag: 'topic' },
  30: { kind: 'group', flag: 'group' },
  31: { kind: 'cluster', flag: 'cluster' },
  53: { kind: 'transactional id', flag: 'transactional-id' },
}

/**
 * What a request of this name needs, where it is not Describe. Source: the table of operations and resources in Kafka's documentation
 * (Authorization and ACLs).
 */
const OPERATIONS: Readonly<Record<string, string>> = {
  Produce: 'Write',
  Fetch: 'Read',
  JoinGroup: 'Read',
  SyncGroup: 'Read',
  Heartbeat: 'Read',
  LeaveGroup: 'Read',
  OffsetCommit: 'Read',
  ConsumerGroupHeartbeat: 'Read',
  TxnOffsetCommit: 'Read',
  OffsetDelete: 'Delete',
  DeleteGroups: 'Delete',
  DeleteTopics: 'Delete',
  DeleteRecords: 'Delete',
  CreateTopics: 'Create',
  CreatePartitions: 'Alter',
  CreateAcls: 'Alter',
  DeleteAcls: 'Alter',
  ElectLeaders: 'Alter',
  AlterPartitionReassignments: 'Alter',
  AlterReplicaLogDirs: 'Alter',
  AlterUserScramCredentials: 'Alter',
  UpdateFeatures: 'Alter',
  AddRaftVoter: 'Alter',
  RemoveRaftVoter: 'Alter',
  UnregisterBroker: 'Alter',
  AlterConfigs: 'AlterConfigs',
  IncrementalAlterConfigs: 'AlterConfigs',
  AlterClientQuotas: 'AlterConfigs',
  DescribeConfigs: 'DescribeConfigs',
  DescribeClientQuotas: 'DescribeConfigs',
  InitProducerId: 'IdempotentWrite',
  AddPartitionsToTxn: 'Write',
  AddOffsetsToTxn: 'Write',
  EndTxn: 'Write',
  WriteTxnMarkers: 'ClusterAction',
}

/** A few are enough to see why. */
const MOST_TOLD = 5

type Part = Readonly<Record<string, unknown>>

/** A line for each resource that this answer refuses; mostly none. */
export function refusalLines(
  requestName: string,
  body: unknown,
  answer: unknown,
  principal: string | undefined,
): string[] {
  const operation = OPERATIONS[requestName.replace(/Request$/, '')] ?? 'Describe'
  const found = new Map<string, string>()
  visit(answer, undefined)
  return [...found.values()]

  function visit(part: unknown, name: string | undefined): void {
    if (part === null || typeof part !== 'object' || part instanceof Uint8Array) return
    if (found.size >= MOST_TOLD) return
    if (Array.isArray(part)) {
      for (const one of part) visit(one, name)
      return
    }
    const fields = part as Part
    const own = nameOf(fields) ?? name
    const code = fields.errorCode
    // Parts of what has no error have none either, and there are many of them (a topic's partitions).
    if (code === 0 && nameOf(fields) !== undefined) return
    if (typeof code === 'number' && KINDS[code] !== undefined) note(code, own)
    else for (const value of Object.values(fields)) if (typeof value === 'object') visit(value, own)
  }

  function note(code: number, part: string | undefined): void {
    const { kind, flag } = KINDS[code]
    const name = kind === 'cluster' ? '' : (part ?? nameOf(body as Part) ?? firstKey(body))
    const needed = kind === 'transactional id' && operation === 'IdempotentWrite' ? 'Write' : operation
    const what = name === '' || name === undefined ? `the ${kind}` : `${kind} ${name}`
    const grant = `acls --add --allow-principal ${principal ?? 'User:NAME'} --operation ${needed} --${flag}${name ? ` ${name}` : ''}`
    const enough = needed === 'IdempotentWrite' ? ' (Write on any topic is enough)' : ''
    found.set(
      what,
      `${principal ?? 'who asks here'} may not ${needed} ${what}${enough}; who may alter ACLs grants it: tkafka ${grant}`,
    )
  }
}

function nameOf(fields: Part): string | undefined {
  for (const field of ['name', 'topic', 'topicName', 'resourceName', 'groupId', 'transactionalId']) {
    const value = fields[field]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

/** FindCoordinator asks for many. */
function firstKey(body: unknown): string | undefined {
  const { coordinatorKeys, key } = body as Part
  const first = Array.isArray(coordinatorKeys) ? coordinatorKeys[0] : key
  return typeof first === 'string' ? first : undefined
}
