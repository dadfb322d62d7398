/** Tells readers whether a partition's log was closed in order, since only then its side files can be trusted. */
import type { LogDirCheckpoints } from '../../log/log-dir-checkpoints.ts'
import type { Os } from '../../os/os.ts'
import { type ListedDirs, readOpenPartitions } from './open-partitions.ts'

/** The recovery point where nobody closed the log: before it all is on the disk. undefined where somebody did. */
export function uncleanFrom(
  os: Os,
  directory: {
    readonly path: string
    readonly clean: boolean
    readonly checkpoints: LogDirCheckpoints
    readonly logDirs: ListedDirs | undefined
  },
  name: string,
): number | undefined {
  if (directory.clean) return undefined
  const list = readOpenPartitions(os, directory.path)
  // Writers that are in, or were killed, listed what they wrote to; all else is as the marker vouched for.
  const isTold = list !== undefined && directory.logDirs?.toldBy(list.names) !== false
  if (isTold && list.bootId === os.bootId() && !list.names.has(name)) return undefined
  return directory.checkpoints.offset('recovery-point', name) ?? 0
}
