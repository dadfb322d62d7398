/** `tkafka features`: the feature levels of a directory, and the tables of levels that Kafka knows. */

import { defineCommand, type Flag, type Subcommand, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { FeatureUpdate } from '../client/admin/node-admin.ts'
import {
  defaultFeatureLevel,
  FEATURES,
  featureLevelText,
  metadataVersionNamed,
  unknownMetadataVersion,
} from '../config/feature-levels.ts'
import { KafkaError, TerseError } from '../errors.ts'
import { parseFeatureLevel, showFeatureDependencies, showVersionMapping } from './features/arguments.ts'
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const BOOTSTRAP_GROUP = { group: { name: 'bootstrap' } }
const feature = (description: string): Flag<'feature'> => ({
  name: 'feature',
  arg: 'required',
  repeatable: true,
  description,
})
const METADATA = {
  name: 'metadata',
  arg: 'required',
  deprecated: 'release-version',
  description: 'The level of the metadata. For example, 3.3-IV3.',
} as const satisfies Flag
const RELEASE_VERSION = {
  name: 'release-version',
  arg: 'required',
  description:
    'The release version to set all features to. For example, 3.9-IV0 stands for metadata.version=21 and kraft.version=1; version-mapping tells what a version stands for.',
} as const satisfies Flag
const UNSAFE = {
  name: 'unsafe',
  description: 'Perform this downgrade even if it may irreversibly destroy metadata.',
} as const satisfies Flag
const DRY_RUN = {
  name: 'dry-run',
  description: 'Validate this change, but do not perform it.',
} as const satisfies Flag

const FLAGS = [
  { ...BOOTSTRAP_SERVER, ...BOOTSTRAP_GROUP, argName: undefined },
  { ...BOOTSTRAP_CONTROLLER, ...BOOTSTRAP_GROUP, argName: undefined },
  { ...COMMAND_CONFIG, argName: undefined },
  outputFlag,
] as const satisfies readonly Flag[]

const SUBCOMMANDS = [
  {
    name: 'describe',
    summary: 'Describes the current active feature flags.',
    flags: [
      {
        name: 'node-id',
        arg: 'required',
        type: 'int',
        description: 'The node id to which the requests should be sent.',
      },
    ],
  },
  {
    name: 'upgrade',
    summary: 'Upgrade one or more feature flags.',
    flags: [
      METADATA,
      RELEASE_VERSION,
      feature('A feature upgrade we should perform, in feature=level format.'),
      DRY_RUN,
    ],
  },
  {
    name: 'downgrade',
    summary: 'Upgrade one or more feature flags.',
    flags: [
      METADATA,
      RELEASE_VERSION,
      feature('A feature downgrade we should perform, in feature=level format.'),
      UNSAFE,
      DRY_RUN,
    ],
  },
  {
    name: 'disable',
    summary: 'Disable one or more feature flags. This is the same as downgrading the version to zero.',
    flags: [feature('A feature flag to disable.'), UNSAFE, DRY_RUN],
  },
  {
    name: 'version-mapping',
    summary:
      'Look up the corresponding features for a given metadata version. Using the command with no --release-version argument will return the mapping for the latest stable metadata version',
    flags: [
      {
        ...RELEASE_VERSION,
        description:
          'The release version to use for the corresponding feature mapping. The minimum is 3.3-IV3; the default is 4.4-IV2',
      },
      outputFlag,
    ],
  },
  {
    name: 'feature-dependencies',
    summary:
      'Look up dependencies for a given feature version. If the feature is not known or the version not yet defined, an error is thrown. Multiple features can be specified.',
    flags: [
      {
        ...feature('The feature and version to look up dependencies for, in feature=version format.'),
        required: true,
      },
      outputFlag,
    ],
  },
] as const satisfies readonly Subcommand[]

type Context = ToolContext<typeof FLAGS, typeof SUBCOMMANDS>

export const command = defineCommand({
  name: 'features',
  summary: 'This tool manages feature flags in Kafka.',
  parser: 'argparse',
  parseErrors: { prefix: 'Command line error: ', suffix: '. Type --help for help.' },
  flags: FLAGS,
  subcommands: SUBCOMMANDS,
  examples: ['tkafka features describe', 'tkafka features version-mapping --release-version 4.0'],
  async run(context) {
    const { options } = context
    switch (options.subcommand) {
      case 'version-mapping':
        await showVersionMapping(context)
        return 0
      case 'feature-dependencies':
        await showFeatureDependencies(context, (text) => {
          const { feature, level } = parseFeatureLevel(text)
          return { feature, level, unknown: `No feature:${feature} with feature level ${level}` }
        })
        return 0
      case 'describe':
        return withAdmin(context, (admin) => describe(context, admin))
      default: {
        const updates = updatesOf(context)
        return withAdmin(context, (admin) => update(context, admin, updates))
      }
    }
  },
})

async function withAdmin(context: Context, action: (admin: Admin) => Promise<number>): Promise<number> {
  const admin = await openAdmin(context)
  try {
    return await action(admin)
  } finally {
    await admin.close()
  }
}

async function describe(context: Context, admin: Admin): Promise<number> {
  const { options, stdout } = context
  const node = options.int('node-id')
  const { brokers } = await admin.describeCluster()
  if (node !== undefined && !brokers.some(({ id }) => id === node)) {
    throw new TerseError(`there is no node ${node}; there is ${brokers.map(({ id }) => id).join(', ')}`)
  }
  const epoch = await admin.featuresEpoch()
  const machine = machineOutput(context, {
    kind: 'feature',
    columns: ['feature', 'supportedMinVersion', 'supportedMaxVersion', 'finalizedVersionLevel', 'epoch'],
  })
  if (machine !== undefined) {
    await machine.all(
      [...(await admin.describeFeatures(node))].map(([name, { finalized, min, max }]) => ({
        feature: name,
        supportedMinVersion: min,
        supportedMaxVersion: max,
        finalizedVersionLevel: finalized,
        epoch,
      })),
    )
    return 0
  }
  const level = (name: string, value: number) => featureLevelText(name, value).padEnd(16)
  for (const [name, { finalized, min, max }] of await admin.describeFeatures(node)) {
    stdout.line(
      [
        `Feature: ${name.padEnd(41)}`,
        `SupportedMinVersion: ${level(name, min)}`,
        `SupportedMaxVersion: ${level(name, max)}`,
        `FinalizedVersionLevel: ${level(name, finalized)}`,
        `Epoch: ${epoch}`,
      ].join(' '),
    )
  }
  return 0
}

/** By feature: the level asked for. */
function updatesOf({ options, stdout }: Context): Map<string, number> {
  const updates = new Map<string, number>()
  const put = (name: string, level: number) => {
    if (updates.has(name)) throw new TerseError(`Feature ${name} was specified more than once.`)
    updates.set(name, level)
  }
  const release = options.value('release-version')
  const metadata = options.has('metadata') ? options.value('metadata') : undefined
  const upgrade = options.subcommand === 'upgrade'
  if (release !== undefined && (metadata !== undefined || options.has('feature'))) {
    throw new TerseError('Can not specify `release-version` with other feature flags.')
  }
  const versionOf = (text: string) => {
    const version = metadataVersionNamed(text)
    if (version === undefined) throw new TerseError(unknownMetadataVersion(text))
    return version.level
  }
  if (release !== undefined) {
    const metadataVersion = versionOf(release)
    put('metadata.version', metadataVersion)
    for (const one of FEATURES) {
      const level = defaultFeatureLevel(one, metadataVersion)
      if (!upgrade || level > 0) put(one.name, level)
    }
  }
  if (metadata !== undefined) {
    stdout.line(' `metadata` flag is deprecated and may be removed in a future release.')
    put('metadata.version', versionOf(metadata))
  }
  for (const text of options.values('feature')) {
    if (options.subcommand === 'disable') {
      put(text, 0)
      continue
    }
    const { feature: name, level } = parseFeatureLevel(text)
    if (level < 0) throw new TerseError('Cannot specify a negative version level.')
    if (upgrade && level < 1) {
      throw new TerseError(
        `The upgradeType flag should be set to SAFE_DOWNGRADE or UNSAFE_DOWNGRADE when the provided maxVersionLevel:${level} is < 1.`,
      )
    }
    put(name, level)
  }
  if (updates.size === 0) {
    throw new TerseError(`You must specify at least one feature to ${options.subcommand}`)
  }
  return updates
}

/** What a broker says before the reason; a directory gives the reason alone. */
const ALL_FAILED = 'The update failed for all features since the following feature had an error'

function problemOf(error: TerseError): string {
  const ofAll = error instanceof KafkaError && error.code === 'INVALID_UPDATE_VERSION'
  return ofAll && !error.message.startsWith(ALL_FAILED) ? `${ALL_FAILED}: ${error.message}` : error.message
}

async function update(
  { options, stdout, stderr }: Context,
  admin: Admin,
  updates: Map<string, number>,
): Promise<number> {
  const operation = options.subcommand ?? ''
  const dryRun = options.has('dry-run')
  const downgradeType = options.has('unsafe') ? 'UNSAFE_DOWNGRADE' : 'SAFE_DOWNGRADE'
  const upgradeType = operation === 'upgrade' ? 'UPGRADE' : downgradeType
  if (
    options.has('release-version') &&
    (await admin.describeFeatures()).get('kraft.version')?.finalized === 0
  ) {
    // A release stands for a dynamic quorum; a static one stays as it is until a controller changes it.
    updates.delete('kraft.version')
  }
  const wanted: FeatureUpdate[] = [...updates].map(([name, level]) => ({ feature: name, level, upgradeType }))
  let problem: string | undefined
  try {
    await admin.updateFeatures(wanted, dryRun)
  } catch (error) {
    if (!(error instanceof TerseError)) throw error
    problem = problemOf(error)
  }
  for (const [name, level] of [...updates].sort((a, b) => (a[0] < b[0] ? -1 : 1))) {
    if (problem === undefined) {
      const done = operation === 'disable' ? 'disabled.' : `${operation}d to ${level}.`
      stdout.line(`${name} ${dryRun ? 'can be' : 'was'} ${done}`)
      continue
    }
    const what = operation === 'disable' ? `disable ${name}` : `${operation} ${name} to ${level}`
    stdout.line(`${dryRun ? 'Can not' : 'Could not'} ${what}. ${problem}`)
  }
  if (problem === undefined) return 0
  stdout.flush()
  stderr.line(`${updates.size} out of ${updates.size} operation(s) failed.`)
  return 1
}
