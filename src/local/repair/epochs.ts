/**
 * Leader epochs of batches, which no checksum covers: a flipped bit there leaves the records as they are, but the epochs of a log
 * grow, and a broker that rebuilt its leader-epoch-checkpoint from such a batch would cut the log in the wrong place. Batches out of
 * that order get the epoch of the one before them. A last batch of a later epoch is believed.
 *
 * Bytes and crash: as in log.ts, by which the segment is written anew. Under the partition's lock, behind `mendLog`.
 */
import { setAside } from '../../log/log-repair.ts'
import { listLog } from '../../log/opening/log-loader.ts'
import { LogSegment } from '../../log/segment/log-segment.ts'
import type { Os } from '../../os/os.ts'
import * as header from '../../record/batch-header.ts'
import { rewrite } from './log.ts'
import type { Patch } from './patches.ts'

interface BatchEpoch {
  /** Base offset of its segment. */
  readonly base: number
  readonly start: number
  readonly end: number
  readonly epoch: number
}

/** Of batches that came from formats without it: between all others. */
const NO_EPOCH = -1

/** Puts them right. Returns what was kept where, by the path of the .log. */
export function mendBatchEpochs(os: Os, dir: string): Map<string, string> {
  const { fs } = os
  const bases = listLog(fs, dir)?.bases ?? []
  const wrong = wrongEpochs(os, dir, bases)
  const kept = new Map<string, string>()
  for (const base of bases) {
    const found = wrong.filter((one) => one.base === base)
    if (found.length === 0) continue
    const segment = new LogSegment(fs, dir, base)
    try {
      const patches = found.map(({ start, end, right }): Patch => {
        const batch = Buffer.alloc(end - start)
        segment.read(batch, 0, batch.length, start)
        batch.writeInt32BE(right, header.PARTITION_LEADER_EPOCH_POSITION)
        kept.set(segment.path, setAside(fs, segment, start, end))
        return { start, end, fromOffset: 0, untilOffset: 0, timestamp: 0, leaderEpoch: right, batch }
      })
      rewrite(fs, segment, patches, ({ batch }) => batch ?? Buffer.alloc(0))
    } finally {
      segment.close()
    }
  }
  return kept
}

function wrongEpochs(os: Os, dir: string, bases: readonly number[]): (BatchEpoch & { right: number })[] {
  const wrong: (BatchEpoch & { right: number })[] = []
  let before = NO_EPOCH
  let held: BatchEpoch | undefined
  const judge = (next: number | undefined) => {
    if (held === undefined) return
    const right = rightEpoch(held.epoch, before, next)
    if (right !== held.epoch) wrong.push({ ...held, right })
    before = right
  }
  for (const base of bases) {
    const segment = new LogSegment(os.fs, dir, base)
    try {
      const cursor = segment.cursor(0, segment.fileSize())
      while (cursor.next()) {
        const epoch = header.leaderEpochAt(cursor.buffer, cursor.at)
        if (epoch === NO_EPOCH) continue
        judge(epoch)
        held = { base, start: cursor.position, end: cursor.position + cursor.size, epoch }
      }
    } finally {
      segment.close()
    }
  }
  judge(undefined)
  return wrong
}

function rightEpoch(epoch: number, before: number, next: number | undefined): number {
  const isTooLow = epoch < before || epoch < NO_EPOCH
  const isTooHigh = next !== undefined && next >= Math.max(before, 0) && epoch > next
  if (!isTooLow && !isTooHigh) return epoch
  return before === NO_EPOCH ? Math.max(next ?? 0, 0) : before
}
