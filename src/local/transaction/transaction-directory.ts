/** What transactions need of a data directory. LocalDirectory is one; this file keeps the two from naming each other. */
import type { UnifiedLog } from '../../log/unified-log.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'

export interface TransactionDirectory {
  readonly path: string
  exists(): boolean
  image(): MetadataImage
  warn(line: string): void
  logForReading(topic: string, partition: number): UnifiedLog
  /** @throws LockBusyError */
  logForWriting(topic: string, partition: number): UnifiedLog
  openForWriting(topic: string, partition: number): Promise<UnifiedLog>
  /** By whom a partition is kept that is not in this directory. */
  elsewhere(topic: string, partition: number): string | undefined
  /** Why nothing may be written to a partition here. */
  whyNotWritable(topic: string, partition: number): string | undefined
  /** A producer id that nobody used before. */
  nextProducerId(): Promise<number>
}
