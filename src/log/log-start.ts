/**
 * Moving the start of a log up, which is a line in the root's log-start-offset-checkpoint.
 *
 * The checkpoint is replaced as a whole (checkpoint-file.ts), which takes a block of the disk, and deletion must work with
 * none free. So where the disk is full, what is to go goes first: segments wholly below the new start say by themselves
 * that they are gone, and where all records go the active one is ended, so that it is such a segment. Where there is
 * none, the active segment's indexes are emptied: they are made anew from the log when there is room.
 * Crash: a log that begins at the new start, or at the old one with its index short; the same command does the rest.
 */
import { KafkaError, TerseError } from '../errors.ts'
import { isDiskFull } from './full-disk.ts'
import type { LocalLog } from './local-log.ts'
import type { LogRoller } from './log-roller.ts'
import { basesBelow, deleteSegments } from './segment/segment-files.ts'
import { SideFileError } from './side-file.ts'

/** -1 means the high watermark. @throws KafkaError OFFSET_OUT_OF_RANGE */
export function newLogStart(offset: number, highWatermark: number, topicPartition: string): number {
  const target = offset === -1 ? highWatermark : offset
  if (target >= 0 && target <= highWatermark) return target
  throw new KafkaError(
    'OFFSET_OUT_OF_RANGE',
    `Cannot increment the log start offset to ${target} of partition ${topicPartition} since it is larger than the ` +
      `high watermark ${highWatermark}`,
  )
}

/** Has `note` write the new log start down; `changed` is called when files went for that. */
export function noteLogStart(
  local: LocalLog,
  roller: LogRoller,
  { from, to }: { readonly from: number; readonly to: number },
  note: () => void,
  changed: () => void,
): void {
  try {
    note()
  } catch (error) {
    if (!isDiskFull(error)) throw error
    try {
      if (makeRoom(local, roller, from, to)) changed()
      note()
    } catch (again) {
      if (!isDiskFull(again)) throw again
      throw new TerseError(
        `${local.dir}: no space left on the disk to note that it begins at offset ${to}, and no segment lies wholly ` +
          'below that; delete up to the end (offset -1), delete a topic, or free space elsewhere',
        { cause: error },
      )
    }
  }
}

/** Returns whether segments went. */
function makeRoom(local: LocalLog, roller: LogRoller, from: number, to: number): boolean {
  if (to === local.tail.nextOffset) roller.roll(from)
  const below = basesBelow(local, to)
  if (below.length === 0) {
    emptyIndexes(local)
    return false
  }
  deleteSegments(local, 0, below, (base) => roller.begin(base))
  // What is known of producers was in what has gone.
  roller.snapshot(to)
  return true
}

function emptyIndexes({ active, tail }: LocalLog): void {
  if (active === undefined) return
  try {
    active.offsetIndex.truncateToEntries(0)
    active.timeIndex.truncateToEntries(0)
  } catch (error) {
    if (!(error instanceof SideFileError)) throw error
  } finally {
    tail.forgetIndexed()
  }
}
