/** Committed offsets of the source's groups, set in the target: where the same records are, forward only, and never beyond what is stored. */
import type { GroupAdmin } from '../../client/admin/group-admin.ts'
import type { ConsumerRecord } from '../../client/consumer.ts'
import type { OffsetAndMetadata } from '../../client/types.ts'
import { KafkaError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { PartitionCopy } from './partition-copy.ts'
import { PROGRESS_GROUP } from './progress.ts'
import type { Readers } from './resume.ts'

/** Groups that are asked for at once. */
const AT_ONCE = 16

/** `set`; `same`: it was there already; `ahead`: the target's is further; `active`: members in the target; `unknown`: not to be found. */
export type OffsetFate = 'set' | 'same' | 'ahead' | 'active' | 'unknown' | 'refused'

export interface GroupOffset {
  readonly group: string
  readonly source: TopicPartition
  readonly target: TopicPartition
  readonly sourceOffset: number
  /** undefined: it could not be told. */
  readonly targetOffset: number | undefined
  readonly fate: OffsetFate
  readonly why?: string
}

interface Wanted {
  readonly copy: PartitionCopy
  readonly committed: OffsetAndMetadata
}

export class GroupOffsets {
  readonly #from: GroupAdmin
  readonly #to: GroupAdmin
  readonly #copies: ReadonlyMap<string, PartitionCopy>
  readonly #readers: Readers
  /** By group and partition: the newest that became of it. */
  readonly #results = new Map<string, GroupOffset>()

  constructor(
    sides: { readonly from: GroupAdmin; readonly to: GroupAdmin },
    copies: readonly PartitionCopy[],
    readers: Readers,
  ) {
    this.#from = sides.from
    this.#to = sides.to
    this.#copies = new Map(
      copies.map((copy) => [topicPartitionKey(copy.plan.source.topic, copy.plan.source.partition), copy]),
    )
    this.#readers = readers
  }

  /** By group. */
  get results(): readonly GroupOffset[] {
    return [...this.#results.values()]
  }

  async sync(): Promise<void> {
    const groups = (await this.#from.listGroups()).filter(
      ({ groupId, type }) => groupId !== PROGRESS_GROUP && (type === 'Classic' || type === 'Consumer'),
    )
    for (let at = 0; at < groups.length; at += AT_ONCE) {
      await Promise.all(groups.slice(at, at + AT_ONCE).map(({ groupId }) => this.#syncGroup(groupId)))
    }
  }

  async #syncGroup(group: string): Promise<void> {
    const wanted: Wanted[] = []
    for (const [key, { offset }] of await this.#from.listConsumerGroupOffsets(group)) {
      const copy = this.#copies.get(key)
      if (copy !== undefined && offset.offset >= 0) wanted.push({ copy, committed: offset })
    }
    if (wanted.length === 0) return
    const present = await this.#to.listConsumerGroupOffsets(group)
    const refusal = await this.#refusal(group)
    const setting: GroupOffset[] = []
    const offsets: { partition: TopicPartition; offset: OffsetAndMetadata }[] = []
    for (const { copy, committed } of wanted) {
      const { source, target } = copy.plan
      const targetOffset = await this.#translated(copy, committed.offset)
      const there = present.get(topicPartitionKey(target.topic, target.partition))?.offset.offset
      const fate = fateOf(targetOffset, there) ?? refusal?.fate ?? 'set'
      const why = fate === refusal?.fate ? refusal.why : undefined
      const result = {
        group,
        source,
        target,
        sourceOffset: committed.offset,
        targetOffset,
        fate,
        ...(why === undefined ? {} : { why }),
      }
      if (fate !== 'set' || targetOffset === undefined) this.#note(result)
      else {
        setting.push(result)
        offsets.push({
          partition: target,
          offset: { offset: targetOffset, leaderEpoch: -1, metadata: committed.metadata },
        })
      }
    }
    if (offsets.length > 0) await this.#set(group, setting, offsets)
  }

  async #set(
    group: string,
    setting: readonly GroupOffset[],
    offsets: readonly { partition: TopicPartition; offset: OffsetAndMetadata }[],
  ): Promise<void> {
    try {
      await this.#to.alterConsumerGroupOffsets(group, offsets)
      for (const result of setting) this.#note(result)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      // Somebody joined it meanwhile.
      const fate = error.code === 'UNKNOWN_MEMBER_ID' ? 'active' : 'refused'
      for (const result of setting) this.#note({ ...result, fate, why: error.message })
    }
  }

  /** What was set once counts as set, also when a later look finds it there. */
  #note(result: GroupOffset): void {
    const key = `${result.group} ${topicPartitionKey(result.target.topic, result.target.partition)}`
    const before = this.#results.get(key)
    if (result.fate === 'same' && before?.fate === 'set' && before.targetOffset === result.targetOffset)
      return
    this.#results.set(key, result)
  }

  /** Why nothing is set for a group in the target. */
  async #refusal(group: string): Promise<{ fate: OffsetFate; why?: string } | undefined> {
    const [described] = await this.#to.describeConsumerGroups([group])
    if (described instanceof Error) {
      const isAbsent = described instanceof KafkaError && /not found/.test(described.message)
      return isAbsent ? undefined : { fate: 'refused', why: described.message }
    }
    return described.state === 'Empty' || described.state === 'Dead' || described.members.length === 0
      ? undefined
      : { fate: 'active' }
  }

  async #translated(copy: PartitionCopy, offset: number): Promise<number | undefined> {
    let found = copy.map.translate(offset)
    if (found === undefined) {
      await this.#learnBefore(copy, offset)
      found = copy.map.translate(offset)
    }
    return found === undefined ? undefined : Math.min(found, copy.stored.target)
  }

  /**
   * An earlier run copied what is there: the records from there to what is known are counted in the source, and the first one is looked
   * at in the target, for compaction may have taken some since.
   */
  async #learnBefore({ map, plan }: PartitionCopy, offset: number): Promise<void> {
    const { source, target } = map.from
    const offsets: number[] = []
    let first: ConsumerRecord | undefined
    for await (const record of this.#readers.source(plan.source, offset)) {
      if (record.offset >= source) break
      first ??= record
      offsets.push(record.offset)
    }
    if (first !== undefined) {
      const at = target - offsets.length
      if (at < 0) return
      for await (const record of this.#readers.target(plan.target, at)) {
        if (record.offset !== at || !isSameRecord(first, record)) return
        break
      }
    }
    map.addBefore(offsets, offset)
  }
}

function fateOf(targetOffset: number | undefined, there: number | undefined): OffsetFate | undefined {
  if (targetOffset === undefined) return 'unknown'
  if (there === undefined) return undefined
  if (there === targetOffset) return 'same'
  return there > targetOffset ? 'ahead' : undefined
}

function isSameRecord(a: ConsumerRecord, b: ConsumerRecord): boolean {
  const isSame = (one: Buffer | null, other: Buffer | null) =>
    one === null || other === null ? one === other : one.equals(other)
  return isSame(a.key, b.key) && isSame(a.value, b.value)
}
