/**
 * What the metadata log says, at one offset. An image never changes: replaying more records makes a new one that
 * shares what did not change, so it may be held across awaits and compared by `endOffset`.
 */
import { CONFIG_RESOURCE, type ConfigResourceType } from '../message/metadata-records.ts'

export interface PartitionImage {
  readonly partition: number
  /** Node id, -1 at rest. */
  readonly leader: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  /** 0 recovered, 1 recovering from an unclean election. */
  readonly leaderRecoveryState: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly addingReplicas: readonly number[]
  readonly elr: readonly number[]
  readonly lastKnownElr: readonly number[]
  /** Directory ids beside `replicas`; empty below metadata.version 17 (3.7-IV2). */
  readonly directories: readonly string[]
}

export interface TopicImage {
  readonly name: string
  /** base64url, 22 characters. */
  readonly id: string
  /** In order: partitions[n].partition === n. */
  readonly partitions: readonly PartitionImage[]
}

export interface EndPointImage {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly securityProtocol: number
}

export interface SupportedFeature {
  readonly name: string
  readonly minSupportedVersion: number
  readonly maxSupportedVersion: number
}

/** The newest registration of a broker. */
export interface BrokerImage {
  readonly id: number
  /** Offset of its RegisterBroker record; the clean shutdown marker must carry it. */
  readonly epoch: number
  readonly incarnationId: string
  readonly endPoints: readonly EndPointImage[]
  readonly features: readonly SupportedFeature[]
  readonly rack: string | null
  readonly isMigratingZkBroker: boolean
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  readonly logDirs: readonly string[]
  readonly cordonedLogDirs: readonly string[] | null
}

export interface ControllerImage {
  readonly id: number
  readonly incarnationId: string
  readonly zkMigrationReady: boolean
  readonly endPoints: readonly EndPointImage[]
  readonly features: readonly SupportedFeature[]
}

export interface QuotaEntityPart {
  /** user, client-id or ip. */
  readonly entityType: string
  /** null: the default entity of that type. */
  readonly entityName: string | null
}

export interface ClientQuotaImage {
  readonly entity: readonly QuotaEntityPart[]
  readonly values: ReadonlyMap<string, number>
}

export interface ScramCredentialImage {
  readonly name: string
  /** 1 SCRAM-SHA-256, 2 SCRAM-SHA-512. */
  readonly mechanism: number
  readonly salt: Buffer
  readonly storedKey: Buffer
  readonly serverKey: Buffer
  readonly iterations: number
}

export interface AclImage {
  readonly id: string
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permissionType: number
}

export interface DelegationTokenImage {
  readonly tokenId: string
  readonly owner: string
  readonly requester: string
  readonly renewers: readonly string[]
  readonly issueTimestamp: number
  readonly maxTimestamp: number
  readonly expirationTimestamp: number
}

export interface VoterImage {
  readonly voterId: number
  readonly voterDirectoryId: string
  readonly endpoints: readonly { readonly name: string; readonly host: string; readonly port: number }[]
  readonly kRaftVersionFeature: { readonly minSupportedVersion: number; readonly maxSupportedVersion: number }
}

/** The parts of an image; the maps are shared between images and never changed once handed over. */
export interface MetadataImageParts {
  /** Offset of the next record: one past the last one that counts here. */
  readonly endOffset: number
  /** Epoch of the last batch; 0 when there is none. */
  readonly epoch: number
  /** Timestamp of the last batch, ms. */
  readonly lastTimestamp: number
  /** Why writing is refused, or undefined: what was read is newer than what this program knows. */
  readonly newerThanKnown: string | undefined
  readonly topicsByName: ReadonlyMap<string, TopicImage>
  readonly topicsById: ReadonlyMap<string, TopicImage>
  /** Names, by id, of topics whose names cannot be folders': they are passed over, and told. */
  readonly illegalTopics: ReadonlyMap<string, string>
  /** By resource type, then resource name: names and values in turn. */
  readonly configsByType: ReadonlyMap<number, ReadonlyMap<string, readonly string[]>>
  readonly brokers: ReadonlyMap<number, BrokerImage>
  readonly controllers: ReadonlyMap<number, ControllerImage>
  /** Finalized feature levels, metadata.version among them. */
  readonly features: ReadonlyMap<string, number>
  readonly quotasByEntity: ReadonlyMap<string, ClientQuotaImage>
  readonly scramByKey: ReadonlyMap<string, ScramCredentialImage>
  readonly aclsById: ReadonlyMap<string, AclImage>
  readonly tokensById: ReadonlyMap<string, DelegationTokenImage>
  /** First producer id that no block covers yet. */
  readonly nextProducerId: number
  /** kraft.version of the quorum: 0 static voters, 1 voters in the log. */
  readonly kraftVersion: number
  readonly voters: readonly VoterImage[]
  readonly zkMigrationState: number
}

export interface MetadataIdentity {
  readonly clusterId: string
  readonly nodeId: number
  /** undefined where meta.properties has none (a broker makes one up at its next start). */
  readonly directoryId: string | undefined
  /** Of other log.dirs of the node that are here, too. */
  readonly otherDirectoryIds?: readonly string[]
}

const NO_CONFIGS: ReadonlyMap<string, string> = new Map()

export class MetadataImage {
  readonly clusterId: string
  readonly nodeId: number
  readonly directoryId: string | undefined
  readonly otherDirectoryIds: readonly string[] | undefined
  readonly endOffset: number
  readonly epoch: number
  readonly lastTimestamp: number
  readonly newerThanKnown: string | undefined
  readonly brokers: ReadonlyMap<number, BrokerImage>
  readonly controllers: ReadonlyMap<number, ControllerImage>
  readonly features: ReadonlyMap<string, number>
  readonly nextProducerId: number
  readonly kraftVersion: number
  readonly voters: readonly VoterImage[]
  /** For those who write checkpoints and replay on. */
  readonly parts: MetadataImageParts

  constructor(identity: MetadataIdentity, parts: MetadataImageParts) {
    this.clusterId = identity.clusterId
    this.nodeId = identity.nodeId
    this.directoryId = identity.directoryId
    this.otherDirectoryIds = identity.otherDirectoryIds
    this.parts = parts
    this.endOffset = parts.endOffset
    this.epoch = parts.epoch
    this.lastTimestamp = parts.lastTimestamp
    this.newerThanKnown = parts.newerThanKnown
    this.brokers = parts.brokers
    this.controllers = parts.controllers
    this.features = parts.features
    this.nextProducerId = parts.nextProducerId
    this.kraftVersion = parts.kraftVersion
    this.voters = parts.voters
  }

  /** Level of metadata.version; 0 when no record tells it. */
  get metadataVersion(): number {
    return this.features.get('metadata.version') ?? 0
  }

  /** True when partitions keep eligible leader replicas. */
  get elrEnabled(): boolean {
    return (this.features.get('eligible.leader.replicas.version') ?? 0) > 0 && this.metadataVersion >= 23
  }

  get topicCount(): number {
    return this.parts.topicsByName.size
  }

  /** Names of all topics, internal ones too, in no particular order. */
  topics(): string[] {
    return [...this.parts.topicsByName.keys()]
  }

  topicImages(): Iterable<TopicImage> {
    return this.parts.topicsByName.values()
  }

  topic(name: string): TopicImage | undefined {
    return this.parts.topicsByName.get(name)
  }

  topicById(id: string): TopicImage | undefined {
    return this.parts.topicsById.get(id)
  }

  /** Empty when there is no such topic. */
  partitions(topicId: string): readonly PartitionImage[] {
    return this.parts.topicsById.get(topicId)?.partitions ?? []
  }

  /** Overrides stored for one resource (`CONFIG_RESOURCE`; a broker's default is the name ''). Made anew at each call. */
  configs(type: ConfigResourceType, name: string): ReadonlyMap<string, string> {
    const pairs = this.parts.configsByType.get(type)?.get(name)
    if (pairs === undefined) return NO_CONFIGS
    const map = new Map<string, string>()
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1])
    return map
  }

  /** One stored override, without making a map. */
  config(type: ConfigResourceType, name: string, key: string): string | undefined {
    const pairs = this.parts.configsByType.get(type)?.get(name)
    if (pairs === undefined) return undefined
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === key) return pairs[i + 1]
    return undefined
  }

  topicConfigs(topic: string): ReadonlyMap<string, string> {
    return this.configs(CONFIG_RESOURCE.TOPIC, topic)
  }

  /** Names of the resources of a type that have overrides. */
  configResources(type: ConfigResourceType): string[] {
    return [...(this.parts.configsByType.get(type)?.keys() ?? [])]
  }

  quotas(): Iterable<ClientQuotaImage> {
    return this.parts.quotasByEntity.values()
  }

  scramCredentials(): Iterable<ScramCredentialImage> {
    return this.parts.scramByKey.values()
  }

  scramCredential(user: string, mechanism: number): ScramCredentialImage | undefined {
    return this.parts.scramByKey.get(scramKey(user, mechanism))
  }

  acls(): Iterable<AclImage> {
    return this.parts.aclsById.values()
  }

  delegationTokens(): Iterable<DelegationTokenImage> {
    return this.parts.tokensById.values()
  }
}

export function scramKey(user: string, mechanism: number): string {
  return mechanism + ':' + user
}
