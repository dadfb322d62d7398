/** `tkafka client-metrics`: telemetry subscriptions, stored as settings; a directory pushes no metrics. */
import { randomBytes } from 'node:crypto'
import { checkExactlyOne, checkInvalidArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { ConfigAlteration } from '../client/admin/config-admin.ts'
import { TerseError, UsageError } from '../errors.ts'
import { randomUuid } from '../message/uuid.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const CHANGES = ['generate-name', 'interval', 'match', 'metrics'] as const

const FLAGS = [
  BOOTSTRAP_SERVER,
  COMMAND_CONFIG,
  { name: 'alter', description: 'Alter the configuration for the client metrics resource.' },
  { name: 'delete', description: 'Delete the configuration for the client metrics resource.' },
  { name: 'describe', description: 'List configurations for the client metrics resource.' },
  { name: 'list', description: 'List the client metrics resources.' },
  {
    name: 'name',
    arg: 'required',
    argName: 'name',
    description: 'Name of client metrics configuration resource.',
  },
  { name: 'generate-name', description: 'Generate a UUID to use as the name.' },
  {
    name: 'interval',
    arg: 'required',
    argName: 'push interval',
    description: 'The metrics push interval in milliseconds. Leave empty to reset the interval.',
  },
  {
    name: 'match',
    arg: 'required',
    argName: 'k1=v1,k2=v2',
    repeatable: true,
    description:
      "Matching selector 'k1=v1,k2=v2'. Valid selector names: client_id, client_instance_id, client_software_name, client_software_version, client_source_address, client_source_port.",
  },
  {
    name: 'metrics',
    arg: 'required',
    argName: 'm1,m2',
    repeatable: true,
    description: "Telemetry metric name prefixes 'm1,m2'.",
  },
  outputFlag,
] as const satisfies readonly Flag[]

type Context = ToolContext<typeof FLAGS>

export const command = defineCommand({
  name: 'client-metrics',
  summary: 'This tool helps to manipulate and describe client metrics configurations.',
  flags: FLAGS,
  parseErrors: { usage: true },
  examples: [
    'tkafka client-metrics --alter --name basic --metrics org.apache.kafka.producer. --interval 60000',
  ],
  async run(context) {
    checkArguments(context)
    const changes = context.options.has('alter') ? alterations(context) : []
    const admin = await openAdmin(context)
    try {
      await run(context, admin, changes)
      return 0
    } catch (error) {
      if (error instanceof OutputError || !(error instanceof TerseError)) throw error
      context.stdout.flush()
      context.stderr.line(`Error while executing client metrics command : ${error.message}`)
      return 1
    } finally {
      await admin.close()
    }
  },
})

function checkArguments({ options }: Context): void {
  checkExactlyOne(
    options,
    ['alter', 'delete', 'describe', 'list'],
    'Command must include exactly one action: --alter, --delete, --describe or --list.',
  )
  checkInvalidArguments(options, 'delete', CHANGES)
  checkInvalidArguments(options, 'describe', CHANGES)
  checkInvalidArguments(options, 'list', ['name', ...CHANGES])
  const named = options.has('name')
  if (options.has('alter') && named === options.has('generate-name')) {
    throw new UsageError('One of --name or --generate-name must be specified with --alter.', false)
  }
  if (options.has('delete') && !named) {
    throw new UsageError('A client metrics resource name must be specified with --delete.', false)
  }
}

async function run(context: Context, admin: Admin, changes: readonly ConfigAlteration[]): Promise<void> {
  const { options, stdout } = context
  const name = options.has('generate-name') ? randomUuid(randomBytes) : (options.value('name') ?? '')
  if (options.has('alter')) {
    await admin.incrementalAlterConfigs({ type: 'client-metrics', name }, changes)
    stdout.line(`Altered client metrics config for ${name}.`)
    return
  }
  const names = await admin.listConfigResources('client-metrics')
  if (options.has('list')) {
    const machine = machineOutput(context, { kind: 'client-metrics', columns: ['name'] })
    if (machine !== undefined) return machine.all(names.map((one) => ({ name: one })))
    stdout.line(names.join('\n'))
    return
  }
  if (options.has('delete')) {
    if (names.includes(name)) {
      const entries = await admin.describeConfigs({ type: 'client-metrics', name })
      await admin.incrementalAlterConfigs(
        { type: 'client-metrics', name },
        entries.map((entry) => ({ name: entry.name, operation: 'delete' })),
      )
    }
    stdout.line(`Deleted client metrics config for ${name}.`)
    return
  }
  const machine = machineOutput(context, {
    kind: 'client-metrics-config',
    columns: ['name', 'config', 'value'],
  })
  if (machine !== undefined) {
    for (const one of names.filter((known) => !options.has('name') || known === name)) {
      for (const entry of await admin.describeConfigs({ type: 'client-metrics', name: one })) {
        machine.row({ name: one, config: entry.name, value: entry.value })
      }
    }
    machine.end()
    return
  }
  if (options.has('name') && !names.includes(name)) {
    stdout.line(`The client metric resource ${name} doesn't exist and doesn't have dynamic config.`)
    return
  }
  for (const one of options.has('name') ? [name] : names) {
    stdout.line(`Client metrics configs for ${one} are:`)
    for (const entry of await admin.describeConfigs({ type: 'client-metrics', name: one })) {
      stdout.line(`  ${entry.name}=${entry.value ?? ''}`)
    }
  }
}

/** An empty value takes the setting away. */
function alterations({ options }: Context): ConfigAlteration[] {
  const found: [string, string][] = []
  if (options.has('interval')) {
    const text = options.value('interval') ?? ''
    if (text !== '' && !/^[+-]?\d+$/.test(text)) {
      throw new UsageError('Invalid interval value. Enter an integer, or leave empty to reset.', false)
    }
    found.push(['interval.ms', text])
  }
  for (const name of ['metrics', 'match'] as const) {
    if (options.has(name)) found.push([name, options.values(name).join(',')])
  }
  return found.map(([name, value]) =>
    value === '' ? { name, operation: 'delete' } : { name, operation: 'set', value },
  )
}
