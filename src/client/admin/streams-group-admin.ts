/** Streams groups as administration: what a broker knows of them, or left of them. */
import type { BrokerDescription } from './cluster-admin.ts'
import type { GroupState } from './group-admin.ts'

export interface StreamsGroupDescription {
  readonly groupEpoch: number
  readonly targetAssignmentEpoch: number
  /** Topics that its topology reads, sorted; empty when no topology is stored. */
  readonly sourceTopics: readonly string[]
  /** A directory has no members, and no broker that coordinates. */
  readonly topologyEpoch?: number
  readonly state?: GroupState
  readonly coordinator?: BrokerDescription | undefined
  readonly members?: readonly StreamsMemberDescription[]
}

/** Partitions of one part of the topology. */
export interface StreamsTask {
  readonly subtopologyId: string
  readonly partitions: readonly number[]
}

export interface StreamsTasks {
  readonly active: readonly StreamsTask[]
  readonly standby: readonly StreamsTask[]
  readonly warmup: readonly StreamsTask[]
}

export interface StreamsMemberDescription {
  readonly memberId: string
  readonly memberEpoch: number
  readonly processId: string
  readonly clientId: string
  readonly host: string
  readonly isClassic: boolean
  readonly assignment: StreamsTasks
  readonly targetAssignment: StreamsTasks
}

export interface StreamsGroupAdmin {
  /** @throws KafkaError GROUP_ID_NOT_FOUND */
  describeStreamsGroup(groupId: string): Promise<StreamsGroupDescription>
  /** Its offsets and all its records. @throws KafkaError GROUP_ID_NOT_FOUND */
  deleteStreamsGroup(groupId: string): Promise<void>
}
