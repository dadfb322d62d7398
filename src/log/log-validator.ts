/**
 * What a broker does with a produce request before it appends: refuses what the topic does not take, sets log-append
 * time, recompresses for the topic's codec. Records are looked at only where a header cannot answer.
 */
import { CorruptRecordError, KafkaError } from '../errors.ts'
import type { Codec } from '../record/record.ts'
import { RecordBatch } from '../record/record-batch.ts'
import { RecordBatchBuilder } from '../record/record-batch-builder.ts'
import { compressionLevel, isTooNew, type LogConfig, latest, NEVER } from './log-config.ts'

export interface ValidatedBatches {
  readonly buffer: Buffer
  readonly start: number
  readonly end: number
  /** -1 where the producer's time stays. */
  readonly logAppendTime: number
}

/** How many of the refused records a message tells of, as Kafka's does. */
const ERRORS_SHOWN = 3

/**
 * Checks the batches of buffer[start, end) and returns those to append: the same bytes (log-append time is set in
 * place), or others where the topic wants another codec. Throws KafkaError; nothing is to be appended then.
 */
export function validateBatches(
  buffer: Buffer,
  start: number,
  end: number,
  config: LogConfig,
  topicPartition: string,
  now: number,
): ValidatedBatches {
  const appendTime = config.timestampType === 'LogAppendTime'
  let rebuilt: Buffer[] | undefined
  let copied = start
  for (let at = start; at < end; ) {
    const batch = new RecordBatch(buffer, at, end)
    checkBatch(batch, config, topicPartition)
    checkRecords(batch, config, topicPartition, now)
    const size = batch.sizeInBytes
    const target = targetCodec(config, batch)
    if (target !== batch.compression) {
      rebuilt ??= []
      if (copied < at) rebuilt.push(buffer.subarray(copied, at))
      const other = recompress(batch, target, config, appendTime ? now : undefined)
      checkSize(other.length, config, topicPartition)
      rebuilt.push(other)
      copied = at + size
    } else if (appendTime) {
      batch.setMaxTimestamp('LogAppendTime', now)
    }
    at += size
  }
  const logAppendTime = appendTime ? now : -1
  if (rebuilt === undefined) return { buffer, start, end, logAppendTime }
  if (copied < end) rebuilt.push(buffer.subarray(copied, end))
  const all = Buffer.concat(rebuilt)
  return { buffer: all, start: 0, end: all.length, logAppendTime }
}

function checkBatch(batch: RecordBatch, config: LogConfig, topicPartition: string): void {
  try {
    batch.ensureValid()
  } catch (error) {
    if (!(error instanceof CorruptRecordError)) throw error
    throw new KafkaError('CORRUPT_MESSAGE', `${error.detail} in topic partition ${topicPartition}`)
  }
  checkSize(batch.sizeInBytes, config, topicPartition)
  const { count, lastOffsetDelta, baseOffset, lastOffset } = batch
  if (count <= 0) {
    throw invalidRecord(
      `Invalid reported count for record batch: ${count} in topic partition ${topicPartition}`,
    )
  }
  if (lastOffsetDelta + 1 !== count) {
    throw invalidRecord(
      `Inconsistent batch offset range [${baseOffset}, ${lastOffset}] and count of records ${count} in topic ` +
        `partition ${topicPartition}`,
    )
  }
  if (batch.isControl) {
    throw invalidRecord(
      `Clients are not allowed to write control records in topic partition ${topicPartition}`,
    )
  }
  if (batch.hasProducerId && batch.baseSequence < 0) {
    throw invalidRecord(
      `Invalid sequence number ${batch.baseSequence} in record batch with producerId ${batch.producerId} in topic ` +
        `partition ${topicPartition}`,
    )
  }
}

function checkSize(size: number, config: LogConfig, topicPartition: string): void {
  if (size <= config.maxMessageBytes) return
  throw new KafkaError(
    'MESSAGE_TOO_LARGE',
    `The record batch size in the append to ${topicPartition} is ${size} bytes which exceeds the maximum configured ` +
      `value of ${config.maxMessageBytes}.`,
  )
}

function checkRecords(batch: RecordBatch, config: LogConfig, topicPartition: string, now: number): void {
  const createTime = config.timestampType === 'CreateTime'
  const tooOld =
    config.timestampBeforeMaxMs >= NEVER ? Number.NEGATIVE_INFINITY : now - config.timestampBeforeMaxMs
  const checkTimes =
    createTime &&
    (tooOld !== Number.NEGATIVE_INFINITY ||
      isTooNew(batch.exactMaxTimestamp, now, config.timestampAfterMaxMs))
  if (createTime && batch.timestampType === 'LogAppendTime') {
    throw new KafkaError(
      'INVALID_TIMESTAMP',
      'One or more records have been rejected due to invalid timestamp: a producer must not set the timestamp type ' +
        'to LogAppendTime.',
    )
  }
  if (!config.compact && !checkTimes) return
  const errors: string[] = []
  let refused = 0
  let badTime = false
  batch.walk((record) => {
    const { index, offset, timestamp } = record
    let message: string | undefined
    if (config.compact && record.keyEnd < 0) {
      message = `Compacted topic cannot accept message without key in topic partition ${topicPartition}`
    } else if (
      checkTimes &&
      timestamp !== -1 &&
      (timestamp < tooOld || isTooNew(timestamp, now, config.timestampAfterMaxMs))
    ) {
      badTime = true
      message =
        `Timestamp ${record.exactTimestamp} of message with offset ${offset} is out of range. The timestamp should be within ` +
        `[${tooOld === Number.NEGATIVE_INFINITY ? 'any' : tooOld}, ${latest(now, config.timestampAfterMaxMs)}]`
    }
    if (message === undefined) return
    refused++
    if (errors.length < ERRORS_SHOWN) errors.push(`RecordError(batchIndex=${index}, message='${message}.')`)
  })
  if (refused === 0) return
  if (badTime) {
    throw new KafkaError(
      'INVALID_TIMESTAMP',
      `One or more records have been rejected due to invalid timestamp: [${errors.join(', ')}]`,
    )
  }
  throw invalidRecord(
    `One or more records have been rejected due to ${refused} record errors in total, and only showing the first ` +
      `three errors at most: [${errors.join(', ')}]`,
  )
}

function targetCodec(config: LogConfig, batch: RecordBatch): Codec {
  const type = config.compressionType
  if (type === 'producer') return batch.compression
  return type === 'uncompressed' ? 'none' : type
}

function recompress(
  batch: RecordBatch,
  codec: Codec,
  config: LogConfig,
  logAppendTime: number | undefined,
): Buffer {
  const builder = new RecordBatchBuilder({
    codec,
    level: compressionLevel(codec, config),
    timestampType: logAppendTime === undefined ? 'CreateTime' : 'LogAppendTime',
    logAppendTime,
    baseOffset: batch.baseOffset,
    producerId: batch.producerId,
    producerEpoch: batch.producerEpoch,
    baseSequence: batch.baseSequence,
    transactional: batch.isTransactional,
    leaderEpoch: batch.partitionLeaderEpoch,
  })
  batch.walk((record) => builder.appendStored(record))
  return builder.build()
}

function invalidRecord(message: string): KafkaError {
  return new KafkaError('INVALID_RECORD', message)
}
