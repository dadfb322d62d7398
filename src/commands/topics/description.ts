/** `topics --describe`: one topic in text, in a table for a person, or as rows. */
import type { CommandContext } from '../../cli/command.ts'
import { machineOutput } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { ConfigEntry } from '../../client/admin/config-admin.ts'
import type { PartitionDescription, TopicDescription } from '../../client/admin/topic-admin.ts'
import { javaHashOrder, javaStringHash } from '../../java/java-hash.ts'

const REPORT_FLAGS = [
  'under-replicated-partitions',
  'unavailable-partitions',
  'under-min-isr-partitions',
  'at-min-isr-partitions',
] as const
type ReportFlag = (typeof REPORT_FLAGS)[number]
type DescribeContext = CommandContext<ReportFlag | 'topics-with-overrides' | 'output'>

/** Topics whose settings are asked for in one go: all settings of all topics would fill the memory. */
const ASKED_TOGETHER = 200

/** Describes topics in the form that --output asks for; `end` behind the last. */
export async function topicDescriber(context: DescribeContext, admin: Admin) {
  const rows = context.options.has('output') ? await import('./rows.ts') : undefined
  const machine = rows && machineOutput(context, rows.TOPIC_PARTITION_SHAPE)
  const isForPerson = context.stdout.isTerminal && !context.options.has('output')
  let show = isForPerson ? await personTable(context) : undefined
  if (machine) show = (described) => rows?.writePartitions(machine, described)
  return {
    describeTopics: async (topics: readonly TopicDescription[], withElr: boolean) => {
      for (let i = 0; i < topics.length; i += ASKED_TOGETHER) {
        const some = topics.slice(i, i + ASKED_TOGETHER)
        const configs = await admin.describeConfigsOf(some.map(({ name }) => ({ type: 'topic', name })))
        for (const [k, topic] of some.entries()) describeTopic(context, topic, configs[k], withElr, show)
      }
    },
    end: () => machine?.end(),
  }
}

/** On a terminal: Kafka's words for the topic, and its partitions as a table. */
async function personTable(context: DescribeContext) {
  const { printTable } = await import('../../cli/table.ts')
  const { colours } = await import('../../cli/colour.ts')
  const paint = colours(context.stdout, context.env)
  return ({ topic, configs, partitions }: Described) => {
    if (partitions.length === 0 && topic.partitions.length > 0) return
    const [name, ...facts] = topicLine(topic, configs).split('\t')
    context.stdout.line([paint.bold(name), ...facts].join('  '))
    if (context.options.has('topics-with-overrides')) return
    const list = (ids: readonly number[]) => (ids.length === 0 ? null : ids.join(','))
    printTable(
      context,
      ['  Partition', 'Leader', 'Replicas', 'Isr', 'Elr', 'LastKnownElr'],
      partitions.map((one) => [
        one.partition,
        one.leader ?? paint.red('none'),
        list(one.replicas),
        one.isr.length < one.replicas.length ? paint.red(one.isr.join(',')) : list(one.isr),
        list(one.eligibleLeaderReplicas),
        list(one.lastKnownElr),
      ]),
    )
  }
}

interface Described {
  readonly topic: TopicDescription
  readonly configs: readonly ConfigEntry[]
  readonly partitions: readonly PartitionDescription[]
}

/** What `topics --describe` prints of one topic. By topic id the genuine tool does not learn of ELRs: `withElr` false. */
function describeTopic(
  { options, stdout }: DescribeContext,
  topic: TopicDescription,
  configs: readonly ConfigEntry[],
  withElr: boolean,
  show: ((described: Described) => void) | undefined,
): void {
  const report = partitionReport((flag) => options.has(flag), configs)
  if (show !== undefined) {
    const overridden = configs.some((entry) => entry.source !== 'DEFAULT_CONFIG')
    if (options.has('topics-with-overrides') && !overridden) return
    show({ topic, configs, partitions: topic.partitions.filter(report ?? (() => true)) })
    return
  }
  if (report === undefined) {
    const set = configs.filter((entry) => entry.source !== 'DEFAULT_CONFIG')
    if (options.has('topics-with-overrides') && set.length === 0) return
    stdout.line(topicLine(topic, configs))
    if (options.has('topics-with-overrides')) return
  }
  for (const partition of topic.partitions) {
    if (report === undefined || report(partition)) stdout.line(partitionLine(topic.name, partition, withElr))
  }
}

function topicLine(topic: TopicDescription, configs: readonly ConfigEntry[]): string {
  // The genuine tool walks a hash map of all settings.
  const set = javaHashOrder(configs, (entry) => javaStringHash(entry.name))
    .filter((entry) => entry.source !== 'DEFAULT_CONFIG')
    .map((entry) => `${entry.name}=${entry.value}`)
  const factor = topic.partitions[0]?.replicas.length ?? 0
  return `Topic: ${topic.name}\tTopicId: ${topic.topicId}\tPartitionCount: ${topic.partitions.length}\tReplicationFactor: ${factor}\tConfigs: ${set.join(',')}`
}

function partitionLine(topic: string, partition: PartitionDescription, withElr: boolean): string {
  const { leader, replicas, isr, eligibleLeaderReplicas, lastKnownElr } = partition
  const elr = withElr ? eligibleLeaderReplicas.join(',') : 'N/A'
  const lastKnown = withElr ? lastKnownElr.join(',') : 'N/A'
  return `\tTopic: ${topic}\tPartition: ${partition.partition}\tLeader: ${leader ?? 'none'}\tReplicas: ${replicas.join(',')}\tIsr: ${isr.join(',')}\tElr: ${elr}\tLastKnownElr: ${lastKnown}`
}

/** Which partitions are to be shown, or undefined when no such flag is given and all are. */
function partitionReport(
  has: (flag: ReportFlag) => boolean,
  configs: readonly ConfigEntry[],
): ((partition: PartitionDescription) => boolean) | undefined {
  const minIsr = Number(configs.find((entry) => entry.name === 'min.insync.replicas')?.value ?? 1)
  const reports: Readonly<Record<ReportFlag, (partition: PartitionDescription) => boolean>> = {
    'under-replicated-partitions': ({ replicas, isr }) => replicas.length > isr.length,
    'unavailable-partitions': ({ leader }) => leader === undefined,
    'under-min-isr-partitions': ({ leader, isr }) => leader === undefined || isr.length < minIsr,
    'at-min-isr-partitions': ({ isr }) => isr.length === minIsr,
  }
  const chosen = REPORT_FLAGS.filter(has)
  if (chosen.length === 0) return undefined
  return (partition) => chosen.some((flag) => reports[flag](partition))
}
