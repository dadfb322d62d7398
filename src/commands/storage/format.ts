/**
 * `tkafka storage format`: makes the log directories of a configuration file ready for a node.
 *
 * Bytes: `.tkafka`, one line for a person, in the directory with the metadata; all else as format-directory.ts tells.
 * Invariant: the directories are made one after the other, and one is formatted once its meta.properties is there, which comes
 * last. Crash: with --ignore-formatted the next run passes over those that are whole, and makes the others.
 */
import { dirname } from 'node:path'
import type { CommandContext } from '../../cli/command.ts'
import {
  defaultFeatureLevel,
  FEATURES,
  featureNamed,
  LATEST_PRODUCTION,
  METADATA_VERSIONS,
  type MetadataVersion,
  metadataVersionAt,
  metadataVersionNamed,
} from '../../config/feature-levels.ts'
import { TerseError } from '../../errors.ts'
import { randomUuid } from '../../message/uuid.ts'
import { formatDirectory, formatUnstarted } from '../../metadata/format-directory.ts'
import { readMetaProperties } from '../../metadata/meta-properties.ts'
import { scramKey, type VoterImage } from '../../metadata/metadata-image.ts'
import { writeFully } from '../../os/file-system.ts'
import { systemOs } from '../../os/system-os.ts'
import { parseFeatureLevel } from '../features/arguments.ts'
import { readStorageConfig, type StorageConfig } from './config.ts'
import { parseScram } from './scram.ts'
import { dynamicVoters } from './voters.ts'

/** The flags of `storage format`. */
type FormatContext = CommandContext<
  | 'config'
  | 'cluster-id'
  | 'add-scram'
  | 'ignore-formatted'
  | 'release-version'
  | 'feature'
  | 'standalone'
  | 'no-initial-controllers'
  | 'initial-controllers'
>

const FEATURE = 'metadata.version'
const SCRAM_LEVEL = 11
/** May stand in a directory that is still to be formatted. */
const HARMLESS = /^(\.|lost\+found$|server\.properties$|bootstrap\.checkpoint$)/

const NOBODY: readonly number[] = []

export async function format(context: FormatContext): Promise<number> {
  const { options, stdout } = context
  const config = await readStorageConfig(options.value('config') ?? '')
  const clusterId = options.value('cluster-id') ?? ''
  const voters = votersOf(context, config)
  const release = releaseOf(context)
  const features = featuresOf(context, release, voters.length > 0 || options.has('no-initial-controllers'))
  const credentials = options.values('add-scram').map(parseScram)
  if (credentials.length > 0 && release.level < SCRAM_LEVEL) {
    throw new TerseError('SCRAM is only supported in metadata.version 3.5-IV2 or later.')
  }
  const records = [...features].map(
    ([name, level]) =>
      `ApiMessageAndVersion(FeatureLevelRecord(name='${name}', featureLevel=${level}) at version 0)`,
  )
  for (const { name, mechanism } of credentials) {
    records.push(
      `ApiMessageAndVersion(UserScramCredentialRecord(name='${name}', mechanism=${mechanism}) at version 0)`,
    )
  }
  const empty = unformatted(config, clusterId, options.has('ignore-formatted'))
  if (empty.length === 0) {
    stdout.line('All of the log directories are already formatted.')
    return 0
  }
  stdout.line(
    `Bootstrap metadata: BootstrapMetadata(records=[${records.join(', ')}], metadataVersionLevel=${release.level}, source=format command)`,
  )
  const scramByKey = new Map(credentials.map((one) => [scramKey(one.name, one.mechanism), one]))
  const random = (size: number) => systemOs.randomBytes(size)
  const quorum = { voters, staticVoters: config.staticVoters ?? NOBODY }
  const own = voters.find(({ voterId }) => voterId === config.nodeId)
  for (const directory of empty) {
    const isMetadata = directory === config.metadataDirectory
    const kind = isMetadata ? metadataKind(own !== undefined, voters.length > 0) : 'data directory'
    stdout.line(`Formatting ${kind} ${directory} with ${FEATURE} ${release.version}.`)
    stdout.flush()
    makeDirectory(directory)
    if (isMetadata) markAsOurs(directory)
    const identity = {
      clusterId,
      nodeId: config.nodeId,
      directoryId: isMetadata && own !== undefined ? own.voterDirectoryId : randomUuid(random),
      parts: { features, scramByKey },
    }
    if (isMetadata && config.alone) formatDirectory(systemOs, directory, identity)
    else if (isMetadata) formatUnstarted(systemOs, directory, { ...identity, ...quorum })
    else formatUnstarted(systemOs, directory, { ...identity, voters: [], staticVoters: [] })
  }
  return 0
}

/** Kafka's words for the directory with the metadata log. */
function metadataKind(isVoter: boolean, hasVoters: boolean): string {
  if (isVoter) return 'dynamic metadata voter directory'
  return hasVoters ? 'dynamic metadata directory' : 'metadata directory'
}

/** The directories to format; the others must belong to the same node of the same cluster. */
function unformatted(config: StorageConfig, clusterId: string, ignoreFormatted: boolean): string[] {
  const empty: string[] = []
  let formatted: string | undefined
  for (const directory of config.directories) {
    const stat = systemOs.fs.stat(directory)
    if (stat !== undefined && !stat.isDirectory()) throw new TerseError(`${directory} is not a directory`)
    const meta = stat === undefined ? undefined : readMetaProperties(systemOs.fs, directory)
    if (meta === undefined) {
      const names =
        stat === undefined ? [] : systemOs.fs.readdir(directory).filter((name) => !HARMLESS.test(name))
      if (names.length > 0) {
        throw new TerseError(
          `${directory}: neither empty nor a formatted log directory (it has ${names.sort().slice(0, 3).join(', ')}); nothing was formatted`,
        )
      }
      empty.push(directory)
      continue
    }
    formatted ??= directory
    const wrong = (name: string, expected: unknown, read: unknown) =>
      new TerseError(
        `Invalid ${name} in: ${directory}/meta.properties. Expected ${expected}, but read ${read}`,
      )
    if (meta.clusterId !== clusterId) throw wrong('cluster.id', clusterId, meta.clusterId)
    if (meta.nodeId !== config.nodeId) throw wrong('node.id', config.nodeId, meta.nodeId)
  }
  if (formatted !== undefined && !ignoreFormatted) {
    throw new TerseError(
      `Log directory ${formatted} is already formatted. Use --ignore-formatted to ignore this directory and format the others.`,
    )
  }
  return empty
}

function votersOf({ options }: FormatContext, config: StorageConfig): VoterImage[] {
  const initial = options.value('initial-controllers')
  const standalone = options.has('standalone')
  if (config.staticVoters !== undefined && (standalone || initial !== undefined)) {
    throw new TerseError(
      'You cannot specify controller.quorum.voters and format the node with --initial-controllers or --standalone. If you want to use dynamic quorum, please remove controller.quorum.voters and specify controller.quorum.bootstrap.servers instead.',
    )
  }
  const name = config.controllerListener?.name ?? 'CONTROLLER'
  if (standalone) {
    if (!config.controller) throw new TerseError('You can only use --standalone on a controller.')
    if (config.controllerListener === undefined) throw new TerseError('No controller listeners found.')
    const { host, port } = config.controllerListener
    return [
      voter(
        config.nodeId,
        randomUuid((size) => systemOs.randomBytes(size)),
        name,
        host,
        port,
      ),
    ]
  }
  if (initial !== undefined) {
    return dynamicVoters(initial).map(({ id, host, port, directory }) =>
      voter(id, directory, name, host, port),
    )
  }
  if (config.controller && config.staticVoters === undefined && !options.has('no-initial-controllers')) {
    throw new TerseError(
      'Because controller.quorum.voters is not set on this controller, you must specify one of the following: --standalone, --initial-controllers, or --no-initial-controllers.',
    )
  }
  return []
}

function voter(
  voterId: number,
  voterDirectoryId: string,
  name: string,
  host: string,
  port: number,
): VoterImage {
  return {
    voterId,
    voterDirectoryId,
    endpoints: [{ name, host, port }],
    kRaftVersionFeature: { minSupportedVersion: 0, maxSupportedVersion: 1 },
  }
}

function releaseOf({ options }: FormatContext): MetadataVersion {
  const asked = options.values('feature').map(parseFeatureLevel)
  const byFeature = asked.find(({ feature }) => feature === FEATURE)
  const text = options.value('release-version')
  if (text !== undefined) {
    const version = metadataVersionNamed(text)
    if (version === undefined || version.level > LATEST_PRODUCTION.level) {
      const known = METADATA_VERSIONS.filter(({ level }) => level <= LATEST_PRODUCTION.level)
      throw new TerseError(
        `Unknown metadata.version '${text}'. Supported metadata.version are: ${known.map(({ version: one }) => one).join(', ')}`,
      )
    }
    if (byFeature !== undefined) {
      throw new TerseError(
        'Use --release-version instead of --feature metadata.version=X to avoid ambiguity.',
      )
    }
    return version
  }
  if (byFeature === undefined) return LATEST_PRODUCTION
  const version = metadataVersionAt(byFeature.level)
  if (version === undefined) {
    const levels = METADATA_VERSIONS.map(({ level }) => level)
    throw new TerseError(
      `No MetadataVersion with feature level ${byFeature.level}. Valid feature levels are from ${Math.min(...levels)} to ${Math.max(...levels)}.`,
    )
  }
  if (version.level > LATEST_PRODUCTION.level) {
    throw new TerseError(`metadata.version ${version.version} is not yet stable.`)
  }
  return version
}

/** Every level above 0 but kraft.version's, metadata.version first, then by name: as the records stand. */
function featuresOf(
  { options }: FormatContext,
  release: MetadataVersion,
  dynamicQuorum: boolean,
): Map<string, number> {
  const levels = new Map(FEATURES.map((one) => [one.name, defaultFeatureLevel(one, release.level)]))
  for (const { feature, level } of options.values('feature').map(parseFeatureLevel)) {
    if (feature === FEATURE) continue
    const known = featureNamed(feature)
    if (known === undefined) {
      const names = FEATURES.map(({ name }) => name).sort()
      throw new TerseError(`Unsupported feature: ${feature}. Supported features are: ${names.join(', ')}`)
    }
    if (feature === 'kraft.version' && level > 0 !== dynamicQuorum) {
      throw new TerseError(
        level > 0
          ? 'Cannot set kraft.version to 1 unless controller.quorum.voters is empty and one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try using one of --standalone, --initial-controllers, or --no-initial-controllers and removing controller.quorum.voters.'
          : 'Cannot set kraft.version to 0 if controller.quorum.voters is empty and one of the flags --standalone, --initial-controllers, or --no-initial-controllers is used. For dynamic controllers support, try removing the --feature flag for kraft.version.',
      )
    }
    if (level < 0 || level > known.max)
      throw new TerseError(`No feature:${feature} with feature level ${level}`)
    for (const [other, needed] of known.dependencies.get(level) ?? []) {
      if (release.level < needed) {
        throw new TerseError(
          `${feature} could not be set to ${level} because it depends on ${other} level ${needed}`,
        )
      }
    }
    levels.set(feature, level)
  }
  levels.delete('kraft.version')
  const rest = [...levels].filter(([, level]) => level > 0).sort((a, b) => (a[0] < b[0] ? -1 : 1))
  return new Map([[FEATURE, release.level], ...rest])
}

function makeDirectory(path: string): void {
  if (systemOs.fs.stat(path) !== undefined) return
  makeDirectory(dirname(path))
  systemOs.fs.mkdir(path)
}

/** So that tkafka applies the topics' retention to it, as to every directory that it made. */
function markAsOurs(path: string): void {
  const fd = systemOs.fs.open(`${path}/.tkafka`, 'w')
  try {
    const bytes = Buffer.from('This Kafka log directory was made by tkafka storage format.\n')
    writeFully(systemOs.fs, fd, bytes, 0, bytes.length, null)
  } finally {
    systemOs.fs.close(fd)
  }
}
