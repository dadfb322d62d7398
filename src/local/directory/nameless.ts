/**
 * Reads a log directory whose meta.properties is missing or empty (it was copied without it, or the disk was full). If the metadata
 * knows exactly one broker with one log directory, that is the node; else topics are told by their folders. Nothing is written
 * here: no broker starts on such a directory, and a wrong id would make it set every partition aside.
 */
import { join } from 'node:path'
import { META_PROPERTIES_FILE, type MetaProperties } from '../../metadata/meta-properties.ts'
import { MetadataLog } from '../../metadata/metadata-log.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import type { Os } from '../../os/os.ts'

/** Kafka's "no directory yet". */
const UNASSIGNED = 'AAAAAAAAAAAAAAAAAAAAAA'
/** To read metadata with, before it is known whose it is. */
export const NOBODY: MetaProperties = { version: 1, clusterId: '', nodeId: -1, directoryId: UNASSIGNED }

export function tellOfNameless(path: string): string {
  return `${path}: ${META_PROPERTIES_FILE} is missing or empty: what is here is only read`
}

/** undefined where the metadata is not here, or does not say whose directory this is. */
export function identityByMetadata(os: Os, path: string): MetaProperties | undefined {
  if (os.fs.stat(join(path, METADATA_LOG_FOLDER)) === undefined) return undefined
  const log = MetadataLog.open(os, path, { identity: NOBODY })
  try {
    const { brokers } = log.image()
    const [broker] = brokers.values()
    if (brokers.size !== 1 || broker.logDirs.length > 1) return undefined
    return { ...NOBODY, nodeId: broker.id, directoryId: broker.logDirs[0] ?? UNASSIGNED }
  } finally {
    log.close()
  }
}
