/** kafka-configs.sh: settings of topics, brokers, groups, users and clients. */
import { defineCommand, type Flag } from '../cli/command.ts'
import { outputFlag, outputFormat } from '../cli/machine-output.ts'
import { OutputError } from '../cli/output.ts'
import { KafkaError, TerseError, UsageError } from '../errors.ts'
import { ConfigsFailure } from './configs/entities.ts'
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const FLAGS = [
  BOOTSTRAP_SERVER,
  BOOTSTRAP_CONTROLLER,
  COMMAND_CONFIG,
  { name: 'alter', description: 'Alter the configuration for the entity.' },
  { name: 'describe', description: 'List configs for the given entity.' },
  {
    name: 'all',
    description: 'List all configs for the given entity, including static configs if available.',
  },
  {
    name: 'entity-type',
    arg: 'required',
    repeatable: true,
    description: 'Type of entity (topics/clients/users/brokers/broker-loggers/ips/client-metrics/groups)',
  },
  {
    name: 'entity-name',
    arg: 'required',
    repeatable: true,
    description:
      'Name of entity (topic name/client id/user principal name/broker id/ip/client metrics/group id)',
  },
  {
    name: 'entity-default',
    description: 'Default entity name for clients/users/brokers/ips (applies to corresponding entity type)',
  },
  {
    name: 'add-config',
    arg: 'required',
    description:
      "Key Value pairs of configs to add. Square brackets can be used to group values which contain commas: 'k1=v1,k2=[v1,v2,v2],k3=v3'. 'configs --describe --topic NAME --all' lists what there is.",
  },
  {
    name: 'add-config-file',
    arg: 'required',
    description: 'Path to a properties file with configs to add. See add-config.',
  },
  {
    name: 'delete-config',
    arg: 'required',
    repeatable: true,
    description: "config keys to remove 'k1,k2'",
  },
  { name: 'topic', arg: 'required', description: "The topic's name." },
  { name: 'client', arg: 'required', description: "The client's ID." },
  { name: 'client-defaults', description: 'The config defaults for all clients.' },
  { name: 'user', arg: 'required', description: "The user's principal name." },
  { name: 'user-defaults', description: 'The config defaults for all users.' },
  { name: 'broker', arg: 'required', description: "The broker's ID." },
  { name: 'broker-defaults', description: 'The config defaults for all brokers.' },
  { name: 'broker-logger', arg: 'required', description: "The broker's ID for its logger config." },
  { name: 'ip-defaults', description: 'The config defaults for all IPs.' },
  { name: 'ip', arg: 'required', description: 'The IP address.' },
  { name: 'group', arg: 'required', description: "The group's ID." },
  { name: 'client-metrics', arg: 'required', description: 'The client metrics config resource name.' },
  outputFlag,
] as const satisfies readonly Flag[]

export const command = defineCommand({
  name: 'configs',
  summary:
    'This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or group',
  flags: FLAGS,
  examples: [
    'tkafka configs --describe --topic quakes',
    'tkafka configs --alter --topic quakes --add-config retention.ms=86400000,cleanup.policy=[compact,delete]',
    'tkafka configs --alter --broker-defaults --add-config log.retention.ms=604800000',
  ],
  async run(context) {
    const { options, stderr, stdout } = context
    const { checkArguments } = await import('./configs/entities.ts')
    try {
      const entities = await checkArguments(options)
      outputFormat(options)
      if (options.has('command-config')) await readClientSettings(options.value('command-config') ?? '')
      const admin = await openAdmin(context)
      try {
        if (options.has('describe')) {
          const { describeConfigs } = await import('./configs/describe.ts')
          const rows = options.has('output') ? await import('./configs/rows.ts') : undefined
          if (!(await rows?.writeConfigs(context, admin, entities)))
            await describeConfigs(context, admin, entities)
        } else {
          const { alterConfigs } = await import('./configs/alter.ts')
          await alterConfigs(context, admin, entities)
        }
      } finally {
        await admin.close()
      }
      return 0
    } catch (error) {
      // The genuine tool tells what it was asked for, except for what it refused by itself.
      const own = error instanceof ConfigsFailure || error instanceof UsageError
      if (own || error instanceof OutputError || !(error instanceof TerseError)) throw error
      stdout.flush()
      stderr.line(`Error while executing config command with args '${options.raw.join(' ')}'`)
      if (!isSilent(error, options.has('describe')) || stderr.isTerminal) stderr.line(error.message)
      return 1
    }
  },
})

/** The genuine tool reads the file before it does anything; where it cannot it says the headline alone, we mostly the cause as well. */
async function readClientSettings(file: string): Promise<void> {
  const { propertiesFile } = await import('./open/client-properties.ts')
  const { UnreadableFile } = await import('./configs/alter.ts')
  await propertiesFile(file).catch((error: Error) => {
    throw new UnreadableFile('command-config', error)
  })
}

/** A failure of which the headline alone is printed, as by the genuine tool (it names the file that is not there); a person is told more. */
function isSilent(error: Error, describing: boolean): boolean {
  if ('isMissing' in error && error.isMissing === true) return true
  return describing && error instanceof KafkaError && error.code === 'UNKNOWN_TOPIC_OR_PARTITION'
}
