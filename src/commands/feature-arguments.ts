/** What features and storage share: `feature=level` arguments and the tables that Kafka knows by heart. */
import type { Output } from '../cli/command.ts'
import {
  defaultFeatureLevel,
  FEATURES,
  featureNamed,
  LATEST_PRODUCTION,
  metadataVersionAt,
  metadataVersionNamed,
  unknownMetadataVersion,
} from '../config/feature-levels.ts'
import { TerseError } from '../errors.ts'

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
export function printVersionMapping(stdout: Output, release = LATEST_PRODUCTION.version): void {
  const version = metadataVersionNamed(release)
  if (version === undefined) throw new TerseError(unknownMetadataVersion(release))
  stdout.line(`metadata.version=${version.level} (${release})`)
  for (const feature of FEATURES) {
    stdout.line(`${feature.name}=${defaultFeatureLevel(feature, version.level)}`)
  }
}

/** `feature-dependencies` for one feature; `unknownLevel` is the tool's message for a level that is not there. */
export function printFeatureDependencies(
  stdout: Output,
  name: string,
  level: number,
  unknownLevel: string,
): void {
  if (name === 'metadata.version') {
    const version = metadataVersionAt(level)
    if (version === undefined) throw new TerseError(`Unknown metadata.version ${level}`)
    stdout.line(`${name}=${level} (${version.version}) has no dependencies.`)
    return
  }
  const feature = featureNamed(name)
  if (feature === undefined) throw new TerseError(`Unknown feature: ${name}`)
  if (level < 0 || level > feature.max) throw new TerseError(unknownLevel)
  const dependencies = feature.dependencies.get(level) ?? []
  if (dependencies.length === 0) {
    stdout.line(`${name}=${level} has no dependencies.`)
    return
  }
  stdout.line(`${name}=${level} requires:`)
  for (const [other, needed] of dependencies) {
    const version = other === 'metadata.version' ? ` (${metadataVersionAt(needed)?.version})` : ''
    stdout.line(`    ${other}=${needed}${version}`)
  }
}
