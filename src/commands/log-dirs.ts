/** `tkafka log-dirs`: how many bytes each partition holds. */
import { checkRequiredArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { LogDirDescription, ReplicaInfo } from '../client/admin/node-admin.ts'
import { KafkaError, TerseError } from '../errors.ts'
import { javaHashOrder, javaPartitionHash } from '../java/java-hash.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const LOG_DIR_SHAPE = {
  kind: 'log-dir-replica',
  columns: ['broker', 'logDir', 'topic', 'partition', 'size', 'offsetLag', 'isFuture'],
}

const FLAGS = [
  { ...BOOTSTRAP_SERVER, argName: 'The server(s) to use for bootstrapping' },
  COMMAND_CONFIG,
  { name: 'describe', description: 'Describe the specified log directories on the specified brokers.' },
  {
    name: 'topic-list',
    arg: 'required',
    argName: 'Topic list',
    default: '',
    description:
      'The list of topics to be queried in the form "topic1,topic2,topic3". All topics will be queried if no topic list is specified.',
  },
  {
    name: 'broker-list',
    arg: 'required',
    argName: 'Broker list',
    default: '',
    description:
      'The list of brokers to be queried in the form "0,1,2". All brokers in the cluster will be queried if no broker list is specified.',
  },
  outputFlag,
] as const satisfies readonly Flag[]

export const command = defineCommand({
  name: 'log-dirs',
  summary: 'This tool helps to query log directory usage on the specified brokers.',
  flags: FLAGS,
  examples: ['tkafka log-dirs --describe', 'tkafka log-dirs --describe --topic-list quakes'],
  async run(context) {
    const { options, stdout, stderr } = context
    checkRequiredArguments(options, 'describe')
    const topics = new Set(words(options.value('topic-list')))
    const asked = new Set(words(options.value('broker-list')).map(brokerId))
    const admin = await openAdmin(context)
    try {
      const brokers = (await admin.describeCluster()).brokers.map(({ id }) => id)
      const missing = [...asked].filter((id) => !brokers.includes(id))
      if (missing.length > 0) {
        throw new TerseError(
          `ERROR: The given brokers do not exist from --broker-list: ${missing.join(',')}. Current existent brokers: ${brokers.join(',')}`,
        )
      }
      const queried = asked.size === 0 ? brokers : [...asked]
      const dirs = (await admin.describeLogDirs(queried)).map((dir) => ({
        ...dir,
        shown: dir.replicas.filter(({ topic }) => topics.size === 0 || topics.has(topic)),
      }))
      const machine = machineOutput(context, LOG_DIR_SHAPE)
      if (machine !== undefined) {
        await machine.all(
          dirs.flatMap(({ broker, logDir, shown }) => shown.map((one) => ({ broker, logDir, ...one }))),
        )
        return 0
      }
      if (stderr.isTerminal && topics.size > 0)
        await (await import('./hints/near-name-hint.ts')).hintNearNames(context)
      stdout.line('Querying brokers for log directories information')
      stdout.line(`Received log directory information from brokers ${queried.join(',')}`)
      const described = queried.map((broker) => ({
        broker,
        logDirs: dirs.filter((dir) => dir.broker === broker).map(logDirText),
      }))
      stdout.line(JSON.stringify({ brokers: described, version: 1 }))
      return 0
    } finally {
      await admin.close()
    }
  },
})

interface ShownDir extends LogDirDescription {
  readonly shown: readonly ReplicaInfo[]
}

function logDirText({ logDir, shown, error }: ShownDir) {
  const partitions = javaHashOrder(shown, (one) => javaPartitionHash(one.topic, one.partition)).map(
    ({ topic, partition, size, offsetLag, isFuture }) => ({
      partition: `${topic}-${partition}`,
      size,
      offsetLag,
      isFuture,
    }),
  )
  return { partitions, error: error === undefined ? null : exceptionName(error), logDir }
}

function exceptionName(error: Error): string {
  return error instanceof KafkaError ? `org.apache.kafka.common.errors.${error.exceptionName}` : error.message
}

function words(list: string | undefined): string[] {
  return (list ?? '').split(',').filter((word) => word !== '')
}

function brokerId(text: string): number {
  if (!/^[+-]?\d{1,10}$/.test(text)) throw new TerseError(`For input string: "${text}"`)
  return Number(text)
}
