/** The requests that nodes understand: each of a cluster's, or those whose work tkafka does in a directory. */
import type { CommandContext } from '../../cli/command.ts'
import { machineOutput, type Row } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { NodeApiVersions } from '../../client/admin/node-admin.ts'
import { BROKER_APIS, CONTROLLER_APIS } from './table.ts'

/** `asked`: the addresses of the command line, where a directory's node is said to answer. */
export async function showApiVersions(
  context: CommandContext<'output'>,
  admin: Admin,
  asked: string | undefined,
): Promise<void> {
  const { stdout } = context
  const nodes = await admin.describeApiVersions()
  if (nodes.length > 0) {
    await printNodes(context, nodes)
    return
  }
  const { brokers, controller } = await admin.describeCluster()
  const node = brokers.find(({ id }) => id === controller) ?? brokers[0]
  const machine = machineOutput(context, BROKER_API_SHAPE)
  if (machine !== undefined) {
    await machine.all(BROKER_APIS.map((row) => apiRow(node.id, row)))
    return
  }
  // The address that was asked for is where this node answers.
  const address = asked?.split(',')[0].trim() || `${node.host}:${node.port}`
  stdout.line(`${address} (id: ${node.id} rack: ${node.rack ?? 'null'} isFenced: false) -> (`)
  stdout.line(BROKER_APIS.map(apiLine).join(',\n'))
  stdout.line(')')
}

/** Of a cluster: what each broker says of itself, beside what Kafka's own client of this release would use. */
async function printNodes(
  context: CommandContext<'output'>,
  nodes: readonly NodeApiVersions[],
): Promise<void> {
  const known = [...BROKER_APIS, ...CONTROLLER_APIS].map((row) => row.split(' '))
  const listed = BROKER_APIS.length
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
    return
  }
  const { stdout } = context
  for (const { node, apis } of nodes) {
    const rows = new Map<number, string>(
      apis.map(({ key, min, max }) => [key, `UNKNOWN(${key}): ${versionsText(min, max)}`]),
    )
    for (const [i, [name, number, low, high]] of known.entries()) {
      const key = Number(number)
      const api = apis.find((one) => one.key === key)
      if (api === undefined) {
        if (i < listed) rows.set(key, `${name}(${key}): UNSUPPORTED`)
      } else {
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
