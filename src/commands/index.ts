/** Every tool: its name, its area, one line about it. The overview, the build and the docs read it. */

export interface ToolEntry {
  readonly name: string
  readonly line: string
}

export interface ToolArea {
  readonly title: string
  readonly tools: readonly ToolEntry[]
}

/** Tools by area, in the order of the overview. Each is the `command` of `commands/NAME.ts`. */
export const TOOL_AREAS: readonly ToolArea[] = [
  {
    title: 'Topics and settings',
    tools: [
      { name: 'topics', line: 'create, list, describe, alter and delete topics' },
      { name: 'configs', line: 'settings of topics, brokers, groups, clients and users' },
      { name: 'delete-records', line: 'delete records up to an offset' },
      { name: 'log-dirs', line: 'how much each partition holds on disk' },
      { name: 'reassign-partitions', line: 'move partitions between replicas' },
      { name: 'leader-election', line: 'elect leaders' },
    ],
  },
  {
    title: 'Records',
    tools: [
      { name: 'console-producer', line: 'lines from standard input into a topic' },
      { name: 'console-consumer', line: 'records of topics to standard output' },
      { name: 'get-offsets', line: 'first, last and timed offsets of partitions' },
      { name: 'dump-log', line: 'what is in a log segment, an index, a snapshot' },
      { name: 'producer-perf-test', line: 'how fast producing goes' },
      { name: 'consumer-perf-test', line: 'how fast consuming goes' },
      { name: 'e2e-latency', line: 'how long a record takes from end to end' },
      { name: 'verifiable-producer', line: 'a producer that reports as JSON' },
      { name: 'verifiable-consumer', line: 'a consumer that reports as JSON' },
    ],
  },
  {
    title: 'Groups',
    tools: [
      { name: 'consumer-groups', line: 'list, describe, reset and delete consumer groups' },
      { name: 'groups', line: 'groups of every kind' },
      { name: 'share-groups', line: 'share groups' },
      { name: 'streams-groups', line: 'streams groups' },
    ],
  },
  {
    title: 'Directory and cluster',
    tools: [
      { name: 'status', line: 'which directory, why that one, clean or not, who holds it' },
      { name: 'storage', line: 'format a directory, tell about it' },
      { name: 'copy', line: 'topics with their records and group offsets into a cluster, and back' },
      { name: 'log-cleaner', line: 'retention and compaction, for cron' },
      { name: 'check', line: 'read all of a directory and tell what is wrong' },
      { name: 'repair', line: 'mend what check finds' },
      { name: 'explain', line: 'why a topic was cleaned, or was not' },
      { name: 'cluster', line: 'id and end points of the cluster' },
      { name: 'features', line: 'feature levels' },
      { name: 'metadata-quorum', line: 'the metadata log' },
      { name: 'transactions', line: 'list, describe and abort transactions' },
      { name: 'acls', line: 'access control' },
      { name: 'client-metrics', line: 'telemetry subscriptions' },
      { name: 'delegation-tokens', line: 'delegation tokens' },
      { name: 'broker-api-versions', line: 'what a broker understands' },
      { name: 'completion', line: 'tool, flag, topic and group names for bash, zsh, fish' },
    ],
  },
]

/** Tools that the overview leaves out: Kafka's have them, few ask for them. */
const UNLISTED_TOOLS = ['replica-verification']

/** Tools of Kafka's that have nothing to do here: absent-tools.ts says so in their name. */
export const ABSENT_TOOL_NAMES: readonly string[] = [
  'connect-distributed',
  'connect-mirror-maker',
  'connect-plugin-path',
  'connect-standalone',
  'console-share-consumer',
  'jmx',
  'metadata-shell',
  'mirror-maker',
  'run-class',
  'server-start',
  'server-stop',
  'share-consumer-perf-test',
  'streams-application-reset',
  'trogdor',
  'verifiable-share-consumer',
  'zookeeper-security-migration',
  'zookeeper-server-start',
  'zookeeper-server-stop',
  'zookeeper-shell',
]

export const TOOL_NAMES: readonly string[] = [
  ...TOOL_AREAS.flatMap(({ tools }) => tools.map(({ name }) => name)),
  ...UNLISTED_TOOLS,
]
