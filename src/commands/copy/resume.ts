/**
 * Where a partition goes on. What an earlier run wrote down holds as far as it reaches; records behind that (a run that was killed), or
 * a target that nothing was written down about, are compared with the source one by one: only what is equal counts as copied.
 */
import type { Consumer, ConsumerRecord } from '../../client/consumer.ts'
import { TerseError } from '../../errors.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import { OffsetMap } from './offset-map.ts'
import { isSame, type Progress, type SourceId } from './progress.ts'

const POLL_MS = 1000

export interface Range {
  readonly start: number
  readonly end: number
}

export interface PartitionState {
  readonly source: TopicPartition
  readonly target: TopicPartition
  readonly from: SourceId
  readonly sourceRange: Range
  readonly targetRange: Range
  readonly progress: Progress | undefined
}

export interface Readers {
  source(partition: TopicPartition, from: number): AsyncIterable<ConsumerRecord>
  target(partition: TopicPartition, from: number): AsyncIterable<ConsumerRecord>
}

export interface Resumption {
  readonly source: number
  readonly target: number
  /** Where records of the target were compared. */
  readonly map?: OffsetMap
  /** Offsets that the source lost before they were copied: [from, to). */
  readonly lost?: Range
}

/** @throws TerseError where the target holds what is not of the source */
export async function whereToGoOn(state: PartitionState, readers: Readers): Promise<Resumption> {
  const { progress, from, sourceRange, targetRange, target } = state
  const name = `${target.topic}-${target.partition}`
  const known = progress !== undefined && isSame(progress.from, from) ? progress : undefined
  if (known === undefined) {
    if (targetRange.start === targetRange.end) return { source: sourceRange.start, target: targetRange.end }
    return compared(state, readers, { source: sourceRange.start, target: targetRange.start })
  }
  if (targetRange.end < known.target) {
    throw new TerseError(
      `${name}: the target ends at offset ${targetRange.end}, but the copy had come to ${known.target}: records of it were lost there; delete the topic there and copy it anew`,
    )
  }
  const lost = known.source < sourceRange.start ? { start: known.source, end: sourceRange.start } : undefined
  if (targetRange.end === known.target) {
    const source = Math.max(known.source, sourceRange.start)
    return { source, target: known.target, ...(lost === undefined ? {} : { lost }) }
  }
  if (lost !== undefined) {
    throw new TerseError(
      `${name}: the last run was killed, and the source has since deleted the records from offset ${lost.start} on that would tell how far it came; delete the topic in the target and copy it anew`,
    )
  }
  return compared(state, readers, known)
}

async function compared(
  state: PartitionState,
  readers: Readers,
  begin: { readonly source: number; readonly target: number },
): Promise<Resumption> {
  const { source, target, sourceRange, targetRange } = state
  const map = new OffsetMap(begin.source, begin.target)
  const theirs = readers.target(target, Math.max(begin.target, targetRange.start))[Symbol.asyncIterator]()
  const ours = readers.source(source, Math.max(begin.source, sourceRange.start))[Symbol.asyncIterator]()
  // Records that the target deleted were copied, too.
  for (let at = begin.target; at < targetRange.start; at++) {
    const skipped = await ours.next()
    if (skipped.done !== true) map.addAt(skipped.value.offset, at)
  }
  for (;;) {
    const there = await theirs.next()
    if (there.done === true) break
    const here = await ours.next()
    if (here.done === true || !isEqual(here.value, there.value)) {
      throw new TerseError(
        `${target.topic}-${target.partition}: its record at offset ${there.value.offset} is not the one of the source${here.done === true ? ', which has no more' : ` (offset ${here.value.offset} of ${source.topic}-${source.partition})`}: the target was not written by this copy; copy to another name with --as, or delete it there first`,
      )
    }
    map.addAt(here.value.offset, there.value.offset)
  }
  await ours.return?.()
  map.targetEndsAt(targetRange.end)
  return { source: map.end.source, target: targetRange.end, map }
}

function isEqual(a: ConsumerRecord, b: ConsumerRecord): boolean {
  if (!isSameBytes(a.key, b.key) || !isSameBytes(a.value, b.value)) return false
  if (a.headers.length !== b.headers.length) return false
  if (
    !a.headers.every(
      ({ key, value }, i) => key === b.headers[i].key && isSameBytes(value, b.headers[i].value),
    )
  )
    return false
  // A target of log-append time stamps anew.
  if (b.timestampType === 'LogAppendTime') return true
  return a.timestamp === b.timestamp && a.exactTimestamp === b.exactTimestamp
}

function isSameBytes(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

/** The records that read_committed shows, from an offset to the end as it is now. */
export async function* recordsFrom(
  open: () => Promise<Consumer>,
  partition: TopicPartition,
  from: number,
): AsyncGenerator<ConsumerRecord, void, undefined> {
  const consumer = await open()
  try {
    await consumer.assign([partition])
    consumer.seek(partition, from)
    while (!consumer.finished) yield* await consumer.poll(POLL_MS)
  } finally {
    await consumer.close()
  }
}

/** How a consumer of a copy reads. */
export const READING = {
  isolationLevel: 'read_committed',
  config: {
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': 'false',
    'allow.auto.create.topics': 'false',
    'max.poll.records': '2000',
  },
} as const
