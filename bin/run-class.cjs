'use strict'
// `kafka-run-class.sh CLASS ARGS`: scripts call tools by their Java classes; here the tool behind the class runs.
const TOOLS = {
  AclCommand: 'acls',
  BrokerApiVersionsCommand: 'broker-api-versions',
  ClientMetricsCommand: 'client-metrics',
  ClusterTool: 'cluster',
  ConfigCommand: 'configs',
  ConnectDistributed: 'connect-distributed',
  ConnectStandalone: 'connect-standalone',
  ConsoleConsumer: 'console-consumer',
  ConsoleProducer: 'console-producer',
  ConsoleShareConsumer: 'console-share-consumer',
  ConsumerGroupCommand: 'consumer-groups',
  ConsumerPerformance: 'consumer-perf-test',
  DelegationTokenCommand: 'delegation-tokens',
  DeleteRecordsCommand: 'delete-records',
  DumpLogSegments: 'dump-log',
  EndToEndLatency: 'e2e-latency',
  FeatureCommand: 'features',
  GetOffsetShell: 'get-offsets',
  GroupsCommand: 'groups',
  JmxTool: 'jmx',
  Kafka: 'server-start',
  LeaderElectionCommand: 'leader-election',
  LogDirsCommand: 'log-dirs',
  MetadataQuorumCommand: 'metadata-quorum',
  MetadataShell: 'metadata-shell',
  MirrorMaker: 'mirror-maker',
  ProducerPerformance: 'producer-perf-test',
  QuorumPeerMain: 'zookeeper-server-start',
  ReassignPartitionsCommand: 'reassign-partitions',
  ReplicaVerificationTool: 'replica-verification',
  ShareConsumerPerformance: 'share-consumer-perf-test',
  ShareGroupCommand: 'share-groups',
  StorageTool: 'storage',
  StreamsGroupCommand: 'streams-groups',
  StreamsResetter: 'streams-application-reset',
  TopicCommand: 'topics',
  TransactionsCommand: 'transactions',
  VerifiableConsumer: 'verifiable-consumer',
  VerifiableProducer: 'verifiable-producer',
  ZooKeeperMain: 'zookeeper-shell',
}

/**
 * The words with the tool's name in place of the class. Switches of the script itself stand before the class.
 * @param {string[]} args `run-class [-daemon|-loggc|-name NAME] CLASS ARGS`
 */
function withTool(args) {
  const at = args.indexOf('run-class')
  let i = at + 1
  while (args[i] === '-daemon' || args[i] === '-loggc' || args[i] === '-name')
    i += args[i] === '-name' ? 2 : 1
  const name = args[i]?.split('.').pop()?.replace(/\$$/, '')
  const tool = name !== undefined && Object.hasOwn(TOOLS, name) ? TOOLS[name] : undefined
  if (tool === undefined) return args
  const rest = args.slice(i + 1)
  return [...args.slice(0, at), tool, ...(args[i] === 'kafka.tools.GetOffsetShell' ? newFlags(rest) : rest)]
}

/**
 * The class of that old name took flags that its successor has not: an old recipe goes on working. One with `--offsets` above 1
 * asked for the starts of old segments as well; what it sums up is the newest, which comes.
 * @param {string[]} args
 */
function newFlags(args) {
  const renamed = []
  for (let i = 0; i < args.length; i++) {
    const [flag, value] = args[i].split(/=(.*)/s)
    if (flag === '--broker-list') renamed.push('--bootstrap-server', value ?? args[++i])
    else if (flag === '--offsets' || flag === '--max-wait-ms') i += value === undefined ? 1 : 0
    else renamed.push(args[i])
  }
  return renamed.filter((word) => word !== undefined)
}

module.exports = { withTool }
