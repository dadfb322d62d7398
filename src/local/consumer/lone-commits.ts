/** Offsets of a directory's group for a consumer that chose its partitions itself, as no member. */
import type { LoneCommits } from '../../client/consumer/consumer-backend.ts'
import { CommitFailedError } from '../../client/consumer/consumer-errors.ts'
import { readLiveMembers } from '../../group/live-members.ts'
import type { Os } from '../../os/os.ts'
import { compactingOffsetStore } from '../cleaning/compacting-offset-store.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { requireExisting } from './consumer-group.ts'

export function localLoneCommits(os: Os, directory: LocalDirectory, groupId: string): LoneCommits {
  const store = compactingOffsetStore(os, directory)
  const commits: LoneCommits = {
    async fetch() {
      return directory.exists() ? store.fetch(groupId) : new Map()
    },
    async commitExisting(offsets) {
      requireExisting(directory, offsets.keys())
      await commits.commit([...offsets].map(([partition, offset]) => ({ ...partition, ...offset })))
    },
    commit(offsets) {
      return store.commit(groupId, offsets, () => {
        if (readLiveMembers(os, directory.path, groupId).length > 0) throw new CommitFailedError()
      })
    },
  }
  return commits
}
