/**
 * Compaction of a grown partition of `__consumer_offsets` by the one whose commit found it grown, so that commits do not
 * pile up where no broker and no cron cleans. Bounded: tried only when the dirty part is large and several times the clean
 * one, never on a log of very many commits (that is log-cleaner's), ended in good order after two seconds; the cleaner's
 * lock is tried, never waited for. Off with `tkafka.housekeeping.enable=false` and with `log.cleaner.enable=false`; in a
 * directory that a broker made, only beside a server.properties. Nobody who produces waits for it: it is done between two
 * commits, on segments that nobody appends to. Crash: as in log/cleaner.ts.
 */
import { logToClean } from '../../log/cleaner/log-to-clean.ts'
import { OFFSETS_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { housekeepingIsOn } from '../settings/server-properties.ts'
import { cleanerConfig, compact } from './compaction.ts'
import { surveyPartition } from './survey.ts'

/** Some 25,000 commits. */
const GROWN_BYTES = 4 * 1024 * 1024
/** Times what is left of them. */
const GROWN_FACTOR = 4
/** More is left to log-cleaner: a commit must not wait long. */
const MOST_BYTES = 256 * 1024 * 1024
const MOST_MS = 2000

export interface GrownLimits {
  readonly grownBytes?: number
  readonly mostBytes?: number
}

/** Needs a session. Returns whether the log was compacted. Never throws: no commit fails for it. */
export async function compactGrownOffsets(
  os: Os,
  directory: LocalDirectory,
  partition: number,
  { grownBytes = GROWN_BYTES, mostBytes = MOST_BYTES }: GrownLimits = {},
): Promise<boolean> {
  try {
    const properties = directory.serverProperties()
    if (!housekeepingIsOn(properties) || (directory.adopted && properties.size === 0)) return false
    const config = cleanerConfig(directory)
    const { compact: compacted, minCompactionLagMs } = directory.logConfig(OFFSETS_TOPIC)
    if (!config.enable || !compacted || minCompactionLagMs > 0) return false
    const survey = surveyPartition(os, directory, OFFSETS_TOPIC, partition)
    try {
      const toClean = logToClean(survey, os.clock.now())
      const dirty = survey.size - toClean.cleanBytes
      if (dirty < Math.max(grownBytes, GROWN_FACTOR * toClean.cleanBytes) || survey.size > mostBytes)
        return false
      // An open transaction keeps what is behind it: rolling again and again would only make segments.
      if (survey.corrupt !== undefined || survey.lastStableOffset < survey.logEndOffset) return false
      const plan = {
        topic: OFFSETS_TOPIC,
        partition,
        toClean,
        reason: 'now',
        size: survey.size,
        segments: survey.segments.length,
      } as const
      const options = { retention: false, compaction: true, offsets: false, now: true } as const
      const deadline = os.clock.monotonic() + MOST_MS
      const result = await compact(os, directory, plan, config, { ...options, deadline })
      return result?.status === 'done'
    } finally {
      survey.close()
    }
  } catch {
    return false
  }
}
