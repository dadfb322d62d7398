/** The copy itself: from one consumer of all partitions into the sink, written down from time to time. */
import type { Consumer, ConsumerVisitor } from '../../client/consumer.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import type { GroupOffsets } from './group-offsets.ts'
import type { PartitionCopy } from './partition-copy.ts'
import { type Progress, writeProgress } from './progress.ts'
import { READING } from './resume.ts'
import type { Side } from './sides.ts'

const VISIT_MS = 500
/** Between two records of how far it came. */
const WRITE_DOWN_MS = 1000
/** The first comes sooner, so that a run that is killed soon was not in vain. */
const FIRST_MS = 250
/** Between two looks at the groups, while the source is followed. */
const GROUPS_MS = 5000

export interface Run {
  readonly from: Side
  readonly to: Side
  readonly copies: readonly PartitionCopy[]
  readonly groups: GroupOffsets
  readonly follow: boolean
  readonly signal: AbortSignal
  flush(): Promise<void>
  /** Told of what is being done, as often as one likes. */
  moved(): void
  /** One line about what went wrong in the source. */
  trouble(line: string): void
  now(): number
}

/** Copies to the ends as they are now, or until the signal. @throws what keeps the target from taking more */
export async function runCopy(run: Run): Promise<void> {
  const { copies, follow, signal } = run
  const byKey = new Map(copies.map((copy) => [keyOf(copy.plan.source), copy]))
  const consumer = await run.from.consumer({
    ...READING,
    untilEnd: !follow,
    onCorrupt: ({ partition, error }) => {
      const copy = byKey.get(keyOf(partition))
      if (copy !== undefined) copy.failed = true
      run.trouble(`${error.message}; nothing behind it is copied`)
    },
    ...(follow ? { signal } : {}),
  })
  try {
    await consumer.assign(copies.map(({ plan }) => plan.source))
    for (const { plan } of copies) consumer.seek(plan.source, plan.start.source)
    await pump(run, consumer, byKey)
  } finally {
    await consumer.close()
  }
}

async function pump(run: Run, consumer: Consumer, byKey: ReadonlyMap<string, PartitionCopy>): Promise<void> {
  const { follow, signal } = run
  // A visit is of one partition.
  const hand: { copy?: PartitionCopy | undefined } = {}
  const visitor: ConsumerVisitor = {
    batch: () => {},
    record: () => true,
    whole: {
      batch(batch, from, partition) {
        hand.copy = byKey.get(keyOf(partition))
        hand.copy?.take(batch, from)
      },
      aborted: (batch, partition) => byKey.get(keyOf(partition))?.aborted(batch),
    },
  }
  let writtenAt = run.now() - WRITE_DOWN_MS + FIRST_MS
  let groupsAt = run.now()
  while (!consumer.finished && !signal.aborted) {
    hand.copy = undefined
    await consumer.visit(visitor, VISIT_MS)
    if (hand.copy !== undefined) await settle(run, hand.copy, consumer)
    run.moved()
    const now = run.now()
    if (now - writtenAt >= WRITE_DOWN_MS) {
      await writeDown(run)
      writtenAt = run.now()
    }
    if (follow && now - groupsAt >= GROUPS_MS) {
      await run.groups.sync()
      groupsAt = run.now()
    }
  }
  // Markers and gaps at the ends were read, too.
  for (const copy of run.copies) await copy.handOver(endOf(consumer, copy))
}

function endOf(consumer: Consumer, { plan, position, failed }: PartitionCopy): number {
  const read = consumer.position(plan.source)
  return failed || Number.isNaN(read) ? position : read
}

async function settle(run: Run, copy: PartitionCopy, consumer: Consumer): Promise<void> {
  const { gapFrom } = copy
  await copy.handOver(consumer.position(copy.plan.source))
  if (gapFrom === undefined) return
  copy.gapFrom = undefined
  const { source } = copy.plan
  const { offset } = await run.from.admin.listOffset(source, 'earliest')
  if (offset !== undefined && offset > gapFrom) run.trouble(overtaken(source, gapFrom, offset))
}

/** Of what the source deleted before it was copied. */
export function overtaken({ topic, partition }: TopicPartition, from: number, to: number): string {
  return `${topic}-${partition}: the source deleted offsets ${from} to ${to - 1} before they were copied`
}

/** How far all of it is stored, for the next run. */
export async function writeDown({ to, copies, flush }: Run): Promise<void> {
  if (!to.isCluster) await flush()
  const due: (readonly [PartitionCopy, Progress])[] = []
  for (const copy of copies) {
    const { progress } = copy
    if (progress !== undefined) due.push([copy, progress])
  }
  if (due.length === 0) return
  await writeProgress(
    to.admin,
    due.map(([copy, progress]) => [copy.plan.target, progress] as const),
  )
  for (const [copy, progress] of due) copy.written(progress)
}

const keyOf = ({ topic, partition }: TopicPartition): string => topicPartitionKey(topic, partition)
