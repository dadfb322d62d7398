/** Directories that tkafka reads and never writes to: why, and the way out, in one line. */
import { META_PROPERTIES_FILE } from '../../metadata/meta-properties.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import type { DataDirKind } from './data-dir.ts'

/** undefined where the directory's kind does not stand in the way. */
export function whyReadOnly(path: string, found: DataDirKind): string | undefined {
  if (found.kind === 'zookeeper') {
    return (
      `${path}: a directory of the ZooKeeper era (meta.properties version 0): its topics are described in ZooKeeper, ` +
      'not here, so tkafka only reads it; migrate it with Kafka 3.9 first'
    )
  }
  if (found.kind === 'without-metadata') {
    return (
      `${path}: ${METADATA_LOG_FOLDER} is not here, so tkafka only reads: it lies in another of the log.dirs of node ` +
      `${found.meta.nodeId}, else bring it back from a copy`
    )
  }
  if (found.kind === 'nameless') {
    return (
      `${path}: ${META_PROPERTIES_FILE} is missing or empty, so tkafka only reads: bring it back from a copy, or write ` +
      'version=1, cluster.id, node.id and directory.id into it'
    )
  }
  return undefined
}
