import { Cleaner } from '../../src/log/cleaner/cleaner.ts'
import { CleanerLock } from '../../src/log/cleaner/cleaner-lock.ts'
import { CleanerPace } from '../../src/log/cleaner/cleaner-pace.ts'
import { LogSurvey } from '../../src/log/cleaner/cleaner-survey.ts'
import { logToClean } from '../../src/log/cleaner/log-to-clean.ts'
import { OffsetMap } from '../../src/log/cleaner/offset-map.ts'
import { LogDirCheckpoints } from '../../src/log/log-dir-checkpoints.ts'
import type { UnifiedLog } from '../../src/log/unified-log.ts'
import type { Os } from '../../src/os/os.ts'
import { systemOs } from '../../src/os/system-os.ts'

/** The machine without its syncs, which only a power cut would miss. */
export const unsyncedOs: Os = {
  ...systemOs,
  fs: {
    ...systemOs.fs,
    fsync: () => undefined,
    fdatasync: () => undefined,
    fsyncDir: () => undefined,
  },
}

export interface CleanOptions {
  readonly os?: Os
  readonly now?: number
  /** Of the offset map, in bytes. */
  readonly memory?: number
  readonly loadFactor?: number
  readonly ioBufferSize?: number
  readonly dryRun?: boolean
  /** Runs before each swap, without the lock. */
  readonly beforeSwap?: () => void
  /** Take and give back the cleaner's lock (default). */
  readonly locked?: boolean
}

/** Compacts a log on its own, whatever the dirty ratio says, as local/ does it. */
export async function cleanLog(log: UnifiedLog, logDir: string, options: CleanOptions = {}) {
  const { os = systemOs, now = Date.now(), memory = 1 << 20, ioBufferSize = 1 } = options
  const checkpoints = new LogDirCheckpoints(os, logDir)
  const key = `${log.topic}-${log.partition}`
  // Makes the folder where nothing was written yet; removes what a killed cleaner left.
  log.lockSync()
  log.deleteRecordsBefore(log.logStartOffset)
  log.unlock()
  const lock = options.locked === false ? undefined : CleanerLock.tryTake(os, log.dir)
  const cleaner = new Cleaner(os, {
    map: new OffsetMap(memory, options.loadFactor ?? 0.9, 7),
    ioBufferSize,
    now,
    dryRun: options.dryRun === true,
    pace: new CleanerPace(os.clock),
    underLock: async (swap) => {
      options.beforeSwap?.()
      log.lockSync()
      swap()
      log.unlock()
      return true
    },
  })
  let passes = 0
  try {
    for (;;) {
      const survey = new LogSurvey(os, log.dir, checkpoints, key, log.config, now)
      try {
        if (survey.corrupt !== undefined) throw survey.corrupt
        const toClean = logToClean(survey, now)
        if (toClean.cleanableBytes === 0 || toClean.firstDirtyOffset >= toClean.firstUncleanableOffset) break
        const end = await cleaner.clean(survey, toClean)
        passes++
        if (options.dryRun === true) break
        checkpoints.update('cleaner', new Map([[key, end]]))
      } finally {
        survey.close()
      }
    }
  } finally {
    lock?.release()
  }
  log.refresh()
  return { ...cleaner.stats, passes }
}
