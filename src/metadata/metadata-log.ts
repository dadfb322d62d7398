import type { MetadataRecord } from '../message/metadata-records.ts'
import type { Os } from '../os/os.ts'
import type { MetadataImage } from './metadata-image.ts'

export class MetadataLog {
  /** `logDir` is the data directory. Nothing is read or made yet. */
  static open(_os: Os, _logDir: string): MetadataLog {
    throw new Error('in progress')
  }

  /** The image at the log's end; reads only what was added since the last call. */
  image(): MetadataImage {
    throw new Error('in progress')
  }

  /**
   * Appends the records that `build` makes of the newest image, atomically, under the metadata lock; resolves with the
   * image behind them. `build` may run more than once and may throw to give up (nothing is written then).
   */
  async append(_build: (image: MetadataImage) => readonly MetadataRecord[]): Promise<MetadataImage> {
    throw new Error('in progress')
  }

  /** Writes a checkpoint of the newest image, starts a new segment and drops the older ones. */
  async writeCheckpoint(): Promise<void> {
    throw new Error('in progress')
  }

  close(): void {}
}
