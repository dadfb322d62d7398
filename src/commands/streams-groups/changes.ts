/** `streams-groups --delete`, `--delete-offsets` and `--reset-offsets`: a group at rest is changed as a broker would. */

import type { CommandContext, Options } from '../../cli/command.ts'
import { machineOutput } from '../../cli/machine-output.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { GroupListing } from '../../client/admin/group-admin.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { javaHashOrder, javaStringHash } from '../../java/java-hash.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import { comparePartitions } from '../../names/topic-partition.ts'
import { type ResetFlag, resetOffsets } from '../group-tools/reset.ts'
import { deletedOffsetsTable } from '../group-tools/tables.ts'
import { namedPartitions } from '../group-tools/topic-words.ts'

type InternalTopicFlag = 'delete-internal-topic' | 'delete-all-internal-topics'
type StreamsResetFlag = Exclude<ResetFlag, 'topic' | 'all-topics'> | 'input-topic' | 'all-input-topics'

/** Groups that are no streams groups fail; the others go. */
export async function deleteStreamsGroups(
  context: CommandContext<'group' | 'all-groups' | 'delete-all-internal-topics'>,
  admin: Admin,
  groups: readonly GroupListing[],
): Promise<number> {
  const { options, stdout, stderr } = context
  const states = new Map(groups.map(({ groupId, state }) => [groupId, state]))
  const ids = options.has('all-groups') ? [...states.keys()] : options.values('group')
  const failures: string[] = []
  const deleted: string[] = []
  for (const id of javaHashOrder([...new Set(ids)], javaStringHash)) {
    if (!states.has(id)) {
      failures.push(
        `* Group '${id}' could not be deleted due to: Group '${id}' does not exist or is not a streams group.`,
      )
      continue
    }
    try {
      if (states.get(id) !== 'Empty')
        throw new KafkaError('NON_EMPTY_GROUP', `Streams group '${id}' is not EMPTY.`)
      const topics = options.has('delete-all-internal-topics') ? await internalTopics(admin, id) : []
      for (const topic of topics) await admin.deleteTopic(topic)
      await admin.deleteStreamsGroup(id)
      deleted.push(`'${id}'`)
    } catch (error) {
      if (!(error instanceof KafkaError)) throw error
      failures.push(`* Group '${id}' could not be deleted due to: ${error.message}`)
    }
  }
  if (failures.length === 0) {
    stdout.line(`Deletion of requested streams groups (${deleted.join(', ') || "''"}) was successful.`)
    return 0
  }
  stderr.line(`\nError: Deletion of some streams groups failed:\n${failures.join('\n')}`)
  if (deleted.length > 0)
    stdout.line(`\nThese streams groups were deleted successfully: ${deleted.join(', ')}`)
  return 1
}

/** Topics that a streams application makes for itself. */
async function internalTopics(admin: Admin, group: string): Promise<string[]> {
  return (await admin.listTopics()).map(({ name }) => name).filter((name) => isInternal(name, group))
}

function isInternal(topic: string, group: string): boolean {
  return topic.startsWith(`${group}-`) && /-(changelog|repartition)$/.test(topic)
}

export async function deleteStreamsOffsets(
  context: CommandContext<'group' | 'input-topic' | 'all-input-topics' | 'output'>,
  admin: Admin,
): Promise<number> {
  const { options, stdout, stderr } = context
  const group = options.value('group') ?? ''
  let failure: KafkaError | undefined
  if (options.has('all-input-topics')) await admin.describeStreamsGroup(group)
  const { named: partitions, answers } = options.has('all-input-topics')
    ? { named: await committed(admin, group), answers: [] }
    : await namedPartitions(admin, options.values('input-topic'))
  try {
    answers.push(...(await admin.deleteConsumerGroupOffsets(group, partitions)))
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
    failure = new KafkaError('GROUP_ID_NOT_FOUND')
    answers.push(...partitions.map((partition) => ({ partition, error: failure })))
  }
  const rows = options.has('output') ? await import('../group-tools/rows.ts') : undefined
  const machine = rows && machineOutput(context, rows.DELETED_OFFSET_SHAPE)
  const failed = answers.some(({ error }) => error !== undefined)
  if (machine !== undefined) {
    if (failure !== undefined) stderr.line(`Error: ${failure.message}`)
    rows?.writeDeletedOffsets(machine, group, answers)
    return failed ? 1 : 0
  }
  if (failure !== undefined) stderr.line(`\nError: ${failure.message}`)
  else stdout.line(`Request succeeded for deleting offsets from group ${group}.`)
  stdout.write(deletedOffsetsTable(answers))
  return failed ? 1 : 0
}

export async function resetStreamsOffsets(
  context: CommandContext<StreamsResetFlag | InternalTopicFlag | 'all-groups'>,
  admin: Admin,
  groups: readonly GroupListing[],
): Promise<number> {
  const { command, options, stdout, stderr } = context
  const ids = options.has('all-groups') ? groups.map(({ groupId }) => groupId) : options.values('group')
  const foreign = new Set<string>()
  for (const id of ids) {
    if (options.has('input-topic') && !options.has('all-input-topics')) {
      if (await readsAll(admin, id, options.values('input-topic'))) continue
      stderr.line(`\nError: One or more topics are not part of the group '${id}'.`)
      foreign.add(id)
    } else if (!options.has('from-file')) await admin.describeStreamsGroup(id)
  }
  const known = ids.filter((id) => !foreign.has(id))
  const unwanted = await topicsToDelete(options, admin, known)
  const fail = (message: string) => stderr.line(`\nError: ${message}`)
  const renamed = { command, options: renamedOptions(options), stdout, stderr }
  const reset = await resetOffsets(renamed, admin, ids, fail, {
    partitionsOf: async (id) => (foreign.has(id) ? [] : undefined),
    alter: async (id, offsets) => {
      if (offsets.length === 0) return
      await admin.alterConsumerGroupOffsets(
        id,
        offsets.map(({ topic, partition, offset }) => ({
          partition: { topic, partition },
          offset: { offset, leaderEpoch: -1, metadata: '' },
        })),
      )
    },
  })
  if (reset === 0) for (const topic of unwanted) await admin.deleteTopic(topic)
  return Math.max(foreign.size > 0 ? 1 : 0, reset)
}

/** consumer-groups' reset, under the flags of streams-groups. */
function renamedOptions(options: Options<StreamsResetFlag>): Options<ResetFlag> {
  const renamed = (name: ResetFlag): StreamsResetFlag => {
    if (name === 'topic') return 'input-topic'
    return name === 'all-topics' ? 'all-input-topics' : name
  }
  return {
    has: (name) => options.has(renamed(name)),
    value: (name) => options.value(renamed(name)),
    values: (name) => options.values(renamed(name)),
    int: (name) => options.int(renamed(name)),
    long: (name) => options.long(renamed(name)),
    ofAnyTool: options.ofAnyTool,
    words: options.words,
    raw: options.raw,
  }
}

/** A topic that is not there at all is told by who looks it up. */
async function readsAll(admin: Admin, group: string, words: readonly string[]): Promise<boolean> {
  const topics = words.map((word) => word.split(':')[0])
  await admin.describeTopics(topics)
  const own = new Set((await committed(admin, group)).map(({ topic }) => topic))
  try {
    for (const topic of (await admin.describeStreamsGroup(group)).sourceTopics) own.add(topic)
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error
  }
  return topics.every((topic) => own.has(topic))
}

async function committed(admin: Admin, group: string): Promise<TopicPartition[]> {
  const offsets = await admin.listConsumerGroupOffsets(group)
  return [...offsets.values()].map(({ partition }) => partition).sort(comparePartitions)
}

/** @throws TerseError for a topic that is not the group's own: Kafka's tool would delete any topic here */
async function topicsToDelete(
  options: Options<InternalTopicFlag>,
  admin: Admin,
  groups: readonly string[],
): Promise<string[]> {
  const all = (await Promise.all(groups.map((group) => internalTopics(admin, group)))).flat()
  if (options.has('delete-all-internal-topics')) return all
  const named = options.values('delete-internal-topic')
  const foreign = named.find((topic) => !all.includes(topic))
  if (foreign !== undefined) {
    throw new TerseError(
      `${foreign} is no internal topic of ${groups.join(', ')}; those are: ${all.join(', ') || 'none'}. Nothing was changed.`,
    )
  }
  return named
}
