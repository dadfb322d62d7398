/** Why a topic's partitions are cleaned, or are not. */
import type { ExplainedPartition } from '../client/admin-cleaning.ts'
import type { Os } from '../os/os.ts'
import type { LocalDirectory } from './local-directory.ts'

export async function explainCleaning(
  _os: Os,
  _directory: LocalDirectory,
  _topic: string,
): Promise<ExplainedPartition[]> {
  return []
}
