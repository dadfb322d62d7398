/**
 * The metadata log as log-cleaner sees it: a checkpoint of all that holds in place of the records that led to it, when so
 * much was appended since the last one that it is worth it (metadata/metadata-log.ts says how much, and does it by
 * itself when somebody changes a topic or a setting). Bytes and crash: as told in metadata/metadata-append.ts.
 */
import type { CleaningResult } from '../../client/admin/cleaning-admin.ts'
import { METADATA_TOPIC } from '../../names/topic-names.ts'
import { elapsedSince } from '../../os/clock.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export interface MetadataCleaningOptions {
  readonly dryRun: boolean
  /** Even a little is worth it. */
  readonly now: boolean
}

/** Undefined: nothing to do. `enter` is called before the first change. */
export async function compactMetadata(
  os: Os,
  directory: LocalDirectory,
  { dryRun, now }: MetadataCleaningOptions,
  enter: () => Promise<void>,
): Promise<CleaningResult | undefined> {
  const log = directory.metadata()
  // Of several controllers each trims its own, and none behind what all have agreed on.
  if (directory.quorum().source !== undefined) return undefined
  if (log.isZooKeeperEra || !(now ? log.bytesBehindCheckpoint > 0 : log.isGrown)) return undefined
  const started = os.clock.monotonic()
  const before = log.size()
  if (!dryRun) {
    await enter()
    await log.writeCheckpoint()
  }
  const after = log.size()
  return {
    action: 'compaction',
    topic: METADATA_TOPIC,
    partition: 0,
    status: dryRun ? 'planned' : 'done',
    bytesBefore: before.bytes,
    bytesAfter: after.bytes,
    segmentsBefore: before.segments,
    segmentsAfter: after.segments,
    logStartOffset: after.startOffset,
    durationMs: elapsedSince(os.clock, started),
    reasons: [now ? 'now' : 'grown'],
  }
}
