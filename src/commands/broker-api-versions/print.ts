/** What `broker-api-versions` and `cluster api-versions` print. */
import type { CommandContext } from '../../cli/command.ts'
import { machineOutput, type Row } from '../../cli/machine-output.ts'
import { openAdmin } from '../open/open-client.ts'
import { BROKER_APIS } from './table.ts'

export async function printApiVersions(
  context: CommandContext<'bootstrap-server' | 'output'>,
): Promise<number> {
  const { options, stdout, env } = context
  const admin = await openAdmin(context)
  try {
    const { brokers, controller } = await admin.describeCluster()
    const node = brokers.find(({ id }) => id === controller) ?? brokers[0]
    const machine = machineOutput(context, BROKER_API_SHAPE)
    if (machine !== undefined) {
      await machine.all(BROKER_APIS.map((row) => apiRow(node.id, row)))
      return 0
    }
    // The address that was asked for is where this node answers.
    const asked = options.value('bootstrap-server') ?? env.TKAFKA_LOCAL_BOOTSTRAP
    const address = asked?.split(',')[0].trim() || `${node.host}:${node.port}`
    stdout.line(`${address} (id: ${node.id} rack: ${node.rack ?? 'null'} isFenced: false) -> (`)
    stdout.line(BROKER_APIS.map(apiLine).join(',\n'))
    stdout.line(')')
    return 0
  } finally {
    await admin.close()
  }
}

const BROKER_API_SHAPE = {
  kind: 'broker-api',
  columns: ['broker', 'api', 'key', 'minVersion', 'maxVersion'],
}

function apiRow(broker: number, row: string): Row {
  const [api, key, low, high] = row.split(' ')
  const version = (text: string) => (low === '-' ? null : Number(text))
  return { broker, api, key: Number(key), minVersion: version(low), maxVersion: version(high) }
}

function apiLine(row: string): string {
  const [name, key, low, high] = row.split(' ')
  if (low === '-') return `\t${name}(${key}): UNSUPPORTED`
  return `\t${name}(${key}): ${low === high ? low : `${low} to ${high}`} [usable: ${high}]`
}
