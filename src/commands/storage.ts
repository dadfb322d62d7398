/** `tkafka storage`: formats log directories, tells about them, and with which properties a broker boots this one. */
import { defineCommand, type Flag, type Subcommand, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, type Row } from '../cli/machine-output.ts'
import { TerseError } from '../errors.ts'
import { randomUuid } from '../message/uuid.ts'
import { type MetaProperties, readMetaProperties } from '../metadata/meta-properties.ts'
import { systemErrorText } from '../os/system-error.ts'
import { systemOs } from '../os/system-os.ts'
import { isShort, showFeatureDependencies, showVersionMapping } from './features/arguments.ts'
import { readStorageConfig } from './storage/config.ts'

const CONFIG = {
  name: 'config',
  short: 'c',
  arg: 'required',
  required: true,
  description: 'The Kafka configuration file to use.',
} as const satisfies Flag
const release = (what: string): Flag<'release-version'> => ({
  name: 'release-version',
  short: 'r',
  arg: 'required',
  description: `The release version to use for the ${what}. The minimum is 3.3-IV3; the default is 4.4-IV2`,
})
const feature = (description: string, required: boolean): Flag<'feature'> => ({
  name: 'feature',
  short: 'f',
  arg: 'required',
  repeatable: true,
  required,
  description,
})
const QUORUM = { group: { name: 'quorum' } }

const SUBCOMMANDS = [
  {
    name: 'info',
    summary: 'Get information about the Kafka log directories on this node.',
    flags: [CONFIG, outputFlag],
  },
  {
    name: 'format',
    summary: 'Format the Kafka log directories on this node.',
    flags: [
      CONFIG,
      {
        name: 'cluster-id',
        short: 't',
        arg: 'required',
        required: true,
        description: 'The cluster ID to use.',
      },
      {
        name: 'add-scram',
        short: 'S',
        arg: 'required',
        repeatable: true,
        description:
          "A SCRAM_CREDENTIAL to add to the __cluster_metadata log, e.g. 'SCRAM-SHA-256=[name=alice,password=alice-secret]'",
      },
      {
        name: 'ignore-formatted',
        short: 'g',
        description:
          'When this option is passed, the format command will skip over already formatted directories rather than failing.',
      },
      release('initial feature settings'),
      feature('The setting to use for a specific feature, in feature=level format.', false),
      {
        name: 'standalone',
        short: 's',
        ...QUORUM,
        description:
          'Used to initialize a controller as a single-node dynamic quorum (controller.quorum.bootstrap.servers instead of controller.quorum.voters).',
      },
      {
        name: 'no-initial-controllers',
        short: 'N',
        ...QUORUM,
        description: 'Used to initialize a server without specifying a dynamic quorum.',
      },
      {
        name: 'initial-controllers',
        short: 'I',
        arg: 'required',
        ...QUORUM,
        description:
          'Used to initialize a server with the specified dynamic quorum: a comma-separated list of id@hostname:port:directory.',
      },
    ],
  },
  {
    name: 'version-mapping',
    summary: 'Look up the corresponding features for a given metadata version.',
    flags: [release('corresponding feature mapping'), outputFlag],
  },
  {
    name: 'feature-dependencies',
    summary: 'Look up dependencies for a given feature version. Multiple features can be specified.',
    flags: [
      feature(
        'The features and their versions to look up dependencies for, in feature=version format.',
        true,
      ),
      outputFlag,
    ],
  },
  { name: 'random-uuid', summary: 'Print a random UUID.', flags: [] },
  {
    name: 'server-properties',
    summary: "Print the properties with which a broker boots the data directory (not in Kafka's tool).",
    flags: [],
    addition: true,
  },
] as const satisfies readonly Subcommand[]

type Context = ToolContext<[], typeof SUBCOMMANDS>

export const command = defineCommand({
  name: 'storage',
  summary: 'The Kafka storage tool.',
  parser: 'argparse',
  flags: [],
  subcommands: SUBCOMMANDS,
  examples: ['tkafka storage server-properties > server.properties', 'tkafka storage random-uuid'],
  async run(context) {
    const { options, stdout } = context
    switch (options.subcommand) {
      case 'info':
        return info(context)
      case 'format': {
        const { format } = await import('./storage/format.ts')
        return format(context)
      }
      case 'version-mapping':
        await showVersionMapping(context)
        return 0
      case 'feature-dependencies':
        await showFeatureDependencies(context, (text) => {
          const [feature, level, ...more] = text.split('=')
          if (level === undefined || more.length > 0) {
            throw new TerseError(
              `Invalid feature format: ${text}. Expected format: 'feature=version' (e.g. 'group.version=1')`,
            )
          }
          if (!isShort(level)) throw new TerseError(`Invalid version format: ${level} for feature ${feature}`)
          const unknown = `Feature level ${level} is not supported for feature ${feature}`
          return { feature, level: Number(level), unknown }
        })
        return 0
      case 'server-properties': {
        const { bootProperties } = await import('./open/open-client.ts')
        stdout.write(await bootProperties(context))
        return 0
      }
      default:
        stdout.line(randomUuid((size) => systemOs.randomBytes(size)))
        return 0
    }
  },
})

const LOG_DIRECTORY_SHAPE = {
  kind: 'log-directory',
  columns: ['path', 'exists', 'formatted', 'clusterId', 'directoryId', 'nodeId', 'version', 'problems'],
}

async function info(context: Context): Promise<number> {
  const { options, stdout } = context
  const { directories } = await readStorageConfig(options.value('config') ?? '')
  const machine = machineOutput(context, LOG_DIRECTORY_SHAPE)
  const rows: Row[] = []
  const found: string[] = []
  const problems: string[] = []
  let first: MetaProperties | undefined
  for (const directory of directories) {
    const { stat, meta, own } = lookAt(directory, first)
    if (stat?.isDirectory()) found.push(directory)
    if (meta !== undefined) first ??= meta
    problems.push(...own)
    rows.push({
      path: directory,
      exists: stat !== undefined,
      formatted: meta !== undefined,
      clusterId: meta?.clusterId ?? null,
      directoryId: meta?.directoryId ?? null,
      nodeId: meta?.nodeId ?? null,
      version: meta?.version ?? null,
      problems: own,
    })
  }
  if (machine !== undefined) {
    await machine.all(rows)
    return problems.length === 0 ? 0 : 1
  }
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) stdout.line(`${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`)
  }
  section(found.length === 1 ? 'Found log directory' : 'Found log directories', found)
  if (first !== undefined) {
    const properties = new Map([['cluster.id', first.clusterId]])
    if (first.directoryId !== undefined) properties.set('directory.id', first.directoryId)
    properties.set('node.id', String(first.nodeId)).set('version', String(first.version))
    const text = [...properties].map(([name, value]) => `${name}=${value}`).join(', ')
    stdout.line(`Found metadata: {${text}}\n`)
  }
  section(problems.length === 1 ? 'Found problem' : 'Found problems', problems)
  return problems.length === 0 ? 0 : 1
}

/** One directory, its meta.properties, and what is wrong with it, beside the first that has one. */
function lookAt(directory: string, first: MetaProperties | undefined) {
  const stat = systemOs.fs.stat(directory)
  if (stat?.isDirectory() !== true) {
    return { stat, own: [`${directory} ${stat === undefined ? 'does not exist' : 'is not a directory'}`] }
  }
  try {
    const meta = readMetaProperties(systemOs.fs, directory)
    if (meta === undefined) return { stat, own: [`${directory} is not formatted.`] }
    const own: string[] = []
    if (first !== undefined && first.clusterId !== meta.clusterId) {
      own.push('Mismatched cluster IDs between storage directories.')
    } else if (first !== undefined && first.nodeId !== meta.nodeId) {
      own.push('Mismatched node IDs between storage directories.')
    }
    if (meta.version === 0) {
      own.push(
        'The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are formatted for legacy mode.',
      )
    }
    return { stat, meta, own }
  } catch (error) {
    return {
      stat,
      own: [
        `Error loading ${directory}/meta.properties: ${systemErrorText(error) ?? (error as Error).message}`,
      ],
    }
  }
}
