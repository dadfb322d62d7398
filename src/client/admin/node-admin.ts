/** Administration of what a node is: its log directories, end points, feature levels and metadata quorum. */
import type { BrokerDescription } from './cluster-admin.ts'

export interface LogDirDescription {
  /** The node that has it. */
  readonly broker: number
  /** Absolute. */
  readonly logDir: string
  /** undefined: it works. */
  readonly error: Error | undefined
  readonly replicas: readonly ReplicaInfo[]
}

export interface ReplicaInfo {
  readonly topic: string
  readonly partition: number
  /** Bytes of its log segments on the disk. */
  readonly size: number
  readonly offsetLag: number
  readonly isFuture: boolean
}

export interface FeatureUpdate {
  readonly feature: string
  readonly level: number
  readonly upgradeType: 'UPGRADE' | 'SAFE_DOWNGRADE' | 'UNSAFE_DOWNGRADE'
}

export interface QuorumInfo {
  readonly clusterId: string
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly highWatermark: number
  readonly voters: readonly QuorumReplica[]
  /** Who only follow: brokers that are no voters. */
  readonly observers: readonly QuorumReplica[]
}

/** Where a controller of the quorum is reached: listener, host and port. */
export interface RaftVoterEndpoint {
  readonly name: string
  readonly host: string
  readonly port: number
}

/** The requests that a node understands, by their numbers. */
export interface NodeApiVersions {
  readonly node: BrokerDescription
  readonly apis: readonly { readonly key: number; readonly min: number; readonly max: number }[]
}

export interface QuorumReplica {
  readonly id: number
  readonly directoryId: string
  readonly logEndOffset: number
  /** ms. */
  readonly lastFetchTimestamp: number
  readonly lastCaughtUpTimestamp: number
  /** `CONTROLLER://localhost:9093`. */
  readonly endpoints: readonly string[]
}

export interface NodeAdmin {
  /** One for each of the node's log.dirs that is here; of a cluster those of all brokers, or of these. */
  describeLogDirs(brokers?: readonly number[]): Promise<LogDirDescription[]>
  /** Of every broker; empty for a directory, which nobody sends requests to. */
  describeApiVersions(): Promise<NodeApiVersions[]>
  /** All or none. @throws TerseError in the controller's words */
  updateFeatures(updates: readonly FeatureUpdate[], validateOnly: boolean): Promise<void>
  /** The id of the cluster. A directory that is not there yet is made: from now on the id holds. */
  clusterId(): Promise<string>
  /** As `clusterId`, makes a directory that is not there yet. */
  describeMetadataQuorum(): Promise<QuorumInfo>
  /** Offset of the last record that counts. */
  featuresEpoch(): Promise<number>
  unregisterBroker(id: number): Promise<void>
  unregisterController(id: number): Promise<void>
  /** Makes a running controller a voter of the quorum. */
  addRaftVoter(id: number, directoryId: string, endpoints: readonly RaftVoterEndpoint[]): Promise<void>
  removeRaftVoter(id: number, directoryId: string): Promise<void>
}
