/** Produce requests: batches in, what became of each out. */
import type { ByteReader } from '../../bytes/byte-reader.ts'
import type { ByteWriter } from '../../bytes/byte-writer.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import { PRODUCE_REQUEST, PRODUCE_RESPONSE } from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import type { PartitionBatches, ProducerBatch } from './partition-batches.ts'

/** The last version that names topics, for brokers that give them no ids. */
const LAST_WITH_NAMES = 12
/** Free bytes for the request's header, with a client id of common length. */
export const HEADROOM = 128
/** Of a request beside its batches: what a topic and a partition take. */
const PART_SIZE = 64

export interface TopicRef {
  readonly name: string
  readonly id: string
}

export interface ProduceSettings {
  readonly acks: number
  readonly requestTimeoutMs: number
}

/** What goes into a transaction. */
export interface SendingTransaction {
  readonly id: string
  /** Produce is not asked in a newer version. */
  readonly lastProduce: number
  /** False: the partition is to be woken when its batches may go. */
  admits(partition: PartitionBatches): boolean
}

export type PartitionAnswer = MessageOf<
  typeof PRODUCE_RESPONSE
>['responses'][number]['partitionResponses'][number]

export function produceVersion(newest: number, topics: Iterable<TopicRef>): number {
  for (const { id } of topics) if (id === ZERO_UUID) return Math.min(newest, LAST_WITH_NAMES)
  return newest
}

/** Returns the request's body behind HEADROOM free bytes; the memory is the writer's. */
export function writeProduce(
  writer: ByteWriter,
  version: number,
  { acks, requestTimeoutMs }: ProduceSettings,
  byTopic: ReadonlyMap<TopicRef, readonly ProducerBatch[]>,
  transactionalId: string | null = null,
): Buffer {
  const topicData = [...byTopic].map(([{ name, id }, batches]) => ({
    name,
    topicId: id,
    partitionData: batches.map(({ bytes, partition }) => ({ index: partition.partition, records: bytes })),
  }))
  writer.reset()
  writer.reserve(HEADROOM)
  codecOf(PRODUCE_REQUEST, version).encode(writer, {
    transactionalId,
    acks,
    timeoutMs: requestTimeoutMs,
    topicData,
  })
  return writer.view()
}

export function produceSize(byTopic: ReadonlyMap<TopicRef, readonly ProducerBatch[]>): number {
  let size = HEADROOM + PART_SIZE
  for (const [{ name }, batches] of byTopic) {
    size += PART_SIZE + 3 * name.length
    for (const { bytes } of batches) size += PART_SIZE + bytes.length
  }
  return size
}

/** The answer for each batch: none where the broker left it out. @throws CorruptRecordError */
export function readProduce(
  reader: ByteReader,
  version: number,
  byTopic: ReadonlyMap<TopicRef, readonly ProducerBatch[]>,
): { readonly answers: ReadonlyMap<ProducerBatch, PartitionAnswer>; readonly throttleTimeMs: number } {
  const message: MessageObject = {}
  codecOf(PRODUCE_RESPONSE, version).decode(reader, message)
  const { responses, throttleTimeMs } = message as unknown as MessageOf<typeof PRODUCE_RESPONSE>
  const answers = new Map<ProducerBatch, PartitionAnswer>()
  for (const { name, topicId, partitionResponses } of responses) {
    for (const [topic, batches] of byTopic) {
      if (version > LAST_WITH_NAMES ? topic.id !== topicId : topic.name !== name) continue
      for (const answer of partitionResponses) {
        const batch = batches.find(({ partition }) => partition.partition === answer.index)
        if (batch !== undefined) answers.set(batch, answer)
      }
    }
  }
  return { answers, throttleTimeMs }
}
