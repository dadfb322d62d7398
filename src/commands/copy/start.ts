/** Before the first record: targets are made, it is found out where each partition goes on, and that is written down. */
import type { BatchSink } from '../../client/batch-sink.ts'
import { TerseError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import { PartitionCopy, type PartitionPlan } from './partition-copy.ts'
import { isSame, type Progress, readProgress, writeProgress } from './progress.ts'
import { type Range, READING, type Readers, recordsFrom, whereToGoOn } from './resume.ts'
import { overtaken } from './run.ts'
import type { Side } from './sides.ts'
import { hold, isHeld, makeTarget, type TopicPlan } from './topics.ts'

export interface CopiedTopic {
  readonly plan: TopicPlan
  /** The copy made it, now or in an earlier run. */
  readonly made: boolean
  readonly replicas: number
  readonly copies: readonly PartitionCopy[]
  /** Offsets behind the last stable one: of transactions that are open. */
  readonly unstable: number
  /** What could not be kept, a line each. */
  readonly notes: string[]
}

export interface Sides {
  readonly from: Side
  readonly to: Side
}

export function readersOf({ from, to }: Sides): Readers {
  return {
    source: (partition, offset) =>
      recordsFrom(() => from.consumer({ ...READING, untilEnd: true }), partition, offset),
    target: (partition, offset) =>
      recordsFrom(() => to.consumer({ ...READING, untilEnd: true }), partition, offset),
  }
}

/** `step` is told what is being done. @throws TerseError where a topic cannot be copied to where it is to go */
export async function startTopics(
  sides: Sides,
  plans: readonly TopicPlan[],
  sink: BatchSink,
  step: (text: string) => void,
): Promise<CopiedTopic[]> {
  const progress = await readProgress(sides.to.admin)
  refuseTooFew(plans, progress)
  const topics: CopiedTopic[] = []
  for (const plan of plans) {
    step(plan.source.name)
    topics.push(await startTopic(sides, plan, sink, progress))
  }
  return topics
}

/** @throws TerseError before anything is made */
function refuseTooFew(plans: readonly TopicPlan[], progress: ReadonlyMap<string, Progress>): void {
  for (const { source, target, found } of plans) {
    if (found === undefined || found.partitions.length >= source.partitions.length) continue
    if (progress.get(topicPartitionKey(target, 0))?.made === true) continue
    throw new TerseError(
      `${target} has ${found.partitions.length} of the ${source.partitions.length} partitions of ${source.name}: copy to another name with --as, or add partitions there (tkafka topics --alter --partitions ${source.partitions.length})`,
    )
  }
}

async function startTopic(
  sides: Sides,
  plan: TopicPlan,
  sink: BatchSink,
  known: ReadonlyMap<string, Progress>,
): Promise<CopiedTopic> {
  const { from, to } = sides
  const { source, target, found } = plan
  const notes: string[] = []
  const tell = (line: string) => {
    if (!notes.includes(line)) notes.push(line)
  }
  const count = source.partitions.length
  const before = Array.from({ length: count }, (_, i) => known.get(topicPartitionKey(target, i)))
  const topic = found ?? (await makeTarget(to, plan, tell))
  const made = found === undefined || before[0]?.made === true || (await isHeld(to, target))
  if (found !== undefined && found.partitions.length < count) await to.admin.createPartitions(target, count)
  const ends = await rangesOf(sides, plan)
  const isBehind = ends.source.some(({ end }, i) => end > (before[i]?.source ?? 0))
  if (found !== undefined && made && isBehind) await hold(to, plan)
  const sourceId = { clusterId: from.clusterId, topicId: source.topicId }
  const readers = readersOf(sides)
  const partitions: PartitionPlan[] = []
  for (let partition = 0; partition < count; partition++) {
    const progress = before[partition]
    const tp: TopicPartition = { topic: target, partition }
    const state = {
      source: { topic: source.name, partition },
      target: tp,
      from: sourceId,
      sourceRange: ends.source[partition],
      targetRange: ends.target[partition],
      progress,
    }
    const { source: at, target: end, map, lost } = await whereToGoOn(state, readers)
    if (lost !== undefined) tell(overtaken(state.source, lost.start, lost.end))
    const isOurs = progress !== undefined && isSame(progress.from, sourceId)
    partitions.push({
      source: state.source,
      target: tp,
      from: sourceId,
      start: { source: at, target: end },
      producerId: isOurs ? progress.producerId : await sink.identity(),
      made,
      ...(map === undefined ? {} : { map }),
    })
  }
  await writeStarts(to, partitions)
  const copies = await Promise.all(
    partitions.map(async (one) => {
      const opened = { ...one.target, end: one.start.target, producerId: one.producerId }
      return new PartitionCopy(one, await sink.open(opened), sink.keepsTimestampType)
    }),
  )
  return { plan, made, replicas: topic.partitions[0].replicas.length, copies, unstable: ends.unstable, notes }
}

/** Before the first batch, so that whoever comes next knows by what it is known. */
function writeStarts(to: Side, partitions: readonly PartitionPlan[]): Promise<void> {
  return writeProgress(
    to.admin,
    partitions.map(({ target, start, from, producerId, made }) => [
      target,
      { ...start, from, producerId, made },
    ]),
  )
}

interface Ranges {
  readonly source: readonly Range[]
  readonly target: readonly Range[]
  readonly unstable: number
}

async function rangesOf({ from, to }: Sides, { source, target, found }: TopicPlan): Promise<Ranges> {
  const of = (topic: string) => source.partitions.map(({ partition }) => ({ topic, partition }))
  const [starts, ends, uncommitted] = await Promise.all([
    offsets(from, of(source.name), 'earliest'),
    offsets(from, of(source.name), 'latest', 'read_committed'),
    offsets(from, of(source.name), 'latest'),
  ])
  // One that was made a moment ago is empty.
  const there =
    found === undefined ? [] : of(target).filter(({ partition }) => partition < found.partitions.length)
  const [targetStarts, targetEnds] = await Promise.all([
    offsets(to, there, 'earliest'),
    offsets(to, there, 'latest'),
  ])
  return {
    source: starts.map((start, i) => ({ start, end: Math.max(start, ends[i]) })),
    target: starts.map((_, i) => ({ start: targetStarts[i] ?? 0, end: targetEnds[i] ?? 0 })),
    unstable: uncommitted.reduce((sum, end, i) => sum + Math.max(0, end - ends[i]), 0),
  }
}

async function offsets(
  side: Side,
  partitions: readonly TopicPartition[],
  spec: 'earliest' | 'latest',
  isolation?: 'read_committed',
): Promise<number[]> {
  if (partitions.length === 0) return []
  const listed = await side.admin.listOffsets(partitions, spec, isolation)
  return listed.map((one, i) => {
    if (one instanceof Error) throw one
    if (one.damage !== undefined && spec === 'latest' && isolation === undefined)
      throw new TerseError(`${partitions[i].topic}-${partitions[i].partition}: ${one.damage}`)
    return one.offset ?? 0
  })
}
