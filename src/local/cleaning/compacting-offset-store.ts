/** Committed offsets of a data directory whose log is compacted by the commit that finds it grown. */
import { OffsetStore } from '../../group/offsets/offset-store.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'

export function compactingOffsetStore(os: Os, directory: LocalDirectory): OffsetStore {
  return new OffsetStore(os, directory, {
    async grown(partition) {
      const { compactGrownOffsets } = await import('./offsets-housekeeping.ts')
      await compactGrownOffsets(os, directory, partition)
    },
  })
}
