/** Why records were not stored, in the Java client's words, and who is to hear it. */
import { OutOfPlaceError } from '../../client/batch-sink.ts'
import type { DeliveryListener } from '../../client/producer.ts'
import { KafkaError, type KafkaErrorName, TerseError } from '../../errors.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import { ConnectionError } from '../connection/connection-error.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import type { ProducerBatch } from './partition-batches.ts'
import type { PartitionAnswer } from './produce-request.ts'

/** The error of each record of a batch, by its number there. */
export type RecordErrors = (index: number) => Error

/** What a broker's answer says of each record. */
export function recordErrors(topic: string, answer: PartitionAnswer): RecordErrors {
  const whole = kafkaErrorOf(answer.errorCode, answer.errorMessage)
  const error = topicError(topic, whole.code, whole)
  const { recordErrors: refused } = answer
  if (refused.length === 0) return () => error
  const texts = new Map(
    refused.map(({ batchIndex, batchIndexErrorMessage }) => [
      batchIndex,
      batchIndexErrorMessage ?? answer.errorMessage,
    ]),
  )
  // Which of the records an error of the whole is about is known where there is but one.
  const name: KafkaErrorName = refused.length === 1 ? whole.code : 'INVALID_RECORD'
  return (index) => {
    const text = texts.get(index)
    if (text !== undefined) return new KafkaError(name, text ?? undefined)
    return new TerseError(
      'Failed to append record because it was part of a batch which had one more more invalid records',
    )
  }
}

/** Errors that concern a topic name it. */
export function topicError(topic: string, code: KafkaErrorName, otherwise: Error): Error {
  switch (code) {
    case 'TOPIC_AUTHORIZATION_FAILED':
      return new KafkaError(code, `Not authorized to access topics: [${topic}]`)
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return new KafkaError(code, 'The producer is not authorized to do idempotent sends')
    case 'INVALID_TOPIC_EXCEPTION':
      return new KafkaError(code, `Invalid topics: [${topic}]`)
    default:
      return otherwise
  }
}

/** Kafka's words, and what stood in the way. */
export function expired({ count, partition, lastError, origin }: ProducerBatch, now: number): Error {
  const why = lastError === undefined ? '' : ` Last: ${lastError.message}`
  return new KafkaError(
    'REQUEST_TIMED_OUT',
    `Expiring ${count} record(s) for ${partition.source.topic}-${partition.partition}:${Math.round(now - origin.createdAt)} ms has passed since batch creation. The request has not been sent, or no server response has been received yet.${why}`,
  )
}

/** Tells everybody whose records are in the batch. Returns the first error of a record that nobody was told of. */
export function tellLost(
  { bytes, count, firstIndex, sends }: ProducerBatch,
  errorOf: RecordErrors,
  listener: DeliveryListener | undefined,
): Error | undefined {
  const waited = new Set<number>()
  for (const send of sends) {
    waited.add(send.index - firstIndex)
    send.reject(errorOf(send.index - firstIndex))
  }
  if (waited.size === count) return undefined
  if (listener === undefined) {
    for (let index = 0; index < count; index++) if (!waited.has(index)) return errorOf(index)
    return undefined
  }
  const batch = new RecordBatch(bytes)
  const first = batch.baseOffset
  batch.walk((record) => {
    const index = record.offset - first
    if (!waited.has(index)) listener.lost(record.keyLength, record.valueLength, errorOf(index))
  })
  return undefined
}

/** A batch that belongs at one offset, where the log does not end for the broker. */
export function outOfPlace({ partition }: ProducerBatch): Error {
  return new OutOfPlaceError(
    `${partition.source.topic}-${partition.partition}: the broker does not take the next batch where it belongs: another copy writes to it, or records of it were lost there`,
  )
}

/** To a producer's caller a broken connection is one of Kafka's errors. */
export function inKafkasTerms(error: Error): Error {
  if (!(error instanceof ConnectionError)) return error
  return new KafkaError(error.kind === 'timeout' ? 'REQUEST_TIMED_OUT' : 'NETWORK_EXCEPTION', error.message)
}
