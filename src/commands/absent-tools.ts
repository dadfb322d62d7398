/** The tools of Kafka's bin folder that have nothing to do on a data directory: each says so in one line. */
import type { Command } from '../cli/command.ts'

interface AbsentTool {
  readonly name: string
  /** Its help, in one line. */
  readonly summary: string
  readonly line: string
  /** Scripts go on: there is nothing to start or stop, and the status is 0. Else what was asked for cannot be had: 1. */
  readonly scriptsGoOn?: true
}

const ABSENT_TOOLS: readonly AbsentTool[] = [
  {
    name: 'connect-distributed',
    summary: 'Runs Kafka Connect; that needs a running cluster.',
    line: 'Kafka Connect needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
  },
  {
    name: 'connect-mirror-maker',
    summary: 'Mirrors clusters; that needs running clusters.',
    line: 'mirroring needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
  },
  {
    name: 'connect-plugin-path',
    summary: 'Manages plugins of Kafka Connect.',
    line: 'plugins of Kafka Connect are Java classes; use the script of a Kafka installation',
  },
  {
    name: 'connect-standalone',
    summary: 'Runs Kafka Connect; that needs a running cluster.',
    line: 'Kafka Connect needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
  },
  {
    name: 'console-share-consumer',
    summary: 'Reads as a member of a share group.',
    line: 'share consumers are not built yet; tkafka console-consumer --group shares partitions among members, not records',
  },
  {
    name: 'jmx',
    summary: 'Prints JMX metrics of a running broker.',
    line: 'needs a running Kafka broker: a data directory has no JMX metrics',
  },
  {
    name: 'metadata-shell',
    summary: 'A shell on the metadata log.',
    line: 'is not built yet; tkafka dump-log --cluster-metadata-decoder --files SEGMENT prints what is in the metadata log',
  },
  {
    name: 'mirror-maker',
    summary: 'Mirrors clusters; that needs running clusters.',
    line: 'mirroring needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
  },
  {
    name: 'run-class',
    summary: 'Runs a Java class of Kafka; for the classes of tools, the tool of that name runs.',
    line: 'there is no JVM here to run a Java class; tkafka --help lists the tools',
  },
  {
    name: 'server-start',
    summary: 'Starts a Kafka broker; here there is nothing to start.',
    line: 'there is nothing to start; the tools work straight on the data directory (tkafka status shows which one)',
    scriptsGoOn: true,
  },
  {
    name: 'server-stop',
    summary: 'Stops a Kafka broker; here there is nothing to stop.',
    line: 'there is nothing to stop; no process runs between two commands',
    scriptsGoOn: true,
  },
  {
    name: 'share-consumer-perf-test',
    summary: 'Measures share consumers.',
    line: 'share consumers are not built yet; tkafka consumer-perf-test measures consumers',
  },
  {
    name: 'streams-application-reset',
    summary: 'Resets a streams application.',
    line: 'is not built yet; tkafka consumer-groups --reset-offsets --group APPLICATION-ID resets what it has read',
  },
  {
    name: 'trogdor',
    summary: "Kafka's test framework; it needs a running cluster.",
    line: 'the test framework needs a running Kafka cluster and a JVM; tkafka works on a data directory and has neither',
  },
  {
    name: 'verifiable-share-consumer',
    summary: 'A share consumer that reports as JSON.',
    line: 'share consumers are not built yet; tkafka verifiable-consumer is the one for consumer groups',
  },
  {
    name: 'zookeeper-security-migration',
    summary: 'Migrates ZooKeeper ACLs; ZooKeeper is gone since Kafka 4.',
    line: 'there is no ZooKeeper to migrate: Kafka 4 has none',
  },
  {
    name: 'zookeeper-server-start',
    summary: 'Starts ZooKeeper; here there is nothing to start.',
    line: 'there is nothing to start; neither tkafka nor Kafka 4 has a ZooKeeper',
    scriptsGoOn: true,
  },
  {
    name: 'zookeeper-server-stop',
    summary: 'Stops ZooKeeper; here there is nothing to stop.',
    line: 'there is nothing to stop; neither tkafka nor Kafka 4 has a ZooKeeper',
    scriptsGoOn: true,
  },
  {
    name: 'zookeeper-shell',
    summary: 'A shell for ZooKeeper, which is gone since Kafka 4.',
    line: 'there is no ZooKeeper to talk to: Kafka 4 has none; tkafka topics, configs and cluster tell what stood there',
  },
]

/** Every such tool, as a command. */
export const absentTools: readonly Command[] = ABSENT_TOOLS.map((tool) => ({
  name: tool.name,
  summary: tool.summary,
  parser: 'words',
  flags: [],
  run({ stdout, stderr, options, env }) {
    const refusal = tool.name === 'server-start' && !env.TKAFKA_LOCAL_BOOTSTRAP && genuineStart(options.words)
    if (refusal) stderr.line(refusal)
    else (tool.scriptsGoOn ? stdout : stderr).line(`${tool.name}: ${tool.line}`)
    return tool.scriptsGoOn && !refusal ? 0 : 1
  },
}))

/**
 * Why `server-start FILE.properties` must not pass for a start: a script that declares its address to be the data directory
 * goes on, anybody else means to start a broker.
 */
function genuineStart(words: readonly string[]): string | undefined {
  const file = words.find((word) => word.endsWith('.properties'))
  if (file === undefined) return undefined
  return (
    `server-start: this is tkafka's stand-in, which starts no broker; start a genuine one by its path: ` +
    `/path/to/kafka/bin/kafka-server-start.sh ${file} (a script that should go on without a broker sets TKAFKA_LOCAL_BOOTSTRAP)`
  )
}
