/** `tkafka cluster`: the cluster that a directory belongs to, and the end points of its brokers. */

import { defineCommand, type Flag, type Subcommand, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { BrokerDescription } from '../client/admin/cluster-admin.ts'
import { TerseError } from '../errors.ts'
import { systemOs } from '../os/system-os.ts'
import { openAdmin } from './open/open-client.ts'

const CONNECTION = [
  {
    name: 'bootstrap-server',
    short: 'b',
    arg: 'required',
    group: { name: 'connection' },
    description:
      'A list of host/port pairs to use for establishing the connection to the Kafka cluster. Without it: the data directory.',
  },
  {
    name: 'bootstrap-controller',
    short: 'C',
    arg: 'required',
    group: { name: 'connection' },
    description: 'A list of host/port pairs to use for establishing the connection to the KRaft controllers.',
  },
  {
    name: 'config',
    arg: 'required',
    deprecated: 'command-config',
    description: 'A property file containing configurations for the Admin client.',
  },
  {
    name: 'command-config',
    short: 'c',
    arg: 'required',
    description: 'Config properties file for the Admin client.',
  },
] as const satisfies readonly Flag[]

const SUBCOMMANDS = [
  {
    name: 'cluster-id',
    summary: 'Get information about the ID of a cluster.',
    flags: [...CONNECTION, outputFlag],
  },
  {
    name: 'unregister',
    summary: 'Unregister a broker.',
    flags: [
      ...CONNECTION,
      {
        name: 'id',
        short: 'i',
        arg: 'required',
        type: 'int',
        required: true,
        description: 'The ID of the broker to unregister.',
      },
    ],
  },
  {
    name: 'unregister-controller',
    summary: 'Unregister a controller.',
    flags: [
      ...CONNECTION,
      {
        name: 'id',
        short: 'i',
        arg: 'required',
        type: 'int',
        required: true,
        description: 'The ID of the controller to unregister.',
      },
    ],
  },
  {
    name: 'list-endpoints',
    summary: 'List endpoints',
    flags: [
      ...CONNECTION,
      {
        name: 'include-fenced-brokers',
        description:
          'Whether to include fenced brokers when listing broker endpoints. A data directory lists every broker that it knows.',
      },
      outputFlag,
    ],
  },
  {
    name: 'api-versions',
    summary: 'Get information about the api versions of the brokers or controllers.',
    flags: [...CONNECTION, outputFlag],
  },
] as const satisfies readonly Subcommand[]

type Context = ToolContext<[], typeof SUBCOMMANDS>

export const command = defineCommand({
  name: 'cluster',
  summary: 'The Kafka cluster tool.',
  parser: 'argparse',
  flags: [],
  subcommands: SUBCOMMANDS,
  examples: ['tkafka cluster cluster-id', 'tkafka cluster list-endpoints'],
  async run(context) {
    const { options, stdout, stderr, env } = context
    if (options.has('config') && options.has('command-config')) {
      throw new TerseError('Options --config and --command-config cannot be specified at the same time.')
    }
    if (options.has('config')) {
      stderr.line(
        'Option --config has been deprecated and will be removed in a future version. Use --command-config instead.',
      )
    }
    if (options.has('include-fenced-brokers') && options.has('bootstrap-controller')) {
      throw new TerseError(
        'The option --include-fenced-brokers is only supported with --bootstrap-server option',
      )
    }
    const file = options.value('config') ?? options.value('command-config')
    if (file !== undefined && systemOs.fs.stat(file) === undefined) throw new TerseError(file)
    const admin = await openAdmin(context)
    try {
      if (options.subcommand === 'list-endpoints') return await listEndpoints(context, admin)
      if (options.subcommand === 'api-versions') {
        const { showApiVersions } = await import('./broker-api-versions/nodes.ts')
        await showApiVersions(context, admin, options.value('bootstrap-server') ?? env.TKAFKA_LOCAL_BOOTSTRAP)
        return 0
      }
      if (options.subcommand === 'unregister') {
        const id = options.int('id') ?? -1
        await admin.unregisterBroker(id)
        stdout.line(`Broker ${id} is no longer registered.`)
        return 0
      }
      if (options.subcommand === 'unregister-controller') {
        const id = options.int('id') ?? -1
        await admin.unregisterController(id)
        stdout.line(`Controller ${id} is no longer registered.`)
        return 0
      }
      const machine = machineOutput(context, { kind: 'cluster', columns: ['clusterId'] })
      if (machine !== undefined) {
        await machine.all([{ clusterId: await admin.clusterId() }])
        return 0
      }
      stdout.line(`Cluster ID: ${await admin.clusterId()}`)
      return 0
    } finally {
      await admin.close()
    }
  },
})

async function listEndpoints(context: Context, admin: Admin): Promise<number> {
  const { options, stdout } = context
  const endpointType = options.has('bootstrap-controller') ? 'controller' : 'broker'
  const { brokers } = await admin.describeCluster({ includeFenced: options.has('include-fenced-brokers') })
  const stateOf = ({ fenced }: BrokerDescription) => (fenced ? 'fenced' : 'unfenced')
  const machine = machineOutput(context, {
    kind: 'endpoint',
    columns: ['id', 'host', 'port', 'rack', 'state', 'endpointType'],
  })
  if (machine !== undefined) {
    await machine.all(
      brokers.map((broker) => ({
        id: broker.id,
        host: broker.host,
        port: broker.port,
        rack: broker.rack ?? null,
        state: stateOf(broker),
        endpointType,
      })),
    )
    return 0
  }
  const widest = (least: number, texts: readonly string[]) =>
    Math.max(least, ...texts.map(({ length }) => length))
  const hostWidth = widest(
    4,
    brokers.map(({ host }) => host),
  )
  const racks = brokers.flatMap(({ rack }) => rack ?? [])
  const rackWidth = racks.length === 0 ? 10 : widest(0, racks)
  const ofBrokers = endpointType === 'broker'
  const row = (id: string, host: string, port: string, rack: string, state: string, type: string) => {
    const start = `${id.padEnd(10)} ${host.padEnd(hostWidth)} ${port.padEnd(10)} ${rack.padEnd(rackWidth)}`
    stdout.line(`${start}${ofBrokers ? ` ${state.padEnd(10)}` : ''} ${type.padEnd(15)}`)
  }
  row('ID', 'HOST', 'PORT', 'RACK', 'STATE', 'ENDPOINT_TYPE')
  for (const broker of brokers) {
    const { id, host, port, rack } = broker
    row(String(id), host, String(port), rack ?? 'null', stateOf(broker), endpointType)
  }
  return 0
}
