/** Segments as tools show them: offsets, sizes, times. */
import type { Int64 } from '../../bytes/int64.ts'
import type { LocalLog } from '../local-log.ts'

/** One segment as tools show it. */
export interface SegmentInfo {
  readonly baseOffset: number
  /** Path of the .log. */
  readonly file: string
  /** Bytes of the .log, of the .index, of the .timeindex. */
  readonly size: number
  readonly indexSize: number
  readonly timeIndexSize: number
  /** By the time index and the batches behind its last entry; -1 for a segment without timestamps. */
  readonly maxTimestamp: Int64
  readonly mtimeMs: number
  readonly active: boolean
}

/** Segments that vanish meanwhile are left out. */
export function describeSegments(local: LocalLog): SegmentInfo[] {
  const infos: SegmentInfo[] = []
  local.segments.forEach((segment, i) => {
    const stat = segment.stat()
    if (stat === undefined) return
    infos.push({
      baseOffset: segment.baseOffset,
      file: segment.path,
      size: stat.size,
      indexSize: segment.offsetIndex.size(),
      timeIndexSize: segment.timeIndex.size(),
      maxTimestamp: local.maxTimestampOf(i).timestamp,
      mtimeMs: stat.mtimeMs,
      active: i === local.segments.length - 1,
    })
    if (i < local.segments.length - 1) segment.close()
  })
  return infos
}

/** Sum of the .log sizes in bytes. */
export function sizeOfSegments(local: LocalLog): number {
  return local.segments.reduce((sum, { path }) => sum + (local.os.fs.stat(path)?.size ?? 0), 0)
}
