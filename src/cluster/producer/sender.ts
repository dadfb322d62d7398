/** Sends a producer's batches: to each leader by requests of its own, so many at a time, and again what may still pass. */
import type { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import type { ProducerSettings } from '../../config/producer-configs.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { METADATA_REQUEST, METADATA_RESPONSE, PRODUCE_REQUEST } from '../../message/generated/requests.ts'
import type { ClusterClient } from '../cluster-client.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { addressText, ConnectionError } from '../connection/connection-error.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { Backoff } from '../connection/retry.ts'
import { Alarm } from './alarm.ts'
import { BrokerLane } from './broker-lane.ts'
import {
  expired,
  inKafkasTerms,
  outOfPlace,
  type RecordErrors,
  recordErrors,
  topicError,
} from './lost-batch.ts'
import { OutstandingBatches } from './outstanding-batches.ts'
import type { PartitionBatches, ProducerBatch } from './partition-batches.ts'
import {
  HEADROOM,
  type PartitionAnswer,
  produceSize,
  produceVersion,
  readProduce,
  type SendingTransaction,
  type TopicRef,
  writeProduce,
} from './produce-request.ts'
import type { SendMemory } from './send-memory.ts'
import { type SendingTopic, TopicRoutes } from './topic-routes.ts'

/** What a topic hears of its batches. */
export interface ProducingTopic extends SendingTopic {
  stored(batch: ProducerBatch, offset: number, logAppendTime: number): void
  lost(batch: ProducerBatch, errorOf: RecordErrors): void
}

type ByTopic = Map<TopicRef, ProducerBatch[]>

export class Sender {
  readonly memory: SendMemory
  /** All batches are of its transactions. */
  transaction: SendingTransaction | undefined
  readonly #client: ClusterClient
  readonly #settings: ProducerSettings
  readonly #routes: TopicRoutes
  readonly #alarm: Alarm
  readonly #topics = new Map<string, ProducingTopic>()
  readonly #lanes = new Map<number, BrokerLane>()
  /** Partitions that are not to be sent to for a while. */
  readonly #delayed = new Set<PartitionBatches>()
  readonly #outstanding: OutstandingBatches
  readonly #writers: ByteWriter[] = []
  #order = 0
  #closed = false

  constructor(client: ClusterClient, settings: ProducerSettings, memory: SendMemory) {
    this.#client = client
    this.#settings = settings
    this.memory = memory
    this.#outstanding = new OutstandingBatches(settings.deliveryTimeoutMs)
    this.#alarm = new Alarm(client.clock, () => this.#rings())
    this.#routes = new TopicRoutes(client, {
      routed: (partition) => this.wake(partition),
      refused: (topic, error) => this.discard(topic.partitions, topicError(topic.topic, error.code, error)),
      failed: (error) => this.#outstanding.tellAll(error),
    })
  }

  add(topic: ProducingTopic, metadata: TopicMetadata): void {
    this.#topics.set(topic.topic, topic)
    this.#routes.add(topic, metadata)
  }

  /** The number of the next batch. */
  nextOrder(): number {
    return this.#order++
  }

  /** From now on it is waited for; `wake` has it sent. */
  expect(batch: ProducerBatch): void {
    this.#alarm.by(this.#outstanding.add(batch))
  }

  /** What is there is still sent as long as the cluster takes it, and given up as soon as it does not. */
  interrupt(): void {
    this.#alarm.by(this.#outstanding.interrupt(this.#client.clock.monotonic()))
  }

  /** These took its place. */
  replaced(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    this.#outstanding.replace(batch, parts)
  }

  /** The partition has something to be sent. */
  wake(partition: PartitionBatches): void {
    const lane = this.ready(partition)
    if (lane !== undefined) this.#pump(lane)
  }

  /** The same, where more partitions are to go with it: `pump` has all of them sent. */
  ready(partition: PartitionBatches): BrokerLane | undefined {
    if (partition.leader < 0) {
      this.#routes.refresh()
      return undefined
    }
    const lane = this.#lane(partition.leader)
    lane.ready.add(partition)
    return lane
  }

  pump(): void {
    for (const lane of this.#lanes.values()) this.#pump(lane)
  }

  /** Everything that was expected until now is done with, one way or the other. */
  async flush(): Promise<void> {
    await this.#outstanding.settled(this.#order)
    if (this.#settings.acks === 0) await this.#reachBrokers()
  }

  /** What waits is not sent any more. */
  discard(partitions: readonly PartitionBatches[], why: Error): void {
    for (const { waiting } of partitions)
      for (const batch of [...waiting]) if (this.#outstanding.has(batch)) this.#lose(batch, () => why)
  }

  close(): void {
    this.#closed = true
    this.#alarm.stop()
    this.#routes.close()
  }

  /** A broker answers in order: once it answers this, it has seen what nobody asked an answer for. */
  async #reachBrokers(): Promise<void> {
    for (const { openConnection } of this.#lanes.values()) {
      await openConnection
        ?.askEach(METADATA_REQUEST, METADATA_RESPONSE, { topics: [], allowAutoTopicCreation: false })
        .catch(() => {})
    }
  }

  #lane(id: number): BrokerLane {
    let lane = this.#lanes.get(id)
    if (lane === undefined) {
      lane = new BrokerLane(this.#client, id, {
        open: (opened) => this.#pump(opened),
        // With acks=0 a broker has no other way to say that it is not the leader.
        broken: () => this.#routes.refresh(),
        unreachable: (failed, error) => this.#unreachable(failed, error),
      })
      this.#lanes.set(id, lane)
    }
    return lane
  }

  #pump(lane: BrokerLane): void {
    while (lane.ready.size > 0 && lane.inFlight < this.#settings.maxInFlight && !this.#closed) {
      const now = this.#client.clock.monotonic()
      const connection = lane.connection(now)
      if (connection === undefined) {
        if (now < lane.notBefore) this.#alarm.by(lane.notBefore)
        return
      }
      const byTopic = this.#collect(lane, now)
      if (byTopic.size > 0) this.#send(lane, connection, byTopic)
    }
  }

  /** The next batch of each partition, as many as one request may hold; those of one that has more come last the next time. */
  #collect(lane: BrokerLane, now: number): ByTopic {
    const byTopic: ByTopic = new Map()
    let size = 0
    for (const partition of [...lane.ready]) {
      const batch = this.#nextOf(partition, lane, now)
      if (batch === undefined) {
        lane.ready.delete(partition)
        continue
      }
      if (size > 0 && size + batch.bytes.length > this.#settings.maxRequestSize) break
      size += batch.bytes.length
      partition.sent(batch)
      lane.ready.delete(partition)
      if (partition.hasMore) lane.ready.add(partition)
      const { ref } = partition.source as SendingTopic
      const batches = byTopic.get(ref)
      if (batches === undefined) byTopic.set(ref, [batch])
      else batches.push(batch)
    }
    return byTopic
  }

  #nextOf(partition: PartitionBatches, lane: BrokerLane, now: number): ProducerBatch | undefined {
    if (partition.leader !== lane.id) {
      lane.ready.delete(partition)
      this.wake(partition)
      return undefined
    }
    if (this.transaction !== undefined && partition.hasMore && !this.transaction.admits(partition))
      return undefined
    if (partition.notBefore <= now) return partition.next()
    this.#delayed.add(partition)
    this.#alarm.by(partition.notBefore)
    return undefined
  }

  #send(lane: BrokerLane, connection: BrokerConnection, byTopic: ByTopic): void {
    const { id, lastProduce = Number.POSITIVE_INFINITY } = this.transaction ?? {}
    const newest = Math.min(connection.versionOf(PRODUCE_REQUEST), lastProduce)
    const version = produceVersion(newest, byTopic.keys())
    const batches = [...byTopic.values()].flat()
    if (version < 0) {
      const error = new KafkaError('UNSUPPORTED_VERSION')
      for (const batch of batches) this.#lose(batch, () => error)
      return
    }
    const writer = this.#writers.pop() ?? new ByteWriter(produceSize(byTopic))
    const body = writeProduce(writer, version, this.#settings, byTopic, id)
    lane.inFlight++
    const options = { headroom: HEADROOM, timeoutMs: this.#settings.requestTimeoutMs }
    const sent =
      this.#settings.acks === 0
        ? connection.tell(PRODUCE_REQUEST, version, body, options)
        : connection.exchange(PRODUCE_REQUEST, version, body, options)
    sent.then(
      (reader) => {
        lane.inFlight--
        this.#writers.push(writer)
        if (reader === undefined) for (const batch of batches) this.#store(batch, -1, -1)
        else this.#answered(connection, reader, version, byTopic)
        this.pump()
      },
      (error: Error) => {
        lane.inFlight--
        for (const batch of batches) this.#again(batch, error)
        this.pump()
      },
    )
  }

  #answered(connection: BrokerConnection, reader: ByteReader, version: number, byTopic: ByTopic): void {
    let answers: ReadonlyMap<ProducerBatch, PartitionAnswer> = new Map()
    let failure = new KafkaError('NETWORK_EXCEPTION')
    try {
      const read = readProduce(reader, version, byTopic)
      answers = read.answers
      connection.throttled(read)
    } catch (error) {
      if (!(error instanceof TerseError)) throw error
      const what = `${addressText(connection.address)} answered Produce with bytes that are no such response`
      failure = new KafkaError('NETWORK_EXCEPTION', `${what}: ${error.message}`)
      // Who knows what else it says.
      connection.close()
    }
    for (const batches of byTopic.values()) {
      for (const batch of batches) {
        const answer = answers.get(batch)
        if (answer === undefined) this.#again(batch, failure)
        else if (answer.errorCode === 0) this.#store(batch, answer.baseOffset, answer.logAppendTimeMs)
        else this.#refused(batch, answer)
      }
    }
  }

  #refused(batch: ProducerBatch, answer: PartitionAnswer): void {
    if (!this.#outstanding.has(batch)) return
    const { partition } = batch
    const error = kafkaErrorOf(answer.errorCode, answer.errorMessage)
    switch (error.code) {
      case 'DUPLICATE_SEQUENCE_NUMBER':
        this.#store(batch, answer.baseOffset, answer.logAppendTimeMs)
        return
      case 'OUT_OF_ORDER_SEQUENCE_NUMBER':
      case 'UNKNOWN_PRODUCER_ID': {
        batch.uncertain = false
        const first = partition.isFirst(batch)
        if (first && partition.isFixed) {
          this.#lose(batch, () => (this.transaction === undefined ? outOfPlace(batch) : error))
          return
        }
        if (first) partition.beginAnew()
        // Behind one that comes back it is not its own fault.
        this.#again(batch, error, !first)
        return
      }
      case 'MESSAGE_TOO_LARGE':
      case 'RECORD_LIST_TOO_LARGE':
        batch.uncertain = false
        if (partition.refusedAsTooLarge(batch)) this.#return(batch)
        else this.#lose(batch, recordErrors(partition.source.topic, answer))
        return
      default:
        if (error.retriable) this.#again(batch, error)
        else {
          const { topic } = partition.source
          this.#client.tellRefusals('Produce', { name: topic }, answer)
          this.#lose(batch, recordErrors(topic, answer))
        }
    }
  }

  #again(batch: ProducerBatch, error: Error, excused = false): void {
    if (!this.#outstanding.has(batch)) return
    const { partition } = batch
    const { retries, retryBackoffMs, retryBackoffMaxMs } = this.#settings
    const now = this.#client.clock.monotonic()
    batch.lastError = error
    if (this.#outstanding.isOverdue(batch, now)) {
      this.#expired(batch, now)
      return
    }
    if (!excused && ++batch.failures > retries) {
      const told = inKafkasTerms(error)
      this.#lose(batch, () => told)
      return
    }
    if (!excused) {
      partition.notBefore = now + new Backoff(retryBackoffMs, retryBackoffMaxMs).after(batch.failures)
      this.#routes.refresh()
    }
    this.#return(batch)
  }

  #return(batch: ProducerBatch): void {
    batch.partition.returned(batch)
    this.ready(batch.partition)
  }

  #store(batch: ProducerBatch, offset: number, logAppendTime: number): void {
    if (!this.#outstanding.has(batch)) return
    this.#routes.confirmed()
    this.#done(batch, this.#client.clock.monotonic())
    this.#topicOf(batch).stored(batch, offset, logAppendTime)
  }

  #lose(batch: ProducerBatch, errorOf: RecordErrors): void {
    this.#topicOf(batch).lost(batch, errorOf)
    this.#done(batch, 0)
    if (!batch.partition.isFixed) return
    for (const behind of [...batch.partition.waiting]) {
      if (this.#outstanding.has(behind)) this.#lose(behind, errorOf)
    }
  }

  /** @param storedAt 0: it is lost */
  #done(batch: ProducerBatch, storedAt: number): void {
    const { partition } = batch
    partition.done(batch, storedAt === 0)
    this.memory.giveBack(batch.bytes, batch.reserved)
    if (partition.hasMore) this.ready(partition)
    this.#outstanding.remove(batch, storedAt)
  }

  #topicOf({ partition }: ProducerBatch): ProducingTopic {
    return partition.source as ProducingTopic
  }

  #unreachable(lane: BrokerLane, error: Error): void {
    const forGood = error instanceof ConnectionError && error.forGood && !lane.reached
    for (const partition of [...lane.ready]) {
      for (const batch of [...partition.waiting]) {
        batch.lastError = error
        if (forGood) this.#lose(batch, () => error)
      }
      if (!partition.hasMore) lane.ready.delete(partition)
    }
    if (lane.ready.size === 0) return
    this.#alarm.by(lane.notBefore)
    this.#routes.refresh()
  }

  /** Something is due: a pause is over, or a batch has waited too long. */
  #rings(): void {
    const now = this.#client.clock.monotonic()
    const { batches, next } = this.#outstanding.overdue(now)
    for (const batch of batches) this.#expired(batch, now)
    this.#alarm.by(next)
    for (const partition of [...this.#delayed]) {
      if (partition.notBefore > now) this.#alarm.by(partition.notBefore)
      else {
        this.#delayed.delete(partition)
        this.ready(partition)
      }
    }
    this.pump()
  }

  #expired(batch: ProducerBatch, now: number): void {
    const error = expired(batch, now)
    this.#lose(batch, () => error)
  }
}
