/** Offsets that groups committed against the ends of the logs. */
import type { LocalDirectory } from '../directory/local-directory.ts'
import { committedEnds } from './committed-ends.ts'
import type { CheckedPartition } from './partition.ts'
import type { CheckReport } from './report.ts'

/** `ends` has the partitions that were looked at, by folder name. */
export function checkCommits(
  report: CheckReport,
  directory: LocalDirectory,
  ends: ReadonlyMap<string, CheckedPartition>,
): void {
  if (ends.size === 0) return
  for (const [name, { offset, group }] of committedEnds(directory)) {
    const checked = ends.get(name)
    if (checked === undefined || offset <= checked.logEndOffset) continue
    const dash = name.lastIndexOf('-')
    const topic = name.slice(0, dash)
    const partition = Number(name.slice(dash + 1))
    const log = directory.logForReading(topic, partition)
    log.refresh()
    const end = log.logEndOffset
    log.releaseFiles()
    // Records came while the check ran, and were read.
    if (offset <= end) continue
    const which = offset - end === 1 ? `offset ${end} is` : `offsets ${end} to ${offset - 1} are`
    report.error(
      { topic, partition },
      'commit-beyond-end',
      directory.folder(name),
      null,
      `the log ends at offset ${end}, and ${which} missing (a commit of group ${group} at ${offset} tells)`,
      'what is appended next gets offsets that were given before, and the group passes over it',
    )
  }
}
