/**
 * What a producer does for the log it writes, the way git runs its gc: when a segment was rolled since it began, retention
 * that is due is applied. Bounded (one partition, whole segments), never waited for by an append, silent, and off with
 * `tkafka.housekeeping.enable=false` in server.properties. In a directory that a broker made, only where the owner's own
 * settings are known: from a server.properties, or from the topic itself.
 */
import { logFile } from '../../log/segment/log-files.ts'
import { UnifiedLog } from '../../log/unified-log.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { housekeepingIsOn } from '../settings/server-properties.ts'
import { retain } from './retention.ts'

/** Whether retention may be applied to the topic without anybody asking for it. */
export function mayRetainUnasked(directory: LocalDirectory, topic: string): boolean {
  const properties = directory.serverProperties()
  if (!housekeepingIsOn(properties)) return false
  if (!directory.adopted || properties.size > 0) return true
  const own = directory.image().topicConfigs(topic)
  return own.has('retention.ms') || own.has('retention.bytes')
}

/** How often a broker looks (log.retention.check.interval.ms). */
const CHECK_INTERVAL_MS = 300_000

/**
 * Records may come with timestamps of long ago, as when a dump is loaded. A broker leaves them to readers until it looks
 * the next time; so what was written since then is not ours to delete unasked.
 */
function isFresh(os: Os, log: UnifiedLog): boolean {
  const oldest = log.scanSegments()[0]
  const stat = oldest === undefined ? undefined : os.fs.stat(logFile(log.dir, oldest.baseOffset))
  return stat === undefined || os.clock.now() - stat.mtimeMs < CHECK_INTERVAL_MS
}

/**
 * Needs a session. Returns whether segments went. Never throws: cleaning is nobody's reason to lose a record.
 */
export function keepHouse(
  os: Os,
  directory: LocalDirectory,
  { dir, topic, partition, config, leaderEpoch }: UnifiedLog,
): boolean {
  let own: UnifiedLog | undefined
  try {
    if (!mayRetainUnasked(directory, topic)) return false
    // A descriptor, and so a lock, of its own: the producer may be waiting for the same one.
    own = UnifiedLog.open(os, dir, {
      topic,
      partition,
      config,
      leaderEpoch,
      readOnly: false,
      checkpoints: directory.checkpoints,
    })
    if (isFresh(os, own)) return false
    if (!own.tryLock()) return false
    const result = retain(os, directory, own, os.clock.now())
    return result !== undefined && result.action === 'retention'
  } catch {
    return false
  } finally {
    own?.close()
  }
}
