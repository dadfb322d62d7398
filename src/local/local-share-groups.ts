/** Share groups of a data directory: what `__share_group_state` says of them. Reading only. */

import { ByteReader } from '../bytes/byte-reader.ts'
import type { ShareGroupAdmin, ShareGroupOffset } from '../client/admin-share-groups.ts'
import { comparePartitions } from '../group/topic-partition.ts'
import type { UnifiedLog } from '../log/unified-log.ts'
import { codecOf, type MessageObject } from '../message/codec.ts'
import { SHARE_STATE_RECORDS } from '../message/share-group-records.ts'
import { RecordBatch } from '../record/record-batch.ts'
import type { LocalDirectory } from './local-directory.ts'

const STATE_TOPIC = '__share_group_state'
const READ_SIZE = 1 << 20

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
    const states = new Map<string, ShareState>()
    const count = image.topic(STATE_TOPIC)?.partitions.length ?? 0
    for (let partition = 0; partition < count; partition++)
      this.#read(this.#directory.logForReading(STATE_TOPIC, partition), groupId, states)
    const offsets: ShareGroupOffset[] = []
    for (const { topicId, partition, startOffset, leaderEpoch, completed } of states.values()) {
      const topic = image.topicById(topicId)?.name
      if (topic === undefined || startOffset < 0) continue
      const log = this.#directory.logForReading(topic, partition)
      log.refresh()
      const lag = Math.max(0, log.logEndOffset - startOffset - Math.max(0, completed))
      offsets.push({ topic, partition, startOffset, leaderEpoch, lag })
    }
    return offsets.sort(comparePartitions)
  }

  #read(log: UnifiedLog, groupId: string, states: Map<string, ShareState>): void {
    log.refresh()
    for (let at = log.logStartOffset; at < log.logEndOffset; ) {
      const { buffer, start, end, nextOffset } = log.read(at, READ_SIZE)
      for (let position = start; position < end; ) {
        const batch = new RecordBatch(buffer, position, end)
        position += batch.sizeInBytes
        if (!batch.isControl) replay(batch, groupId, states)
      }
      if (nextOffset <= at) break
      at = nextOffset
    }
  }
}

/** A snapshot replaces what was known, an update changes it (-1: as before). */
function replay(batch: RecordBatch, groupId: string, states: Map<string, ShareState>): void {
  for (const { key: keyBytes, value: valueBytes } of batch.records()) {
    if (keyBytes === null || keyBytes.length < 2) continue
    const record = SHARE_STATE_RECORDS[keyBytes.readInt16BE(0)]
    if (record === undefined) continue
    const key = decode(record.key, keyBytes, 0)
    if (key.groupId !== groupId) continue
    const name = `${String(key.topicId)} ${String(key.partition)}`
    if (valueBytes === null) {
      states.delete(name)
      continue
    }
    const value = decode(record.value, valueBytes, valueBytes.readInt16BE(0))
    const known = states.get(name)
    const startOffset = Number(value.startOffset)
    states.set(name, {
      topicId: String(key.topicId),
      partition: Number(key.partition),
      startOffset: startOffset < 0 ? (known?.startOffset ?? -1) : startOffset,
      leaderEpoch: Number(value.leaderEpoch),
      completed: Number(value.deliveryCompleteCount),
    })
  }
}

/** The first int16 is the record's type in a key, its version in a value. */
function decode(
  layout: Parameters<typeof codecOf>[0],
  bytes: Buffer,
  version: number,
): Readonly<MessageObject> {
  const reader = new ByteReader(bytes, 0, bytes.length)
  reader.int16()
  const into: MessageObject = {}
  codecOf(layout, version).decode(reader, into)
  return into
}
