/**
 * The feature levels that Kafka 4.4.0 knows: each metadata.version with the release it belongs to, the other features
 * with the level that each release gives them, what one needs of another. Source: what the genuine jars say of
 * themselves.
 */

export interface MetadataVersion {
  readonly level: number
  /** `4.3-IV0`. */
  readonly version: string
  /** True when records changed with it, so that going back below it may lose some. */
  readonly changesMetadata: boolean
}

const FIRST_LEVEL = 7
const VERSIONS =
  '3.3-IV3* 3.4-IV0* 3.5-IV0 3.5-IV1 3.5-IV2* 3.6-IV0 3.6-IV1* 3.6-IV2* 3.7-IV0* 3.7-IV1 3.7-IV2* 3.7-IV3 3.7-IV4 ' +
  '3.8-IV0 3.9-IV0 4.0-IV0 4.0-IV1* 4.0-IV2 4.0-IV3 4.1-IV0 4.1-IV1 4.2-IV0 4.2-IV1 4.3-IV0* 4.4-IV0' +
  ' 4.4-IV1* 4.4-IV2* 4.5-IV0'

export const METADATA_VERSIONS: readonly MetadataVersion[] = VERSIONS.split(' ').map((text, i) => ({
  level: FIRST_LEVEL + i,
  version: text.replace('*', ''),
  changesMetadata: text.endsWith('*'),
}))

/** 4.4-IV2; what comes behind it is not yet stable. */
export const LATEST_PRODUCTION = METADATA_VERSIONS.find(({ version }) => version === '4.4-IV2')!
/** What a directory is made with unasked: 4.3-IV0, which brokers 4.3 and 4.4 both boot. */
export const NEW_DIRECTORY_VERSION = METADATA_VERSIONS.find(({ version }) => version === '4.3-IV0')!
export const MINIMUM_VERSION = METADATA_VERSIONS[0]

export interface Feature {
  readonly name: string
  /** Highest level; the lowest is 0. */
  readonly max: number
  /** Level that a release begins to set, by the metadata.version that does: `[[22, 1]]`. */
  readonly defaults: readonly (readonly [metadataVersion: number, level: number])[]
  /** By level: what it needs. */
  readonly dependencies: ReadonlyMap<number, readonly (readonly [feature: string, level: number])[]>
}

const NO_DEPENDENCIES: Feature['dependencies'] = new Map()

/** In the order in which the tools print them. */
export const FEATURES: readonly Feature[] = [
  { name: 'kraft.version', max: 1, defaults: [[21, 1]], dependencies: NO_DEPENDENCIES },
  { name: 'transaction.version', max: 2, defaults: [[24, 2]], dependencies: NO_DEPENDENCIES },
  { name: 'group.version', max: 1, defaults: [[22, 1]], dependencies: NO_DEPENDENCIES },
  {
    name: 'eligible.leader.replicas.version',
    max: 1,
    defaults: [[26, 1]],
    dependencies: new Map([[1, [['metadata.version', 23]]]]),
  },
  {
    name: 'share.version',
    max: 2,
    defaults: [
      [28, 1],
      [31, 2],
    ],
    dependencies: NO_DEPENDENCIES,
  },
  { name: 'streams.version', max: 1, defaults: [[29, 1]], dependencies: NO_DEPENDENCIES },
]

export function featureNamed(name: string): Feature | undefined {
  return FEATURES.find((feature) => feature.name === name)
}

/** The level that a release gives a feature. */
export function defaultFeatureLevel(feature: Feature, metadataVersion: number): number {
  let level = 0
  for (const [from, value] of feature.defaults) if (metadataVersion >= from) level = value
  return level
}

/** `4.0-IV3` itself, or the last one of a release: `4.0`, `4.0.1`. undefined when nobody knows it. */
export function metadataVersionNamed(text: string): MetadataVersion | undefined {
  const exact = METADATA_VERSIONS.find(({ version }) => version === text)
  if (exact !== undefined) return exact
  const release = /^(\d+\.\d+)(?:\.|$)/.exec(text)?.[1]
  if (release === undefined || text.includes('-')) return undefined
  return METADATA_VERSIONS.filter(
    ({ level, version }) => version.startsWith(`${release}-`) && level <= LATEST_PRODUCTION.level,
  ).at(-1)
}

export function metadataVersionAt(level: number): MetadataVersion | undefined {
  return METADATA_VERSIONS[level - FIRST_LEVEL]
}

/** Kafka's message for a release that it does not know. */
export function unknownMetadataVersion(text: string): string {
  const known = METADATA_VERSIONS.map(({ version }) => version).join(', ')
  return `Unknown metadata.version '${text}'. Supported metadata.version are: ${known}`
}

/** How a level is shown: metadata.version as its name, the others as numbers. */
export function featureLevelText(feature: string, level: number): string {
  if (feature !== 'metadata.version') return String(level)
  return metadataVersionAt(level)?.version ?? `UNKNOWN [${level}]`
}
