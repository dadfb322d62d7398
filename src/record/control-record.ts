/** Control records: the markers that end transactions, and their kin. */
import { RecordBatchBuilder } from './record-batch-builder.ts'

/**
 * Control records: key = int16 version 0, int16 type. The value of an end-of-transaction marker is int16 version 0,
 * int32 coordinator epoch; those of the others are messages of their own (message/control-messages.ts).
 */
export const CONTROL_RECORD_TYPES = [
  'ABORT',
  'COMMIT',
  'LEADER_CHANGE',
  'SNAPSHOT_HEADER',
  'SNAPSHOT_FOOTER',
  'KRAFT_VERSION',
  'KRAFT_VOTERS',
] as const

export type ControlRecordType = (typeof CONTROL_RECORD_TYPES)[number]

/** The key of a control record of this type. */
export function controlRecordKey(type: ControlRecordType): Buffer {
  return Buffer.from([0, 0, 0, CONTROL_RECORD_TYPES.indexOf(type)])
}

/** The type in a control record's key; 'UNKNOWN' for types of later versions and for keys that are none. */
export function controlRecordTypeOf(key: Buffer | null): ControlRecordType | 'UNKNOWN' {
  if (key === null || key.length < 4) return 'UNKNOWN'
  return CONTROL_RECORD_TYPES[key.readInt16BE(2)] ?? 'UNKNOWN'
}

export interface EndTransactionMarker {
  readonly type: 'ABORT' | 'COMMIT'
  readonly coordinatorEpoch: number
}

/** A batch with the marker that ends a producer's transaction in one partition. */
export function endTransactionBatch(
  marker: EndTransactionMarker,
  timestamp: number,
  producerId: number,
  producerEpoch: number,
  leaderEpoch = -1,
): Buffer {
  const builder = new RecordBatchBuilder({
    transactional: true,
    control: true,
    producerId,
    producerEpoch,
    leaderEpoch,
  })
  const value = Buffer.alloc(6)
  value.writeInt32BE(marker.coordinatorEpoch, 2)
  builder.append(timestamp, controlRecordKey(marker.type), value)
  return builder.build()
}
