/** Recovery of one partition's log by itself, as tests want it. */
import type { RecoveryReport } from '../../src/log/opening/log-recovery.ts'
import { UnifiedLog } from '../../src/log/unified-log.ts'
import type { UnifiedLogOptions } from '../../src/log/unified-log-options.ts'
import type { Os } from '../../src/os/os.ts'

/** Opens, locks, recovers and closes one partition. */
export async function recoverLog(
  os: Os,
  partitionDir: string,
  options: Omit<UnifiedLogOptions, 'readOnly'>,
): Promise<RecoveryReport> {
  const log = UnifiedLog.open(os, partitionDir, { ...options, readOnly: false })
  try {
    await log.lock()
    return await log.recover()
  } finally {
    log.close()
  }
}
