/** A member of a classic group: joins, gets its part from the leader (or works it out as the leader), keeps its heart beating. */
import { ByteWriter } from '../../bytes/byte-writer.ts'
import type { JoinedMember } from '../../client/consumer/consumer-group.ts'
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import { type AssignorName, assignorNames, DEFAULT_ASSIGNORS } from '../../group/assignors/assignors.ts'
import { type Deferred, deferred } from '../../group/deferred.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import { decodeAssignment, encodeAssignment } from '../../message/consumer-protocol.ts'
import {
  HEARTBEAT_REQUEST,
  HEARTBEAT_RESPONSE,
  JOIN_GROUP_REQUEST,
  JOIN_GROUP_RESPONSE,
  LEAVE_GROUP_REQUEST,
  LEAVE_GROUP_RESPONSE,
  SYNC_GROUP_REQUEST,
  SYNC_GROUP_RESPONSE,
} from '../../message/generated/requests.ts'
import type { MessageOf } from '../../message/schema.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { BrokerConnection } from '../connection/broker-connection.ts'
import { kafkaErrorOf } from '../connection/protocol-error.ts'
import { mayPass } from '../connection/retry.ts'
import { assignTo, membersOf, subscriptionFor } from './classic-assignment.ts'
import { type CommittingMember, fetchCommitted } from './committed-offsets.ts'
import { groupError } from './coordinator.ts'
import { GroupHeart } from './group-heart.ts'
import { byTopic, flat, type MemberOptions, subscribedNames, without } from './member-options.ts'

type JoinAnswer = MessageOf<typeof JOIN_GROUP_RESPONSE>

/** The group goes on without us: what was ours is lost, and we join anew. */
const THROWN_OUT: ReadonlySet<KafkaErrorName> = new Set(['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION'])
const PROTOCOL = 'consumer'
/** A broker may take this much longer to answer a join than members may take to come. */
const JOIN_GRACE_MS = 5000

export class ClassicMember implements JoinedMember {
  readonly #options: MemberOptions
  readonly #assignors: readonly AssignorName[]
  /** Partitions are kept while joining, and given up only to go to others. */
  readonly #isCooperative: boolean
  readonly #heart: GroupHeart
  readonly #first: Deferred = deferred()
  readonly #running: Promise<void>
  readonly #heartbeatMs: number
  #memberId = ''
  #generation = -1
  #owned: readonly TopicPartition[] = []
  /** What was had in the last generation, for the sticky assignor. */
  #before: readonly TopicPartition[] = []
  /** As the leader: what the assignment was made from. */
  #madeFrom: { readonly counts: ReadonlyMap<string, number> } | undefined
  #joinedFor = ''
  #isJoining = false
  #mustJoin = false
  #closing = false

  constructor(options: MemberOptions) {
    this.#options = options
    const { settings, config, coordinator } = options
    this.#assignors = assignorNames(settings.assignors ?? DEFAULT_ASSIGNORS)
    this.#isCooperative = this.#assignors.every((name) => name === 'cooperative-sticky')
    this.#heartbeatMs = Number(config['heartbeat.interval.ms']?.trim() ?? 3000)
    this.#heart = new GroupHeart(coordinator.client.clock)
    this.#running = this.#run()
  }

  ready(): Promise<void> {
    return this.#first.promise
  }

  get committing(): CommittingMember {
    const { groupInstanceId } = this.#options.settings
    return { memberId: this.#memberId, generation: this.#generation, groupInstanceId }
  }

  metadataChanged(): void {
    const names = subscribedNames(this.#options).join()
    if (names !== this.#joinedFor || this.#hasOtherCounts()) this.#mustJoin = true
    if (this.#mustJoin) this.#heart.wake()
  }

  async leave(): Promise<void> {
    this.#closing = true
    this.#first.resolve()
    this.#heart.wake()
    const { callbacks, settings, coordinator } = this.#options
    // What waits at the broker, or for a broker, is not waited for.
    if (!this.#isJoining) await this.#running
    const owned = this.#owned
    this.#owned = []
    if (owned.length > 0) await callbacks.onRevoked(owned)
    if (this.#memberId === '' || settings.groupInstanceId !== undefined) return
    await coordinator
      .once((connection) => this.#tellLeaving(connection), this.#isJoining ? '' : 'group')
      .catch(() => {})
  }

  async #run(): Promise<void> {
    const backoff = this.#options.coordinator.client.backoff()
    while (!this.#closing) {
      try {
        await this.#join()
        backoff.reset()
        await this.#beat()
      } catch (error) {
        if (this.#closing) return
        if (error instanceof KafkaError && THROWN_OUT.has(error.code)) this.#lose(error.code)
        else if (error instanceof KafkaError && error.code === 'REBALANCE_IN_PROGRESS') continue
        else if (mayPass(error)) await this.#options.coordinator.client.clock.sleep(backoff.next())
        else {
          this.#failed(groupError(error, this.#options.coordinator.groupId) as Error)
          return
        }
      }
    }
  }

  #failed(error: Error): void {
    this.#first.reject(error)
    this.#options.callbacks.onError(error)
  }

  #lose(code: KafkaErrorName): void {
    const owned = this.#owned
    this.#owned = []
    this.#before = []
    this.#generation = -1
    if (code === 'UNKNOWN_MEMBER_ID') this.#memberId = ''
    if (owned.length > 0) this.#options.callbacks.onLost(owned)
  }

  /** One generation: everybody comes, the leader says who gets what. */
  async #join(): Promise<void> {
    this.#mustJoin = false
    if (!this.#isCooperative && this.#owned.length > 0) await this.#giveUp(this.#owned)
    if (this.#closing) return
    const topics = subscribedNames(this.#options)
    this.#joinedFor = topics.join()
    this.#isJoining = true
    let assigned: TopicPartition[]
    try {
      const joined = await this.#askToJoin(topics)
      if (this.#closing) return
      assigned = await this.#sync(joined)
    } finally {
      this.#isJoining = false
    }
    this.#heart.restart(this.#heartbeatMs)
    if (this.#closing) return
    const given = without(this.#owned, assigned)
    const came = without(assigned, this.#owned)
    if (given.length > 0) {
      await this.#giveUp(given)
      // Others get what was given up.
      this.#mustJoin = true
      if (this.#closing) return
    }
    const { coordinator, metadata, callbacks } = this.#options
    const committed = await fetchCommitted(coordinator, came, (topic) => metadata.topics.get(topic)?.topicId)
    if (this.#closing) return
    this.#owned = [...this.#owned, ...came]
    this.#before = this.#owned
    callbacks.onAssigned(came, committed)
    this.#first.resolve()
  }

  /** The broker is told meanwhile that we live: the caller may take its time with the records in hand. */
  async #giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    let isOver = false
    const revoked = this.#options.callbacks.onRevoked(partitions).finally(() => {
      isOver = true
      this.#heart.wake()
    })
    while (!isOver && !this.#closing) {
      if (!(await this.#heart.pause())) continue
      this.#heart.restart(this.#heartbeatMs)
      await this.#tellAlive().catch((error) => {
        if (error instanceof KafkaError && THROWN_OUT.has(error.code)) throw error
      })
    }
    if (this.#closing) return
    await revoked
    this.#owned = without(this.#owned, partitions)
  }

  /** A broker gives a new member its id first, and wants it to come again with that. */
  async #askToJoin(topics: readonly string[]): Promise<JoinAnswer> {
    const { coordinator, settings, config } = this.#options
    const own = {
      topics,
      owned: this.#owned,
      before: this.#before,
      generation: this.#generation,
      rack: config['client.rack']?.trim(),
    }
    for (;;) {
      const body = {
        groupId: coordinator.groupId,
        sessionTimeoutMs: settings.sessionTimeoutMs,
        rebalanceTimeoutMs: settings.maxPollIntervalMs,
        memberId: this.#memberId,
        ...(settings.groupInstanceId === undefined ? {} : { groupInstanceId: settings.groupInstanceId }),
        protocolType: PROTOCOL,
        protocols: this.#assignors.map((name) => ({ name, metadata: subscriptionFor(name, own) })),
      }
      const answer = await coordinator.once((connection) =>
        askToJoin(connection, body, settings.maxPollIntervalMs + JOIN_GRACE_MS),
      )
      if (answer.errorCode === 0) {
        this.#memberId = answer.memberId
        this.#generation = answer.generationId
        return answer
      }
      const error = kafkaErrorOf(answer.errorCode)
      coordinator.noticed(error)
      if (error.code !== 'MEMBER_ID_REQUIRED') throw error
      this.#memberId = answer.memberId
    }
  }

  async #sync(joined: JoinAnswer): Promise<TopicPartition[]> {
    const { coordinator, settings } = this.#options
    const isLeader = joined.leader === this.#memberId && !joined.skipAssignment
    this.#madeFrom = undefined
    const assignments = isLeader ? await this.#assign(joined) : []
    const answer = await coordinator.once((connection) =>
      connection.ask(
        SYNC_GROUP_REQUEST,
        SYNC_GROUP_RESPONSE,
        {
          groupId: coordinator.groupId,
          generationId: this.#generation,
          memberId: this.#memberId,
          ...(settings.groupInstanceId === undefined ? {} : { groupInstanceId: settings.groupInstanceId }),
          protocolType: PROTOCOL,
          protocolName: joined.protocolName,
          assignments,
        },
        { timeoutMs: settings.maxPollIntervalMs + JOIN_GRACE_MS },
      ),
    )
    if (answer.assignment.length === 0) return []
    return flat(decodeAssignment(answer.assignment).assignedPartitions)
  }

  async #assign(joined: JoinAnswer) {
    const name = joined.protocolName as AssignorName
    const members = membersOf(joined.members, name)
    const counts = await this.#countsOf([...new Set(members.flatMap(({ topics }) => topics))])
    this.#madeFrom = { counts }
    const assignment = assignTo(name, members, counts, this.#isCooperative)
    return [...assignment].map(([memberId, partitions]) => ({
      memberId,
      assignment: encodeAssignment({ assignedPartitions: byTopic(partitions), userData: null }),
    }))
  }

  /** Other members may read topics that we do not. */
  async #countsOf(topics: readonly string[]): Promise<Map<string, number>> {
    const { metadata, coordinator } = this.#options
    const counts = new Map<string, number>()
    const others = topics.filter((topic) => !metadata.topics.has(topic))
    for (const topic of topics) {
      const known = metadata.topics.get(topic)
      if (known !== undefined) counts.set(topic, known.partitions.length)
    }
    if (others.length === 0) return counts
    const { topics: found } = await coordinator.client.metadata(others)
    for (const { name, partitions, error } of found)
      if (error === undefined) counts.set(name, partitions.length)
    return counts
  }

  #hasOtherCounts(): boolean {
    const { topics } = this.#options.metadata
    return [...(this.#madeFrom?.counts ?? [])].some(([name, count]) => {
      const now = topics.get(name)?.partitions.length
      return now !== undefined && now !== count
    })
  }

  async #beat(): Promise<void> {
    while (!this.#closing && !this.#mustJoin) {
      if (!(await this.#heart.pause())) continue
      this.#heart.restart(this.#heartbeatMs)
      try {
        await this.#tellAlive()
      } catch (error) {
        if (error instanceof KafkaError && error.code === 'REBALANCE_IN_PROGRESS') return
        if (!mayPass(error)) throw error
        // The session lasts longer than that takes.
        await this.#options.coordinator.client.clock.sleep(
          this.#options.coordinator.client.settings.backoffMs,
        )
        this.#heart.restart(0)
      }
    }
  }

  async #tellAlive(): Promise<void> {
    const { coordinator, settings } = this.#options
    await coordinator.once((connection) =>
      connection.ask(HEARTBEAT_REQUEST, HEARTBEAT_RESPONSE, {
        groupId: coordinator.groupId,
        generationId: this.#generation,
        memberId: this.#memberId,
        ...(settings.groupInstanceId === undefined ? {} : { groupInstanceId: settings.groupInstanceId }),
      }),
    )
  }

  async #tellLeaving(connection: BrokerConnection): Promise<void> {
    const { groupId } = this.#options.coordinator
    const memberId = this.#memberId
    const body =
      connection.versionOf(LEAVE_GROUP_REQUEST) >= 3
        ? { groupId, members: [{ memberId, groupInstanceId: null, reason: 'the consumer is being closed' }] }
        : { groupId, memberId }
    await connection.ask(LEAVE_GROUP_REQUEST, LEAVE_GROUP_RESPONSE, body)
  }
}

/** The answer with its error: a refused member is told its id with it. */
async function askToJoin(
  connection: BrokerConnection,
  body: MessageObject,
  timeoutMs: number,
): Promise<JoinAnswer> {
  const version = connection.versionOf(JOIN_GROUP_REQUEST)
  const writer = new ByteWriter(512)
  codecOf(JOIN_GROUP_REQUEST, version).encode(writer, body)
  const reader = await connection.exchange(JOIN_GROUP_REQUEST, version, writer.view(), { timeoutMs })
  const answer: MessageObject = {}
  codecOf(JOIN_GROUP_RESPONSE, version).decode(reader, answer)
  connection.throttled(answer)
  return answer as JoinAnswer
}
