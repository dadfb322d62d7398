/** Whether a partition's log was closed in order, for readers that must know what of its side files to trust. */
import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import type { Os } from '../../os/os.ts'
import { hasCleanShutdownFile } from './clean-shutdown-file.ts'
import { readOpenPartitions } from './open-partitions.ts'

/** The recovery point where nobody closed the log: before it all is on the disk. undefined where somebody did. */
export function uncleanFrom(
  os: Os,
  dir: string,
  checkpoints: LogDirCheckpoints,
  name: string,
): number | undefined {
  if (hasCleanShutdownFile(os, dir)) return undefined
  const list = readOpenPartitions(os, dir)
  // Writers that are in, or were killed, listed what they wrote to; all else is as the marker vouched for.
  if (list !== undefined && list.bootId === os.bootId() && !list.names.has(name)) return undefined
  return checkpoints.offset('recovery-point', name) ?? 0
}
