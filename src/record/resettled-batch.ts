/** A stored batch made ready to be appended to another log: whose it was is taken out of its header. */
import { writeInt16, writeInt32 } from '../bytes/int32.ts'
import { writeInt64 } from '../bytes/int64.ts'
import {
  ATTRIBUTES_POSITION,
  attributesAt,
  BASE_SEQUENCE_POSITION,
  PRODUCER_EPOCH_POSITION,
  PRODUCER_ID_POSITION,
  setLeaderEpochAt,
  TRANSACTIONAL_FLAG,
} from './batch-header.ts'
import { NO_PARTITION_LEADER_EPOCH, NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE } from './record.ts'

/** Takes producer, transaction and leader epoch out of the batch at `position`. Its checksum is the caller's to set anew. */
export function forgetProducer(buffer: Buffer, position: number): void {
  const attributes = attributesAt(buffer, position) & ~TRANSACTIONAL_FLAG
  writeInt16(buffer, position + ATTRIBUTES_POSITION, attributes)
  writeInt64(buffer, position + PRODUCER_ID_POSITION, NO_PRODUCER_ID)
  writeInt16(buffer, position + PRODUCER_EPOCH_POSITION, NO_PRODUCER_EPOCH)
  writeInt32(buffer, position + BASE_SEQUENCE_POSITION, NO_SEQUENCE)
  setLeaderEpochAt(buffer, position, NO_PARTITION_LEADER_EPOCH)
}
