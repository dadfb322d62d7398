/** Streams groups as administration: what a broker left of them. */

export interface StreamsGroupDescription {
  readonly groupEpoch: number
  readonly targetAssignmentEpoch: number
  /** Topics that its topology reads, sorted; empty when no topology is stored. */
  readonly sourceTopics: readonly string[]
}

export interface StreamsGroupAdmin {
  /** @throws KafkaError GROUP_ID_NOT_FOUND */
  describeStreamsGroup(groupId: string): Promise<StreamsGroupDescription>
  /** Its offsets and all its records. @throws KafkaError GROUP_ID_NOT_FOUND */
  deleteStreamsGroup(groupId: string): Promise<void>
}
