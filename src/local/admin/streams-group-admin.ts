/** Streams groups of a data directory: what their records in `__consumer_offsets` say, and taking them away. */
import type { StreamsGroupAdmin, StreamsGroupDescription } from '../../client/admin/streams-group-admin.ts'
import { KafkaError } from '../../errors.ts'
import { OffsetStore } from '../../group/offsets/offset-store.ts'
import type { MessageObject } from '../../message/codec.ts'
import { STREAMS_GROUP_RECORDS } from '../../message/coordinator-record.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { type GroupRecord, groupRecords, recordValue } from './group-records.ts'

const METADATA = 17
const TARGET_ASSIGNMENT_METADATA = 20
const TOPOLOGY = 23

export class LocalStreamsGroups implements StreamsGroupAdmin {
  readonly #os: Os
  readonly #directory: LocalDirectory

  constructor(os: Os, directory: LocalDirectory) {
    this.#os = os
    this.#directory = directory
  }

  async describeStreamsGroup(groupId: string): Promise<StreamsGroupDescription> {
    const records = this.#records(groupId)
    const value = (type: number) => recordValue(records, STREAMS_GROUP_RECORDS, type)
    const subtopologies = (value(TOPOLOGY)?.subtopologies ?? []) as readonly MessageObject[]
    const topics = subtopologies.flatMap(({ sourceTopics }) => sourceTopics as readonly string[])
    return {
      groupEpoch: Number(value(METADATA)?.epoch),
      targetAssignmentEpoch: Number(value(TARGET_ASSIGNMENT_METADATA)?.assignmentEpoch ?? 0),
      sourceTopics: [...new Set(topics)].sort(),
    }
  }

  async deleteStreamsGroup(groupId: string): Promise<void> {
    const keys = this.#records(groupId)
      .filter(({ type }) => STREAMS_GROUP_RECORDS[type] !== undefined)
      .map(({ key }) => key)
    await new OffsetStore(this.#os, this.#directory).deleteGroup(groupId, keys)
  }

  #records(groupId: string): GroupRecord[] {
    const records = groupRecords(this.#directory, groupId)
    if (records.length === 0) throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
    if (!records.some(({ type }) => type === METADATA))
      throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} is not a streams group.`)
    return records
  }
}
