/** A member of a group of the consumer protocol (KIP-848): the broker says in answers to heartbeats what is ours. */
import { ByteWriter } from '../../bytes/byte-writer.ts'
import type { JoinedMember } from '../../client/consumer/consumer-group.ts'
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import { type Deferred, deferred } from '../../group/deferred.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import {
  CONSUMER_GROUP_HEARTBEAT_REQUEST,
  CONSUMER_GROUP_HEARTBEAT_RESPONSE,
} from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { mayPass } from '../connection/retry.ts'
import { type CommittingMember, fetchCommitted } from './committed-offsets.ts'
import { groupError } from './coordinator.ts'
import { GroupHeart } from './group-heart.ts'
import { byTopic, type MemberOptions, subscribedNames, without } from './member-options.ts'

type Answer = MessageOf<typeof CONSUMER_GROUP_HEARTBEAT_RESPONSE>
type Target = NonNullable<Answer['assignment']>['topicPartitions']

const THROWN_OUT: ReadonlySet<KafkaErrorName> = new Set(['UNKNOWN_MEMBER_ID', 'FENCED_MEMBER_EPOCH'])
const JOINING = 0
const LEAVING = -1
/** A static member's place is kept. */
const LEAVING_FOR_A_WHILE = -2

export class ConsumerMember implements JoinedMember {
  readonly #options: MemberOptions
  readonly #heart: GroupHeart
  readonly #first: Deferred = deferred()
  readonly #running: Promise<void>
  readonly #memberId: string
  #epoch = JOINING
  #heartbeatMs = 0
  #owned: readonly TopicPartition[] = []
  /** Target assignment (KIP-848) of the last heartbeat. */
  #target: Target | undefined
  /** What it was told last; undefined: nothing yet of this membership. */
  #told: { readonly topics: string; readonly owned: string } | undefined
  #isAsking = false
  #closing = false

  constructor(options: MemberOptions, memberId: string) {
    this.#options = options
    this.#memberId = memberId
    this.#heart = new GroupHeart(options.coordinator.client.clock)
    this.#running = this.#run()
  }

  ready(): Promise<void> {
    return this.#first.promise
  }

  get committing(): CommittingMember {
    const { groupInstanceId } = this.#options.settings
    return { memberId: this.#memberId, generation: this.#epoch, groupInstanceId }
  }

  metadataChanged(): void {
    if (this.#told !== undefined && subscribedNames(this.#options).join() !== this.#told.topics) {
      this.#heart.restart(0)
    }
    this.#heart.wake()
  }

  async leave(): Promise<void> {
    this.#closing = true
    this.#first.resolve()
    this.#heart.wake()
    const { callbacks, settings, coordinator } = this.#options
    if (!this.#isAsking) await this.#running
    const owned = this.#owned
    this.#owned = []
    if (owned.length > 0) await callbacks.onRevoked(owned)
    if (this.#told === undefined) return
    const memberEpoch = settings.groupInstanceId === undefined ? LEAVING : LEAVING_FOR_A_WHILE
    await coordinator
      .once(
        (connection) => exchange(connection, { ...this.#self(), memberEpoch }),
        this.#isAsking ? '' : 'group',
      )
      .catch(() => {})
  }

  async #run(): Promise<void> {
    const { client } = this.#options.coordinator
    const backoff = client.backoff()
    while (!this.#closing) {
      try {
        await this.#tell()
        backoff.reset()
        await this.#reconcile()
        while (!this.#closing && !(await this.#heart.pause())) await this.#reconcile()
      } catch (error) {
        if (this.#closing) return
        if (error instanceof KafkaError && THROWN_OUT.has(error.code)) this.#lose()
        else if (mayPass(error)) await client.clock.sleep(backoff.next())
        else {
          const told = groupError(unsupported(error), this.#options.coordinator.groupId) as Error
          this.#first.reject(told)
          this.#options.callbacks.onError(told)
          return
        }
      }
    }
  }

  #lose(): void {
    const owned = this.#owned
    this.#owned = []
    this.#epoch = JOINING
    this.#target = undefined
    this.#told = undefined
    if (owned.length > 0) this.#options.callbacks.onLost(owned)
  }

  #self() {
    const { coordinator, settings } = this.#options
    return {
      groupId: coordinator.groupId,
      memberId: this.#memberId,
      memberEpoch: this.#epoch,
      instanceId: settings.groupInstanceId ?? null,
    }
  }

  /** A heartbeat: with what is new since the last one. */
  async #tell(): Promise<void> {
    const { coordinator, settings, config, metadata } = this.#options
    const isFirst = this.#told === undefined
    const topics = subscribedNames(this.#options)
    const owned = JSON.stringify(byTopic(this.#owned))
    const topicPartitions = byTopic(this.#owned).map(({ topic, partitions }) => ({
      topicId: metadata.topics.get(topic)?.topicId ?? '',
      partitions,
    }))
    const body = {
      ...this.#self(),
      rackId: isFirst ? (config['client.rack']?.trim() ?? null) : null,
      rebalanceTimeoutMs: isFirst ? settings.maxPollIntervalMs : -1,
      subscribedTopicNames: isFirst || topics.join() !== this.#told?.topics ? topics : null,
      serverAssignor: isFirst ? (config['group.remote.assignor']?.trim() ?? null) : null,
      topicPartitions: isFirst || owned !== this.#told?.owned ? topicPartitions : null,
    }
    this.#isAsking = true
    let answer: Answer
    try {
      answer = await coordinator.once((connection) => exchange(connection, body))
    } catch (error) {
      // Nobody knows what it took notice of: all of it is said again.
      if (this.#epoch > JOINING) this.#told = { topics: '', owned: '' }
      throw error
    } finally {
      this.#isAsking = false
    }
    this.#told = { topics: topics.join(), owned }
    this.#epoch = answer.memberEpoch
    this.#heartbeatMs = answer.heartbeatIntervalMs
    this.#heart.restart(this.#heartbeatMs)
    if (answer.assignment !== null) this.#target = answer.assignment.topicPartitions
  }

  /** Gives up what is to go, takes what came, and says so at once. */
  async #reconcile(): Promise<void> {
    const target = this.#target
    if (target === undefined) return
    const assigned = await this.#named(target)
    const { callbacks, coordinator, metadata } = this.#options
    const given = without(this.#owned, assigned)
    const came = without(assigned, this.#owned)
    this.#target = undefined
    if (given.length > 0) {
      if (!(await this.#giveUp(given))) return
      this.#heart.restart(0)
    }
    if (came.length > 0) {
      const committed = await fetchCommitted(
        coordinator,
        came,
        (topic) => metadata.topics.get(topic)?.topicId,
      )
      if (this.#closing) return
      this.#owned = [...this.#owned, ...came]
      callbacks.onAssigned(came, committed)
      this.#heart.restart(0)
    } else if (!this.#closing && given.length === 0 && this.#owned.length === 0)
      callbacks.onAssigned([], new Map())
    this.#first.resolve()
  }

  /** Heartbeats go on meanwhile. False when the member is leaving. */
  async #giveUp(partitions: readonly TopicPartition[]): Promise<boolean> {
    let isOver = false
    const revoked = this.#options.callbacks.onRevoked(partitions).finally(() => {
      isOver = true
      this.#heart.wake()
    })
    while (!isOver && !this.#closing) {
      if (await this.#heart.pause()) await this.#tell()
    }
    if (this.#closing) return false
    await revoked
    this.#owned = without(this.#owned, partitions)
    return true
  }

  /** The broker names topics by their ids. One that is not known yet comes with the next metadata. */
  async #named(target: Target): Promise<TopicPartition[]> {
    const { metadata } = this.#options
    const find = () => new Map([...metadata.topics.values()].map(({ topicId, name }) => [topicId, name]))
    let names = find()
    if (target.some(({ topicId }) => !names.has(topicId))) {
      await metadata.reload()
      names = find()
    }
    return target.flatMap(({ topicId, partitions }) => {
      const topic = names.get(topicId)
      return topic === undefined ? [] : partitions.map((partition) => ({ topic, partition }))
    })
  }
}

async function exchange(connection: BrokerConnection, body: MessageObject): Promise<Answer> {
  const version = connection.versionOf(CONSUMER_GROUP_HEARTBEAT_REQUEST)
  if (version < 0) throw new KafkaError('UNSUPPORTED_VERSION')
  const writer = new ByteWriter(256)
  codecOf(CONSUMER_GROUP_HEARTBEAT_REQUEST, version).encode(writer, body)
  const reader = await connection.exchange(CONSUMER_GROUP_HEARTBEAT_REQUEST, version, writer.view())
  const answer: MessageObject = {}
  codecOf(CONSUMER_GROUP_HEARTBEAT_RESPONSE, version).decode(reader, answer)
  connection.throttled(answer)
  const { errorCode, errorMessage } = answer as Answer
  if (errorCode !== 0) throw kafkaErrorOf(errorCode, errorMessage)
  return answer as Answer
}

/** Kafka's words. */
function unsupported(error: unknown): unknown {
  if (!(error instanceof KafkaError) || error.code !== 'UNSUPPORTED_VERSION') return error
  return new KafkaError(
    error.code,
    'The cluster does not support the new CONSUMER group protocol. Set group.protocol=classic on the consumer configs to use the CLASSIC protocol until the cluster is upgraded.',
  )
}
