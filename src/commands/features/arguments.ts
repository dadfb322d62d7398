/** What features and storage share: `feature=level` arguments and the tables that Kafka knows by heart. */
import type { CommandContext, Output } from '../../cli/command.ts'
import { machineOutput } from '../../cli/machine-output.ts'
import {
  defaultFeatureLevel,
  FEATURES,
  featureNamed,
  LATEST_PRODUCTION,
  metadataVersionAt,
  metadataVersionNamed,
  unknownMetadataVersion,
} from '../../config/feature-levels.ts'
import { TerseError } from '../../errors.ts'

const METADATA_VERSION = 'metadata.version'

/** @throws TerseError in the genuine tool's words */
export function parseFeatureLevel(text: string): { feature: string; level: number } {
  const at = text.indexOf('=')
  if (at < 0) throw new TerseError(`Can't parse feature=level string ${text}: equals sign not found.`)
  const level = text.slice(at + 1).trim()
  if (!isShort(level)) {
    throw new TerseError(`Can't parse feature=level string ${text}: unable to parse ${level} as a short.`)
  }
  return { feature: text.slice(0, at).trim(), level: Number(level) }
}

export function isShort(text: string): boolean {
  return /^[+-]?\d{1,5}$/.test(text) && Number(text) >= -32768 && Number(text) <= 32767
}

/** `version-mapping`: the levels that a release stands for. */
export async function showVersionMapping(
  context: CommandContext<'release-version' | 'output'>,
): Promise<void> {
  const { options, stdout } = context
  const release = options.value('release-version') ?? LATEST_PRODUCTION.version
  const version = metadataVersionNamed(release)
  if (version === undefined) throw new TerseError(unknownMetadataVersion(release))
  const levels = FEATURES.map((feature) => ({
    feature: feature.name,
    level: defaultFeatureLevel(feature, version.level),
  }))
  const machine = machineOutput(context, { kind: 'feature-level', columns: ['feature', 'level'] })
  if (machine !== undefined) {
    await machine.all([{ feature: METADATA_VERSION, level: version.level }, ...levels])
    return
  }
  stdout.line(`${METADATA_VERSION}=${version.level} (${release})`)
  for (const { feature, level } of levels) stdout.line(`${feature}=${level}`)
}

/** A feature's level, and the tool's message for a level that is not there. */
export interface AskedLevel {
  readonly feature: string
  readonly level: number
  readonly unknown: string
}

/** `feature-dependencies`, of each `--feature` in turn. */
export async function showFeatureDependencies(
  context: CommandContext<'feature' | 'output'>,
  parse: (text: string) => AskedLevel,
): Promise<void> {
  const machine = machineOutput(context, {
    kind: 'feature-dependency',
    columns: ['feature', 'level', 'requires', 'requiredLevel'],
  })
  for (const text of context.options.values('feature')) {
    const asked = parse(text)
    const dependencies = dependenciesOf(asked)
    if (machine === undefined) printDependencies(context.stdout, asked, dependencies)
    for (const [requires, requiredLevel] of dependencies)
      machine?.row({ feature: asked.feature, level: asked.level, requires, requiredLevel })
  }
  machine?.end()
}

function dependenciesOf({
  feature: name,
  level,
  unknown,
}: AskedLevel): readonly (readonly [string, number])[] {
  if (name === METADATA_VERSION) {
    if (metadataVersionAt(level) === undefined) throw new TerseError(`Unknown ${name} ${level}`)
    return []
  }
  const feature = featureNamed(name)
  if (feature === undefined) throw new TerseError(`Unknown feature: ${name}`)
  if (level < 0 || level > feature.max) throw new TerseError(unknown)
  return [...(feature.dependencies.get(level) ?? [])]
}

function printDependencies(
  stdout: Output,
  { feature, level }: AskedLevel,
  dependencies: readonly (readonly [string, number])[],
): void {
  const versioned = (name: string, at: number) =>
    name === METADATA_VERSION ? `${name}=${at} (${metadataVersionAt(at)?.version})` : `${name}=${at}`
  if (dependencies.length === 0) stdout.line(`${versioned(feature, level)} has no dependencies.`)
  else stdout.line(`${feature}=${level} requires:`)
  for (const [other, needed] of dependencies) stdout.line(`    ${versioned(other, needed)}`)
}
