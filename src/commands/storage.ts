/** `tkafka storage`: formats log directories, tells about them, and with which properties a broker boots this one. */
import type { Command, CommandContext, Flag } from '../cli/command.ts'
import { TerseError } from '../errors.ts'
import { randomUuid } from '../message/uuid.ts'
import { readMetaProperties } from '../metadata/meta-properties.ts'
import { systemOs } from '../os/system-os.ts'
import { isShort, printFeatureDependencies, printVersionMapping } from './feature-arguments.ts'
import { readStorageConfig } from './storage-config.ts'

const CONFIG: Flag = {
  name: 'config',
  short: 'c',
  arg: 'required',
  required: true,
  description: 'The Kafka configuration file to use.',
}
const release = (what: string): Flag => ({
  name: 'release-version',
  short: 'r',
  arg: 'required',
  description: `The release version to use for the ${what}. The minimum is 3.3-IV3; the default is 4.3-IV0`,
})
const feature = (description: string, required: boolean): Flag => ({
  name: 'feature',
  short: 'f',
  arg: 'required',
  repeatable: true,
  required,
  description,
})
const QUORUM = { group: { name: 'quorum' } }

export const command: Command = {
  name: 'storage',
  summary: 'The Kafka storage tool.',
  parser: 'argparse',
  flags: [],
  subcommands: [
    {
      name: 'info',
      summary: 'Get information about the Kafka log directories on this node.',
      flags: [CONFIG],
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
      flags: [release('corresponding feature mapping')],
    },
    {
      name: 'feature-dependencies',
      summary: 'Look up dependencies for a given feature version. Multiple features can be specified.',
      flags: [
        feature(
          'The features and their versions to look up dependencies for, in feature=version format.',
          true,
        ),
      ],
    },
    { name: 'random-uuid', summary: 'Print a random UUID.', flags: [] },
    {
      name: 'server-properties',
      summary: "Print the properties with which a broker boots the data directory (not in Kafka's tool).",
      flags: [],
      addition: true,
    },
  ],
  examples: ['tkafka storage server-properties > server.properties', 'tkafka storage random-uuid'],
  async run(context) {
    const { options, stdout } = context
    switch (options.subcommand) {
      case 'info':
        return info(context)
      case 'format': {
        const { format } = await import('./storage-format.ts')
        return format(context)
      }
      case 'version-mapping':
        printVersionMapping(stdout, options.value('release-version'))
        return 0
      case 'feature-dependencies':
        for (const text of options.values('feature')) {
          const [name, level = ''] = text.split('=')
          if (!isShort(level)) throw new TerseError(`Invalid version format: ${level} for feature ${name}`)
          const unknown = `Feature level ${level} is not supported for feature ${name}`
          printFeatureDependencies(stdout, name, Number(level), unknown)
        }
        return 0
      case 'server-properties': {
        const { bootProperties } = await import('./open-client.ts')
        stdout.write(await bootProperties(context))
        return 0
      }
      default:
        stdout.line(randomUuid((size) => systemOs.randomBytes(size)))
        return 0
    }
  },
}

async function info({ options, stdout }: CommandContext): Promise<number> {
  const { directories } = await readStorageConfig(options.value('config') ?? '')
  const found: string[] = []
  const problems: string[] = []
  let first: Map<string, string> | undefined
  for (const directory of directories) {
    const stat = systemOs.fs.stat(directory)
    if (stat?.isDirectory() !== true) {
      problems.push(`${directory} ${stat === undefined ? 'does not exist' : 'is not a directory'}`)
      continue
    }
    found.push(directory)
    try {
      const meta = readMetaProperties(systemOs.fs, directory)
      if (meta === undefined) {
        problems.push(`${directory} is not formatted.`)
        continue
      }
      const properties = new Map([['cluster.id', meta.clusterId]])
      if (meta.directoryId !== undefined) properties.set('directory.id', meta.directoryId)
      properties.set('node.id', String(meta.nodeId)).set('version', String(meta.version))
      first ??= properties
      if (first.get('cluster.id') !== meta.clusterId) {
        problems.push('Mismatched cluster IDs between storage directories.')
      } else if (first.get('node.id') !== String(meta.nodeId)) {
        problems.push('Mismatched node IDs between storage directories.')
      }
      if (meta.version === 0) {
        problems.push(
          'The kafka configuration file appears to be for a cluster in KRaft mode, but the directories are formatted for legacy mode.',
        )
      }
    } catch (error) {
      problems.push(`Error loading ${directory}/meta.properties: ${(error as Error).message}`)
    }
  }
  const section = (title: string, lines: readonly string[]) => {
    if (lines.length > 0) stdout.line(`${title}:\n${lines.map((line) => `  ${line}\n`).join('')}`)
  }
  section(found.length === 1 ? 'Found log directory' : 'Found log directories', found)
  if (first !== undefined) {
    const text = [...first].map(([name, value]) => `${name}=${value}`).join(', ')
    stdout.line(`Found metadata: {${text}}\n`)
  }
  section(problems.length === 1 ? 'Found problem' : 'Found problems', problems)
  return problems.length === 0 ? 0 : 1
}
