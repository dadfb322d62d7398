/** What ends a transaction in a partition: the control record of a COMMIT or ABORT marker. Key int16 version, int16 type; value int16 version, int32 coordinator epoch. */
import { readInt16, readInt32 } from '../../bytes/int32.ts'
import type { Int64 } from '../../bytes/int64.ts'
import type { RecordBatch } from '../../record/record-batch.ts'

export interface EndMarker {
  readonly abort: boolean
  readonly coordinatorEpoch: number
  readonly timestamp: Int64
}

/** undefined for a control batch without records or with other ones. */
export function readEndMarker(batch: RecordBatch): EndMarker | undefined {
  let marker: EndMarker | undefined
  batch.walk((record) => {
    const { buffer, keyStart, valueStart } = record
    if (record.keyLength >= 4 && record.valueLength >= 6) {
      const type = readInt16(buffer, keyStart + 2)
      if (type === 0 || type === 1) {
        const coordinatorEpoch = readInt32(buffer, valueStart + 2)
        marker = { abort: type === 0, coordinatorEpoch, timestamp: record.exactTimestamp }
      }
    }
    return false
  })
  return marker
}
