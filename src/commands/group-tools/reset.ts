/** `consumer-groups --reset-offsets`: works out where each partition goes, and writes it when told to. */

import type { CommandContext } from '../../cli/command.ts'
import { machineOutput } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { OffsetSpec } from '../../client/types.ts'
import { KafkaError, TerseError, UsageError } from '../../errors.ts'
import { parseDateTime, parseIsoDuration } from '../../java/iso-duration.ts'
import { javaHashOrder, javaPartitionHash, javaStringHash } from '../../java/java-hash.ts'
import { isTopicName } from '../../names/topic-names.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import { systemOs } from '../../os/system-os.ts'
import { exportResetPlan, type PlannedOffset, parseResetPlan, type ResetPlan } from './reset-plan.ts'
import { RESET_SCENARIOS } from './reset-scenarios.ts'
import { resetTable } from './tables.ts'
import { topicPartitions, unknownTopic } from './topic-words.ts'

/** What a reset reads of the command line; streams-groups has other names for the topics. */
export type ResetFlag =
  | (typeof RESET_SCENARIOS)[number]
  | 'group'
  | 'topic'
  | 'all-topics'
  | 'execute'
  | 'dry-run'
  | 'export'
  | 'output'

export type ResetContext = Pick<CommandContext<ResetFlag>, 'command' | 'options' | 'stdout' | 'stderr'>

type Requested = TopicPartition & { readonly offset: number }

/** How groups of other kinds differ. */
export interface ResetWays {
  /** The partitions of a group, where they are not the ones that the flags name. */
  readonly partitionsOf?: (groupId: string) => Promise<readonly TopicPartition[] | undefined>
  readonly alter?: (groupId: string, offsets: readonly PlannedOffset[]) => Promise<void>
}

/** The tool's failure lines go through `fail`. Returns the exit status. */
export async function resetOffsets(
  context: ResetContext,
  admin: Admin,
  groupIds: readonly string[],
  fail: Fail,
  ways: ResetWays = {},
): Promise<number> {
  const { options, stdout } = context
  const plan = new Map<string, readonly PlannedOffset[]>()
  let failed = false
  for (const groupId of javaHashOrder([...new Set(groupIds)], javaStringHash)) {
    const busy = await occupants(admin, groupId)
    if (busy !== undefined) {
      fail(
        `Assignments can only be reset if the group '${groupId}' is inactive, but the current state is ${busy.state}.`,
        busy.members.map(
          ({ memberId, host, clientId }) =>
            `Group '${groupId}' is read by ${memberId} (client id ${clientId}, host ${host}).`,
        ),
      )
      plan.set(groupId, [])
      failed = true
      continue
    }
    const reset = new GroupReset(context, admin, groupId, await ways.partitionsOf?.(groupId))
    const offsets = await reset.plan()
    if (offsets === undefined) {
      fail(`No reset plan for group ${groupId} found.`)
      failed = true
    } else if (options.has('execute') && !options.has('dry-run') && ways.alter !== undefined) {
      await ways.alter(groupId, offsets)
    } else if (options.has('execute') && !options.has('dry-run')) {
      await admin.alterConsumerGroupOffsets(
        groupId,
        offsets.map(({ topic, partition, offset }) => ({
          partition: { topic, partition },
          offset: { offset, leaderEpoch: -1, metadata: '' },
        })),
      )
    }
    plan.set(groupId, offsets ?? [])
  }
  const shown: ResetPlan = new Map(
    [...plan].map(([group, offsets]) => [
      group,
      javaHashOrder(offsets, (p) => javaPartitionHash(p.topic, p.partition)),
    ]),
  )
  const rows = options.has('output') ? await import('./rows.ts') : undefined
  const machine = rows && machineOutput(context, rows.RESET_SHAPE)
  if (machine !== undefined) {
    rows?.writeResetPlan(machine, shown, options.has('execute') && !options.has('dry-run'), failed)
  } else if (options.has('export')) stdout.line(exportResetPlan(shown, options.values('group').length !== 1))
  else stdout.write(resetTable(shown))
  return failed ? 1 : 0
}

/** Says what failed; behind it, who stands in the way. */
export type Fail = (message: string, details?: readonly string[]) => void

/** The group when it has members; a group that nobody knows may be given offsets. */
async function occupants(admin: Admin, groupId: string) {
  try {
    const group = await admin.describeConsumerGroup(groupId)
    return group.state === 'Empty' || group.state === 'Dead' ? undefined : group
  } catch (error) {
    if (error instanceof KafkaError && error.code === 'GROUP_ID_NOT_FOUND') return undefined
    throw error
  }
}

class GroupReset {
  private readonly context: ResetContext
  private readonly admin: Admin
  private readonly groupId: string
  private readonly given: readonly TopicPartition[] | undefined

  constructor(
    context: ResetContext,
    admin: Admin,
    groupId: string,
    given: readonly TopicPartition[] | undefined,
  ) {
    this.context = context
    this.admin = admin
    this.groupId = groupId
    this.given = given
  }

  /** undefined: a file that says nothing of this group. */
  async plan(): Promise<readonly PlannedOffset[] | undefined> {
    const { options } = this.context
    const partitions = await this.partitions()
    await this.checkExistence(partitions)
    if (options.has('to-offset')) {
      const offset = options.long('to-offset') as number
      return this.clamp(partitions.map((partition) => ({ ...partition, offset })))
    }
    if (options.has('to-earliest')) return this.listed(partitions, 'earliest')
    if (options.has('to-latest')) return this.listed(partitions, 'latest')
    if (options.has('shift-by')) return this.shifted(partitions, options.long('shift-by') as number)
    if (options.has('to-datetime'))
      return this.atTime(partitions, parsed(parseDateTime, options.value('to-datetime')))
    if (options.has('by-duration')) {
      return this.atTime(partitions, Date.now() - parsed(parseIsoDuration, options.value('by-duration')))
    }
    if (options.has('from-file')) return this.fromFile(options.values('from-file')[0] ?? '')
    if (options.has('to-current')) return this.toCurrent(partitions)
    const names = [...RESET_SCENARIOS].map((name) => `[${name}]`).sort()
    throw new UsageError(
      `Option '[reset-offsets]' requires one of the following scenarios: [${names.join(', ')}]`,
    )
  }

  private async partitions(): Promise<readonly TopicPartition[]> {
    const { options } = this.context
    if (this.given !== undefined) return this.given
    if (options.has('all-topics'))
      return [...(await this.admin.listConsumerGroupOffsets(this.groupId)).values()].map(
        ({ partition }) => partition,
      )
    if (options.has('topic')) return topicPartitions(this.admin, options.values('topic'))
    if (!options.has('from-file'))
      throw new UsageError('One of the reset scopes should be defined: --all-topics, --topic.')
    return []
  }

  private async checkExistence(partitions: readonly TopicPartition[]): Promise<void> {
    const counts = await partitionCounts(this.admin, partitions)
    const missing = partitions.filter(
      ({ topic, partition }) => partition < 0 || partition >= (counts.get(topic) ?? 0),
    )
    if (missing.length === 0) return
    const [first] = missing
    if (first !== undefined && !counts.has(first.topic)) throw unknownTopic(first.topic)
    throw new TerseError(
      `The partitions "${missing.map(({ topic, partition }) => topicPartitionKey(topic, partition)).join(',')}" do not exist`,
    )
  }

  /** undefined: no record answers. Throws what fails first. */
  private async offsets(
    partitions: readonly TopicPartition[],
    spec: OffsetSpec,
  ): Promise<(number | undefined)[]> {
    const asked = partitions.map(({ topic, partition }) => ({ topic, partition }))
    return (await this.admin.listOffsets(asked, spec)).map((listed) => {
      if (listed instanceof Error) throw listed
      return listed.offset
    })
  }

  private async listed(
    partitions: readonly TopicPartition[],
    spec: 'earliest' | 'latest',
  ): Promise<Requested[]> {
    const offsets = await this.offsets(partitions, spec)
    return partitions.map((partition, i) => ({ ...partition, offset: offsets[i] ?? 0 }))
  }

  private async shifted(partitions: readonly TopicPartition[], by: number): Promise<Requested[]> {
    const committed = await this.admin.listConsumerGroupOffsets(this.groupId)
    const requested = partitions.map(({ topic, partition }) => {
      const current = committed.get(topicPartitionKey(topic, partition))?.offset.offset
      if (current === undefined) {
        throw new UsageError(
          `Cannot shift offset for partition ${topicPartitionKey(topic, partition)} since there is no current committed offset`,
        )
      }
      return { topic, partition, offset: javaSum(current, by) }
    })
    return this.clamp(requested)
  }

  /** Partitions without a record of that time or later come to their end, told in the order of a map. */
  private async atTime(partitions: readonly TopicPartition[], timestamp: number): Promise<Requested[]> {
    // To a broker that is a word that it does not know.
    if (timestamp < 0 && partitions.length > 0) throw new KafkaError('UNSUPPORTED_VERSION')
    const found = await this.offsets(partitions, timestamp)
    const empty = partitions.filter((_, i) => found[i] === undefined)
    const ends = (await this.listed(empty, 'latest')).values()
    const result = partitions.map((partition, i) => {
      const offset = found[i]
      return offset === undefined ? (ends.next().value as Requested) : { ...partition, offset }
    })
    for (const { topic, partition } of javaHashOrder(empty, (one) =>
      javaPartitionHash(one.topic, one.partition),
    )) {
      this.#notice(
        `\nWarn: Partition ${partition} from topic ${topic} is empty. Falling back to latest known offset.`,
      )
    }
    return result
  }

  private async toCurrent(partitions: readonly TopicPartition[]): Promise<Requested[]> {
    const committed = await this.admin.listConsumerGroupOffsets(this.groupId)
    const current = ({ topic, partition }: TopicPartition) =>
      committed.get(topicPartitionKey(topic, partition))?.offset.offset
    const ends = await this.listed(
      partitions.filter((partition) => current(partition) === undefined),
      'latest',
    )
    const rest = ends.values()
    return partitions.map((partition) => {
      const offset = current(partition)
      return offset === undefined ? (rest.next().value as Requested) : { ...partition, offset }
    })
  }

  private async fromFile(file: string): Promise<Requested[] | undefined> {
    let csv: string
    try {
      csv = systemOs.fs.readUserFile(file).toString('utf8')
    } catch {
      throw new TerseError(`Unable to read file ${file}`)
    }
    if (csv.trim() === '') throw new TerseError('No content to map due to end-of-input')
    const planned = parseResetPlan(csv, this.context.options.values('group')).get(this.groupId)
    if (planned === undefined) return undefined
    const counts = await partitionCounts(this.admin, planned)
    const unknown = planned.find(({ topic }) => counts.get(topic) === undefined)
    if (unknown !== undefined) {
      const { topic, partition } = unknown
      throw new TerseError(
        `Failed to fetch metadata for partition ${topicPartitionKey(topic, partition)} ${
          isTopicName(topic)
            ? `because metadata for topic \`${topic}\` could not be found`
            : `due to invalid topic \`${topic}\``
        }`,
      )
    }
    await this.checkExistence(planned)
    return this.clamp(planned)
  }

  private async clamp(requested: readonly Requested[]): Promise<Requested[]> {
    const ends = await this.offsets(requested, 'latest')
    const starts = await this.offsets(requested, 'earliest')
    return requested.map(({ topic, partition, offset }, i) => {
      const clamped = Math.min(Math.max(offset, starts[i] ?? 0), ends[i] ?? 0)
      if (clamped !== offset) this.warnOfClamping(topicPartitionKey(topic, partition), offset, clamped)
      return { topic, partition, offset: clamped }
    })
  }

  /** Kafka says it on standard output, which belongs to the rows when a program reads them. */
  #notice(line: string): void {
    const { options, stdout, stderr } = this.context
    if (options.has('output')) stderr.line(line.trim())
    else stdout.line(line)
  }

  /** A log line of the genuine tool; for people. */
  private warnOfClamping(key: string, offset: number, clamped: number): void {
    if (!this.context.stderr.isTerminal) return
    const side = offset > clamped ? 'higher than latest' : 'lower than earliest'
    this.context.stderr.line(
      `New offset (${offset}) is ${side} offset for topic partition ${key}. Value will be set to ${clamped}`,
    )
  }
}

function parsed(parse: (text: string) => number, text: string | undefined): number {
  try {
    return parse(text ?? '')
  } catch (error) {
    throw new TerseError((error as Error).message)
  }
}

async function partitionCounts(
  admin: Admin,
  partitions: readonly TopicPartition[],
): Promise<Map<string, number>> {
  const named = new Set(partitions.map(({ topic }) => topic))
  const known = (await admin.listTopics()).map(({ name }) => name).filter((name) => named.has(name))
  return new Map((await admin.describeTopics(known)).map(({ name, partitions: all }) => [name, all.length]))
}

/** The sum of two longs, which in Java begins anew at the other end. */
function javaSum(a: number, b: number): number {
  const sum = a + b
  return Math.abs(sum) < Number.MAX_SAFE_INTEGER ? sum : Number(BigInt.asIntN(64, BigInt(a) + longOf(b)))
}

/** A long that no number holds was read as the largest one that does. */
function longOf(value: number): bigint {
  if (value >= Number.MAX_SAFE_INTEGER) return 2n ** 63n - 1n
  return value <= Number.MIN_SAFE_INTEGER ? -(2n ** 63n) : BigInt(value)
}
