/** The records that newer groups (share, streams) leave in `__consumer_offsets`: the newest of each key. Reading only. */
import { ByteReader } from '../../bytes/byte-reader.ts'
import { offsetsPartitionFor } from '../../group/offsets/offsets-topic.ts'
import { storedBatches } from '../../log/stored-batches.ts'
import type { UnifiedLog } from '../../log/unified-log.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import type { CoordinatorRecords } from '../../message/coordinator-record.ts'
import type { MessageSchema } from '../../message/schema.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import type { Record } from '../../record/record.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export interface GroupRecord {
  readonly type: number
  readonly key: Buffer
  readonly value: Buffer
}

/** All that stands of one group, tombstones left out. */
export function groupRecords(directory: LocalDirectory, groupId: string): GroupRecord[] {
  const count = directory.exists() ? (directory.image().topic(OFFSETS_TOPIC)?.partitions.length ?? 0) : 0
  if (count === 0) return []
  const log = directory.logForReading(OFFSETS_TOPIC, offsetsPartitionFor(groupId, count))
  const records = new Map<string, GroupRecord>()
  visitRecords(log, ({ key, value }) => {
    // Every key begins with its type and the group's id.
    if (key === null || key.length < 4 || groupOf(key) !== groupId) return
    const name = key.toString('latin1')
    if (value === null) records.delete(name)
    else records.set(name, { type: key.readInt16BE(0), key: Buffer.from(key), value: Buffer.from(value) })
  })
  return [...records.values()]
}

/** Every record of a coordinator's log but control records. */
export function visitRecords(log: UnifiedLog, visit: (record: Record) => void): void {
  log.refresh()
  for (const batch of storedBatches(log)) for (const record of batch.records()) visit(record)
}

function groupOf(key: Buffer): string | undefined {
  const length = key.readInt16BE(2)
  return length < 0 || 4 + length > key.length ? undefined : key.toString('utf8', 4, 4 + length)
}

/** The value of the one record of a type that a group has. */
export function recordValue(
  records: readonly GroupRecord[],
  layouts: CoordinatorRecords,
  type: number,
): Readonly<MessageObject> | undefined {
  const found = records.find((record) => record.type === type)
  return found && decodeVersioned(layouts[type].value, found.value, found.value.readInt16BE(0))
}

/** The first int16 is the record's type in a key, its version in a value. */
export function decodeVersioned(
  layout: MessageSchema,
  bytes: Buffer,
  version: number,
): Readonly<MessageObject> {
  const into: MessageObject = {}
  codecOf(layout, version).decode(new ByteReader(bytes, 2, bytes.length), into)
  return into
}
