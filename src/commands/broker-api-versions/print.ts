/** What `broker-api-versions` and `cluster api-versions` print. */
import type { CommandContext } from '../../cli/command.ts'
import { machineOutput, type Row } from '../../cli/machine-output.ts'
import type { NodeApiVersions } from '../../client/admin/node-admin.ts'
import { openAdmin } from '../open/open-client.ts'
import { BROKER_APIS } from './table.ts'

export async function printApiVersions(
  context: CommandContext<'bootstrap-server' | 'output'>,
): Promise<number> {
  const { options, stdout, env } = context
  const admin = await openAdmin(context)
  try {
    const nodes = await admin.describeApiVersions()
    if (nodes.length > 0) return await printNodes(context, nodes)
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

/** Of a cluster: what each broker says of itself, beside what Kafka's own client of this release would use. */
async function printNodes(
  context: CommandContext<'bootstrap-server' | 'output'>,
  nodes: readonly NodeApiVersions[],
): Promise<number> {
  const known = BROKER_APIS.map((row) => row.split(' '))
  const machine = machineOutput(context, BROKER_API_SHAPE)
  if (machine !== undefined) {
    const nameOf = (key: number) => known.find(([, number]) => Number(number) === key)?.[0] ?? null
    await machine.all(
      nodes.flatMap(({ node, apis }) =>
        apis.map(({ key, min, max }) => ({
          broker: node.id,
          api: nameOf(key),
          key,
          minVersion: min,
          maxVersion: max,
        })),
      ),
    )
    return 0
  }
  const { stdout } = context
  for (const { node, apis } of nodes) {
    const rows = new Map<number, string>(
      apis.map(({ key, min, max }) => [key, `UNKNOWN(${key}): ${versionsText(min, max)}`]),
    )
    for (const [name, number, low, high] of known) {
      const key = Number(number)
      const api = apis.find((one) => one.key === key)
      if (api === undefined) rows.set(key, `${name}(${key}): UNSUPPORTED`)
      else {
        const { min, max } = api
        const usable = usableText(api, Number(low === '-' ? 0 : low), high === undefined ? 0 : Number(high))
        rows.set(key, `${name}(${key}): ${versionsText(min, max)} [${usable}]`)
      }
    }
    const lines = [...rows].sort(([a], [b]) => a - b).map(([, text]) => `\t${text}`)
    const { id, host, port, rack } = node
    stdout.line(`${host}:${port} (id: ${id} rack: ${rack ?? 'null'} isFenced: false) -> (`)
    stdout.line(lines.join(',\n'))
    stdout.line(')')
  }
  return 0
}

function versionsText(min: number, max: number): string {
  return min === max ? String(min) : `${min} to ${max}`
}

function usableText({ min, max }: { min: number; max: number }, low: number, high: number): string {
  if (max < low) return 'unusable: node too old'
  return min > high ? 'unusable: node too new' : `usable: ${Math.min(max, high)}`
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
