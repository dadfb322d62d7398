/** What a consumer throws, in words for people. */
import type { CorruptBatch } from '../client/consumer.ts'
import { type CorruptRecordError, TerseError } from '../errors.ts'

export function corruptError({ partition, offset, error }: CorruptBatch): CorruptRecordError {
  error.message = `${partition.topic}-${partition.partition} cannot be read at offset ${offset}: ${error.message}`
  return error
}

/** Kafka's words. */
export function noGroup(): TerseError {
  return new TerseError(
    'To use the group management or offset commit APIs, you must provide a valid group.id in the consumer configuration.',
  )
}

/** auto.offset.reset=none, and nothing says where to begin. */
export class NoOffsetForPartition extends TerseError {
  override name = 'NoOffsetForPartition'
}
