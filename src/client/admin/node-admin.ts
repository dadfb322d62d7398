/** Administration of what a node is: its log directories, end points, feature levels and metadata quorum. */

export interface LogDirDescription {
  /** Absolute. */
  readonly logDir: string
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
  /** One for each of the node's log.dirs that is here. */
  describeLogDirs(): Promise<LogDirDescription[]>
  /** All or none. @throws TerseError in the controller's words */
  updateFeatures(updates: readonly FeatureUpdate[], validateOnly: boolean): Promise<void>
  /** The id of the cluster. A directory that is not there yet is made: from now on the id holds. */
  clusterId(): Promise<string>
  /** As `clusterId`, makes a directory that is not there yet. */
  describeMetadataQuorum(): Promise<QuorumInfo>
  /** Offset of the last record that counts. */
  featuresEpoch(): Promise<number>
  unregisterBroker(id: number): Promise<void>
}
