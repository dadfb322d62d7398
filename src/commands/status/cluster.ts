/** `tkafka status --bootstrap-server`: which cluster answers, who serves in it, and what is not as it should be. */
import type { CommandContext } from '../../cli/command.ts'
import { machineOutput, wholeRow } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { BrokerDescription, ClusterDescription } from '../../client/admin/cluster-admin.ts'
import type { PartitionDescription } from '../../client/admin/topic-admin.ts'
import { metadataVersionAt } from '../../config/feature-levels.ts'
import { count } from '../../count.ts'
import { KafkaError } from '../../errors.ts'
import { openAdmin } from '../open/open-client.ts'

const CLUSTER_STATUS_SHAPE = {
  kind: 'cluster-status',
  columns: [
    'clusterId',
    'metadataVersion',
    'quorumLeader',
    'voters',
    'brokers',
    'topics',
    'internalTopics',
    'partitions',
    'underReplicated',
    'withoutLeader',
    'groups',
    'problems',
  ],
}

/** Ends with 1 where partitions are without a leader or short of replicas. */
export async function clusterStatus(context: CommandContext<'output'>): Promise<number> {
  const admin = await openAdmin(context)
  try {
    const { clusterId, brokers } = await withFenced(admin)
    const topics = await admin.listTopics()
    const described = await admin.describeTopics(topics.map(({ name }) => name))
    const partitions = described.flatMap(({ name: topic, partitions: all }) =>
      all.map((one) => ({ topic, ...one })),
    )
    const groups = await admin.listGroups()
    const features = await admin.describeFeatures()
    const quorum = await admin.describeMetadataQuorum()
    const short = partitions.filter(({ isr, replicas }) => isr.length < replicas.length)
    const leaderless = partitions.filter(({ leader }) => leader === undefined)
    const level = features.get('metadata.version')?.finalized
    const status = {
      clusterId,
      metadataVersion: level === undefined ? null : (metadataVersionAt(level)?.version ?? String(level)),
      quorumLeader: quorum.leaderId,
      voters: quorum.voters.map(({ id }) => id),
      brokers: brokers.map(({ id, host, port, rack, fenced }) => ({
        id,
        host,
        port,
        rack: rack ?? null,
        fenced: fenced === true,
      })),
      topics: topics.filter(({ internal }) => !internal).length,
      internalTopics: topics.filter(({ internal }) => internal).length,
      partitions: partitions.length,
      underReplicated: short.length,
      withoutLeader: leaderless.length,
      groups: groups.length,
      problems: problemsOf(brokers, leaderless, short),
    }
    const machine = machineOutput(context, CLUSTER_STATUS_SHAPE)
    if (machine === undefined) print(context, status)
    else await machine.all([wholeRow(CLUSTER_STATUS_SHAPE, status)])
    return status.problems.length === 0 ? 0 : 1
  } finally {
    await admin.close()
  }
}

/** Brokers before 4.0 tell of those alone that serve. */
async function withFenced(admin: Admin): Promise<ClusterDescription> {
  try {
    return await admin.describeCluster({ includeFenced: true })
  } catch (error) {
    if (!(error instanceof KafkaError) || error.code !== 'UNSUPPORTED_VERSION') throw error
    return admin.describeCluster()
  }
}

type Placed = PartitionDescription & { readonly topic: string }

function problemsOf(
  brokers: readonly BrokerDescription[],
  leaderless: readonly Placed[],
  short: readonly Placed[],
): string[] {
  const problems: string[] = []
  const fenced = brokers.filter((broker) => broker.fenced === true)
  if (fenced.length > 0)
    problems.push(`${count(fenced.length, 'broker')} not serving: ${fenced.map(({ id }) => id).join(', ')}`)
  const some = (partitions: readonly Placed[]) =>
    partitions
      .slice(0, 5)
      .map(({ topic, partition }) => `${topic}-${partition}`)
      .join(', ') + (partitions.length > 5 ? ', ...' : '')
  if (leaderless.length > 0)
    problems.push(`${count(leaderless.length, 'partition')} without a leader: ${some(leaderless)}`)
  if (short.length > 0)
    problems.push(`${count(short.length, 'partition')} with replicas that are not in sync: ${some(short)}`)
  return problems
}

interface Status {
  readonly clusterId: string
  readonly metadataVersion: string | null
  readonly quorumLeader: number
  readonly voters: readonly number[]
  readonly brokers: readonly {
    id: number
    host: string
    port: number
    rack: string | null
    fenced: boolean
  }[]
  readonly topics: number
  readonly internalTopics: number
  readonly partitions: number
  readonly groups: number
  readonly problems: readonly string[]
}

function print({ stdout, stderr }: CommandContext, status: Status): void {
  const row = (name: string, text: string) => stdout.line(`${name.padEnd(12)} ${text}`)
  row('Cluster', status.clusterId)
  if (status.metadataVersion !== null) row('Kafka', `metadata.version ${status.metadataVersion}`)
  row('Quorum', `leader ${status.quorumLeader} of ${status.voters.join(', ')}`)
  for (const { id, host, port, rack, fenced } of status.brokers) {
    const where = `${host}:${port}${rack === null ? '' : `, rack ${rack}`}`
    row(`Broker ${id}`, fenced ? `${where}: not serving` : where)
  }
  const internal = status.internalTopics === 0 ? '' : `, and ${status.internalTopics} internal`
  row('Topics', `${status.topics}${internal}; ${count(status.partitions, 'partition')}`)
  row('Groups', String(status.groups))
  row('State', status.problems.length === 0 ? 'every partition has its leader and its replicas' : 'see below')
  stdout.flush()
  for (const line of status.problems) stderr.line(line)
}
