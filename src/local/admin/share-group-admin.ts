/** Share groups of a data directory: what `__consumer_offsets` and `__share_group_state` say of them. Reading only. */

import type {
  ShareGroupAdmin,
  ShareGroupDescription,
  ShareGroupOffset,
} from '../../client/admin/share-group-admin.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import type { MessageObject } from '../../message/codec.ts'
import { SHARE_GROUP_RECORDS, SHARE_STATE_RECORDS } from '../../message/coordinator-record.ts'
import { SHARE_STATE_TOPIC } from '../../names/topic-names.ts'
import { comparePartitions } from '../../names/topic-partition.ts'
import type { Record } from '../../record/record.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { decodeVersioned, groupRecords, recordValue, visitRecords } from './group-records.ts'

const CHANGED_BY_BROKERS =
  'only a broker can change the offsets of a share group: boot one on this directory (tkafka storage server-properties says how).'

const METADATA = 11
const TARGET_ASSIGNMENT_METADATA = 12
const STATE_PARTITIONS = 15

interface ShareState {
  readonly topicId: string
  readonly partition: number
  startOffset: number
  leaderEpoch: number
  /** Records behind the start that are done with. */
  completed: number
}

export class LocalShareGroups implements ShareGroupAdmin {
  readonly #directory: LocalDirectory

  constructor(directory: LocalDirectory) {
    this.#directory = directory
  }

  async listShareGroupOffsets(groupId: string): Promise<ShareGroupOffset[]> {
    const image = this.#directory.image()
    const states = this.#initialised(groupId)
    const count = image.topic(SHARE_STATE_TOPIC)?.partitions.length ?? 0
    for (let partition = 0; partition < count; partition++) {
      visitRecords(this.#directory.logForReading(SHARE_STATE_TOPIC, partition), (record) =>
        replay(record, groupId, states),
      )
    }
    const offsets: ShareGroupOffset[] = []
    for (const { topicId, partition, startOffset, leaderEpoch, completed } of states.values()) {
      const topic = image.topicById(topicId)?.name
      if (topic === undefined) continue
      const log = this.#directory.logForReading(topic, partition)
      log.refresh()
      const lag = Math.max(0, log.logEndOffset - startOffset - Math.max(0, completed))
      offsets.push({ topic, partition, startOffset, leaderEpoch, lag })
    }
    return offsets.sort(comparePartitions)
  }

  async describeShareGroup(groupId: string): Promise<ShareGroupDescription> {
    const records = groupRecords(this.#directory, groupId)
    const metadata = recordValue(records, SHARE_GROUP_RECORDS, METADATA)
    if (metadata === undefined) throw new KafkaError('GROUP_ID_NOT_FOUND', `Group ${groupId} not found.`)
    const target = recordValue(records, SHARE_GROUP_RECORDS, TARGET_ASSIGNMENT_METADATA)
    return { groupEpoch: Number(metadata.epoch), assignmentEpoch: Number(target?.assignmentEpoch ?? 0) }
  }

  async alterShareGroupOffsets(): Promise<never> {
    throw new TerseError(CHANGED_BY_BROKERS)
  }

  async deleteShareGroupOffsets(): Promise<never> {
    throw new TerseError(CHANGED_BY_BROKERS)
  }

  async deleteShareGroup(): Promise<never> {
    throw new KafkaError(
      'UNSUPPORTED_VERSION',
      'only a broker can delete a share group (tkafka storage server-properties says how one boots on this directory).',
    )
  }

  /** Partitions that the group was given, where it may not have begun. */
  #initialised(groupId: string): Map<string, ShareState> {
    const states = new Map<string, ShareState>()
    const value = recordValue(groupRecords(this.#directory, groupId), SHARE_GROUP_RECORDS, STATE_PARTITIONS)
    for (const topic of (value?.initializedTopics ?? []) as readonly MessageObject[]) {
      const topicId = String(topic.topicId)
      for (const partition of topic.partitions as readonly number[]) {
        const state = { topicId, partition, startOffset: -1, leaderEpoch: -1, completed: 0 }
        states.set(stateName(topicId, partition), state)
      }
    }
    return states
  }
}

function stateName(topicId: string, partition: number): string {
  return `${topicId} ${partition}`
}

/** A snapshot replaces what was known, an update changes it (-1: as before). */
function replay(
  { key: keyBytes, value: valueBytes }: Record,
  groupId: string,
  states: Map<string, ShareState>,
): void {
  if (keyBytes === null || keyBytes.length < 2) return
  const record = SHARE_STATE_RECORDS[keyBytes.readInt16BE(0)]
  if (record === undefined) return
  const key = decodeVersioned(record.key, keyBytes, 0)
  if (key.groupId !== groupId) return
  const topicId = String(key.topicId)
  const partition = Number(key.partition)
  const name = stateName(topicId, partition)
  if (valueBytes === null) {
    states.delete(name)
    return
  }
  const value = decodeVersioned(record.value, valueBytes, valueBytes.readInt16BE(0))
  const startOffset = Number(value.startOffset)
  states.set(name, {
    topicId,
    partition,
    startOffset: startOffset < 0 ? (states.get(name)?.startOffset ?? -1) : startOffset,
    leaderEpoch: Number(value.leaderEpoch),
    completed: Number(value.deliveryCompleteCount),
  })
}
