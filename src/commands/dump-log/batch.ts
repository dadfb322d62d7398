/** What `dump-log` shows of a batch's header. Nothing is checked: damaged ones are what it is there for. */

import { crc32c } from '../../bytes/crc32c.ts'
import { readExactInt64 } from '../../bytes/int64.ts'
import * as header from '../../record/batch-header.ts'
import * as legacy from '../../record/legacy-message.ts'
import { CODECS, type Codec, incrementSequence, NO_SEQUENCE } from '../../record/record.ts'
import type { BatchEvent, LegacyMessageEvent } from './event.ts'
import { addInt64, problem, type StoredBatch } from './file.ts'

export function batchEvent({ buffer, at, position, size }: StoredBatch, file: string): BatchEvent {
  if (size < header.RECORD_BATCH_OVERHEAD) {
    throw problem(
      `Record batch is corrupt (the size ${size} is smaller than the minimum allowed overhead ${header.RECORD_BATCH_OVERHEAD})`,
      `It stands at position ${position} of ${file}.`,
    )
  }
  const attributes = buffer.readInt8(at + header.ATTRIBUTES_POSITION + 1)
  const baseOffset = readExactInt64(buffer, at)
  const delta = buffer.readInt32BE(at + header.LAST_OFFSET_DELTA_POSITION)
  const baseSequence = buffer.readInt32BE(at + header.BASE_SEQUENCE_POSITION)
  const crc = buffer.readUInt32BE(at + header.CRC_POSITION)
  return {
    type: 'batch',
    baseOffset,
    lastOffset: addInt64(baseOffset, delta),
    count: header.countAt(buffer, at),
    baseSequence,
    lastSequence: baseSequence === NO_SEQUENCE ? NO_SEQUENCE : incrementSequence(baseSequence, delta),
    producerId: readExactInt64(buffer, at + header.PRODUCER_ID_POSITION),
    producerEpoch: buffer.readInt16BE(at + header.PRODUCER_EPOCH_POSITION),
    partitionLeaderEpoch: header.leaderEpochAt(buffer, at),
    isTransactional: (attributes & header.TRANSACTIONAL_FLAG) !== 0,
    isControl: (attributes & header.CONTROL_FLAG) !== 0,
    deleteHorizonMs:
      (attributes & header.DELETE_HORIZON_FLAG) === 0
        ? undefined
        : readExactInt64(buffer, at + header.BASE_TIMESTAMP_POSITION),
    position,
    timestampType: timestampTypeOf(attributes),
    maxTimestamp: readExactInt64(buffer, at + header.MAX_TIMESTAMP_POSITION),
    size,
    magic: header.magicAt(buffer, at),
    compression: compressionOf(attributes, position, file),
    crc,
    isValid: crc32c(buffer, at + header.ATTRIBUTES_POSITION, at + size) === crc,
  }
}

/** A message before magic 2. */
export function legacyMessageEvent(
  { buffer, at, position, size }: StoredBatch,
  file: string,
): LegacyMessageEvent {
  const magic = header.magicAt(buffer, at)
  const attributes = legacy.legacyAttributesAt(buffer, at)
  return {
    type: 'message',
    offset: readExactInt64(buffer, at),
    position,
    timestampType: legacy.legacyTimestampType(magic, attributes),
    timestamp: legacy.legacyTimestampAt(buffer, at),
    size,
    magic,
    compression: compressionOf(attributes, position, file),
    crc: legacy.legacyCrcAt(buffer, at),
    isValid: legacy.legacyCrcProblem(buffer, at, size) === undefined,
  }
}

function timestampTypeOf(attributes: number): string {
  return (attributes & header.LOG_APPEND_TIME_FLAG) === 0 ? 'CreateTime' : 'LogAppendTime'
}

function compressionOf(attributes: number, position: number, file: string): Codec {
  const id = attributes & header.CODEC_MASK
  const codec = CODECS[id]
  if (codec !== undefined) return codec
  throw problem(`Unknown compression type id: ${id}`, `The batch at position ${position} of ${file} says so.`)
}
