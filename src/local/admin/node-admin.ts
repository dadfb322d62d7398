/**
 * What a data directory says of the node that it belongs to. Feature levels can be changed as far as they are records
 * alone; what needs a controller at work is refused with one line.
 */
import { dirname } from 'node:path'
import type {
  FeatureUpdate,
  LogDirDescription,
  NodeAdmin,
  NodeApiVersions,
  QuorumInfo,
  QuorumReplica,
  ReplicaInfo,
} from '../../client/admin/node-admin.ts'
import {
  featureNamed,
  LATEST_PRODUCTION,
  METADATA_VERSIONS,
  MINIMUM_VERSION,
} from '../../config/feature-levels.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { CONFIG_RESOURCE, type MetadataRecord } from '../../message/metadata-records.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import type { BrokerImage, MetadataImage } from '../../metadata/metadata-image.ts'
import { whyElsewhere } from '../../metadata/replica-place.ts'
import { isMissing } from '../../os/error-code.ts'
import type { Os } from '../../os/os.ts'
import { futureClusterId } from '../directory/future-cluster-id.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { registeredBrokers } from './topic-admin.ts'

const METADATA_VERSION = 'metadata.version'
const ELR = 'eligible.leader.replicas.version'

export class LocalNode implements NodeAdmin {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  /** Every partition that this node keeps; one whose folder was not made yet has size 0. */
  async describeLogDirs(): Promise<LogDirDescription[]> {
    const { path, logDirs } = this.#directory
    const image = this.#directory.image()
    const found = new Map((logDirs?.paths ?? [path]).map((logDir): [string, ReplicaInfo[]] => [logDir, []]))
    for (const name of image.topics().sort()) {
      for (const one of image.topic(name)?.partitions ?? []) {
        const { partition } = one
        if (whyElsewhere(image, one) !== undefined) continue
        const folder = this.#directory.folder(`${name}-${partition}`)
        const size = logSize(this.#os, folder)
        found.get(dirname(folder))?.push({ topic: name, partition, size, offsetLag: 0, isFuture: false })
      }
    }
    return [...found].map(([logDir, replicas]) => ({
      broker: image.nodeId,
      logDir,
      error: undefined,
      replicas,
    }))
  }

  async describeApiVersions(): Promise<NodeApiVersions[]> {
    return []
  }

  async featuresEpoch(): Promise<number> {
    return Math.max(0, this.#directory.image().endOffset - 1)
  }

  async updateFeatures(updates: readonly FeatureUpdate[], validateOnly: boolean): Promise<void> {
    const check = (image: MetadataImage) => {
      // The fault of metadata.version is told before what follows from it.
      const ordered = [...updates].sort(
        (a, b) => Number(b.feature === METADATA_VERSION) - Number(a.feature === METADATA_VERSION),
      )
      const proposed = new Map(image.features)
      for (const { feature, level } of ordered) proposed.set(feature, level)
      for (const update of ordered) checkUpdate(image, update, proposed)
      const records: MetadataRecord[] = ordered
        .filter(({ feature }) => feature !== 'kraft.version')
        .map(({ feature: name, level: featureLevel }) => ({
          type: 'FeatureLevelRecord' as const,
          name,
          featureLevel,
        }))
      const misSet = image.config(CONFIG_RESOURCE.BROKER, '', 'min.insync.replicas') !== undefined
      if (ordered.some(({ feature, level }) => feature === ELR && level > 0) && !misSet) {
        // As a controller does: with ELR this setting is the whole cluster's.
        records.push({
          type: 'ConfigRecord',
          resourceType: CONFIG_RESOURCE.BROKER,
          resourceName: '',
          name: 'min.insync.replicas',
          value: this.#directory.serverProperties().get('min.insync.replicas') ?? '1',
        })
      }
      return records
    }
    check(this.#directory.image())
    if (!validateOnly) await this.#directory.alter(check)
  }

  async clusterId(): Promise<string> {
    const { path } = this.#directory
    if (this.#directory.exists()) return this.#directory.image().clusterId
    const clusterId = futureClusterId(this.#os, path)
    if (clusterId === undefined)
      throw new TerseError(`There is no cluster yet: nothing was ever written to the data directory ${path}`)
    return clusterId
  }

  async describeMetadataQuorum(): Promise<QuorumInfo> {
    const clusterId = await this.clusterId()
    const image = this.#directory.image()
    const now = this.#os.clock.now()
    const common = { logEndOffset: image.endOffset, lastFetchTimestamp: now, lastCaughtUpTimestamp: now }
    const voters: QuorumReplica[] = image.voters.map((voter) => ({
      ...common,
      id: voter.voterId,
      directoryId: voter.voterDirectoryId,
      endpoints: voter.endpoints.map(({ name, host, port }) => `${name}://${host}:${port}`),
    }))
    const quorum = this.#directory.quorum()
    if (voters.length === 0) {
      for (const id of quorum.voters) {
        const endpoints = [staticVoter(this.#directory, image, id)]
        voters.push({ ...common, id, directoryId: ZERO_UUID, endpoints })
      }
    }
    return {
      clusterId,
      leaderId: quorum.source === undefined ? image.nodeId : (quorum.leaderId ?? -1),
      leaderEpoch: image.epoch,
      highWatermark: image.endOffset,
      voters,
      observers: [],
    }
  }

  async unregisterBroker(id: number): Promise<void> {
    if (!registeredBrokers(this.#directory.image()).includes(id)) {
      throw new KafkaError('INVALID_REQUEST', `Broker ID ${id} is not currently registered`)
    }
    throw new TerseError(
      `broker ${id} is registered in ${this.#directory.path}; only a running controller can unregister it (--bootstrap-server)`,
    )
  }

  async unregisterController(): Promise<void> {
    throw new TerseError('only a running controller can unregister another one (--bootstrap-server)')
  }

  async addRaftVoter(): Promise<void> {
    throw needsController()
  }

  async removeRaftVoter(): Promise<void> {
    throw needsController()
  }
}

/** The voters of a quorum are changed by its leader. */
function needsController(): TerseError {
  return new TerseError(
    'the voters of a quorum are changed by its running leader; a data directory has none (--bootstrap-server)',
  )
}

/** As its broker would answer: from server.properties, else what the registration says, one port up. */
function staticVoter(directory: LocalDirectory, image: MetadataImage, id: number): string {
  const properties = directory.serverProperties()
  const name = properties.get('controller.listener.names')?.split(',')[0].trim() ?? 'CONTROLLER'
  const voter = properties
    .get('controller.quorum.voters')
    ?.split(',')
    .map((one) => /^(\d+)@(.+)$/.exec(one.trim()))
    .find((match) => Number(match?.[1]) === id)
  if (voter?.[2] !== undefined) return `${name}://${voter[2]}`
  const controller = image.controllers.get(id)?.endPoints[0]
  if (id !== image.nodeId && controller !== undefined)
    return `${name}://${controller.host}:${controller.port}`
  const endPoint = image.brokers.get(id)?.endPoints[0]
  return `${name}://${endPoint?.host || 'localhost'}:${(endPoint?.port || 9092) + 1}`
}

/** Bytes of the segments: what a broker counts, no indexes. */
function logSize(os: Os, folder: string): number {
  let names: string[]
  try {
    names = os.fs.readdir(folder)
  } catch (error) {
    if (isMissing(error)) return 0
    throw error
  }
  let size = 0
  for (const name of names) {
    if (/^\d{20}\.log$/.test(name)) size += os.fs.stat(`${folder}/${name}`)?.size ?? 0
  }
  return size
}

function checkUpdate(
  image: MetadataImage,
  { feature, level, upgradeType }: FeatureUpdate,
  proposed: ReadonlyMap<string, number>,
): void {
  const fail = (reason: string) => refuseUpdate(feature, level, reason)
  const known = featureNamed(feature)
  const node = image.nodeId
  const [min, max] =
    feature === METADATA_VERSION ? [MINIMUM_VERSION.level, LATEST_PRODUCTION.level] : [0, known?.max ?? 0]
  if (known === undefined && feature !== METADATA_VERSION) {
    fail(
      level === 0
        ? `Feature ${feature} not found.`
        : `Local controller ${node} does not support this feature.`,
    )
  }
  if (level < min || level > max) fail(`Local controller ${node} only supports versions ${min}-${max}`)
  for (const broker of image.brokers.values()) checkSupport(broker, feature, level)
  const current = feature === 'kraft.version' ? image.kraftVersion : (image.features.get(feature) ?? 0)
  if (feature === 'kraft.version' && level !== current) {
    fail(
      level < current
        ? "Can't downgrade the version of this feature."
        : 'Only a running controller can make a static quorum a dynamic one.',
    )
  }
  if (level < current && upgradeType === 'UPGRADE') {
    fail(
      "Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.",
    )
  }
  if (level > current && upgradeType !== 'UPGRADE') fail("Can't downgrade to a newer version.")
  if (feature === METADATA_VERSION) {
    checkMetadataDowngrade(current, level, upgradeType)
    return
  }
  const dependencies = [...(known?.dependencies.get(level) ?? [])]
  const missing = dependencies.find(([other, needed]) => (proposed.get(other) ?? 0) < needed)
  if (missing !== undefined) {
    fail(`${feature} could not be set to ${level} because it depends on ${missing[0]} level ${missing[1]}`)
  }
  if (feature === ELR && level !== current && image.topicCount > 0) {
    // Partitions at rest have one form with it and another without; mixing them loses a partition for a broker.
    fail('Partitions at rest depend on it: start a broker on the directory and change it there.')
  }
}

function refuseUpdate(feature: string, level: number, reason: string): never {
  throw new KafkaError(
    'INVALID_UPDATE_VERSION',
    `Invalid update version ${level} for feature ${feature}. ${reason}`,
  )
}

function checkSupport({ id, features }: BrokerImage, feature: string, level: number): void {
  const range = features.find(({ name }) => name === feature)
  if (range === undefined) {
    if (level > 0) refuseUpdate(feature, level, `Broker ${id} does not support this feature.`)
    return
  }
  const { minSupportedVersion: min, maxSupportedVersion: max } = range
  if (level < min || level > max)
    refuseUpdate(feature, level, `Broker ${id} only supports versions ${min}-${max}`)
}

function checkMetadataDowngrade(
  current: number,
  level: number,
  upgradeType: FeatureUpdate['upgradeType'],
): void {
  const lost = METADATA_VERSIONS.some(
    (one) => one.changesMetadata && one.level > level && one.level <= current,
  )
  if (level >= current || !lost) return
  throw new KafkaError(
    'INVALID_UPDATE_VERSION',
    `Unsupported metadata.version downgrade from ${current} to ${level}. ${
      upgradeType === 'UNSAFE_DOWNGRADE'
        ? 'Unsafe metadata downgrade is not supported in this version.'
        : 'Refusing to perform the requested downgrade because it might delete metadata information.'
    }`,
  )
}
