/** Whether compaction is due, and what it looks at, in words. */
import type { ExplainedCause } from '../../../client/admin/cleaning-admin.ts'
import { count } from '../../../count.ts'
import type { SurveyedSegment } from '../../../log/cleaner/cleaner-survey.ts'
import { type LogToClean, logToClean } from '../../../log/cleaner/log-to-clean.ts'
import { rollDueAt } from '../../../log/log-retention.ts'
import { cleanerConfig } from '../compaction.ts'
import { duration } from './duration.ts'
import type { ExplainedLog } from './explained-log.ts'

export function explainCompaction(log: ExplainedLog) {
  if (!log.config.compact) return undefined
  const toClean = logToClean(log.survey, log.now)
  const { minCleanableDirtyRatio, deleteRetentionMs } = log.config
  const causes: ExplainedCause[] = []
  if (!cleanerConfig(log.directory).enable) {
    causes.push({
      code: 'cleaner-disabled',
      text: 'log.cleaner.enable=false: log-cleaner compacts only when --compaction asks for it',
    })
  }
  if (toClean.checkpointIsInvalid) {
    causes.push({
      code: 'checkpoint',
      text: `cleaner-offset-checkpoint names an offset outside the log (${log.survey.cleanerCheckpoint}): cleaning begins at the start again`,
    })
  }
  causes.push(...dirtyCauses(log, toClean), ...uncleanableCauses(log, toClean))
  causes.push({
    code: 'tombstones',
    text: `tombstones and transaction markers stay for ${duration(deleteRetentionMs)} behind the compaction that first sees them`,
    setting: log.setting('delete.retention.ms'),
  })
  const stateOf = (segment: SurveyedSegment): 'clean' | 'dirty' | 'uncleanable' => {
    if (segment.baseOffset >= toClean.firstUncleanableOffset) return 'uncleanable'
    return segment.nextOffset > toClean.firstDirtyOffset ? 'dirty' : 'clean'
  }
  const report = {
    due: toClean.due !== undefined,
    dirtyRatio: toClean.cleanableRatio,
    minDirtyRatio: minCleanableDirtyRatio,
    firstDirtyOffset: toClean.firstDirtyOffset,
    firstUncleanableOffset: toClean.firstUncleanableOffset,
    cleanBytes: toClean.cleanBytes,
    dirtyBytes: toClean.cleanableBytes,
    uncleanableBytes: toClean.uncleanableBytes,
    causes,
  }
  return { report, stateOf }
}

const compactNow = (log: ExplainedLog) => `tkafka log-cleaner --topic ${log.topic} --compaction --now`

/** Why what may be cleaned is, or is not, due. */
function dirtyCauses(log: ExplainedLog, toClean: LogToClean): ExplainedCause[] {
  const { minCleanableDirtyRatio } = log.config
  const causes: ExplainedCause[] = []
  const ratio = toClean.cleanableRatio.toFixed(2)
  if (log.survey.size === 0) causes.push({ code: 'empty', text: 'there are no records' })
  else if (toClean.due === 'ratio') {
    causes.push({
      code: 'due',
      text: `due: the dirty ratio ${ratio} is above ${minCleanableDirtyRatio}`,
      setting: log.setting('min.cleanable.dirty.ratio'),
      command: `tkafka log-cleaner --topic ${log.topic} --compaction`,
    })
  } else if (toClean.due === 'lag') {
    causes.push({
      code: 'due',
      text: `due: max.compaction.lag.ms is over for ${duration(toClean.overdueMs)}`,
      setting: log.setting('max.compaction.lag.ms'),
      command: `tkafka log-cleaner --topic ${log.topic} --compaction`,
    })
  } else if (toClean.cleanableBytes > 0) {
    const later =
      toClean.lagDueAt === undefined
        ? ''
        : `; max.compaction.lag.ms makes it due in ${duration(toClean.lagDueAt - log.now)}`
    causes.push({
      code: 'ratio',
      text: `the dirty ratio ${ratio} is not above ${minCleanableDirtyRatio}${later}`,
      setting: log.setting('min.cleanable.dirty.ratio'),
      command: compactNow(log),
    })
  } else if (toClean.uncleanableBytes === 0 || toClean.firstDirtyOffset >= log.survey.logEndOffset) {
    causes.push({
      code: 'clean',
      text: 'all of it is clean: nothing was written since the last compaction',
    })
  }
  return causes
}

/** Why the end of the log may not be cleaned yet. */
function uncleanableCauses(log: ExplainedLog, toClean: LogToClean): ExplainedCause[] {
  if (toClean.uncleanableBytes === 0) return []
  const { minCompactionLagMs } = log.config
  const what = `${count(toClean.uncleanableBytes, 'byte')} from offset ${toClean.firstUncleanableOffset} on are not looked at`
  if (toClean.uncleanableReason === 'min-compaction-lag') {
    return [
      {
        code: 'min-compaction-lag',
        text: `${what}: records younger than min.compaction.lag.ms=${minCompactionLagMs} (for ${duration((toClean.uncleanableUntil ?? log.now) - log.now)} more)`,
        setting: log.setting('min.compaction.lag.ms'),
        command: compactNow(log),
      },
    ]
  }
  if (toClean.uncleanableReason === 'open-transaction') {
    return [
      {
        code: 'open-transaction',
        text: `${what}: a transaction is open since offset ${log.survey.lastStableOffset}`,
        command: `tkafka transactions find-hanging --broker-id ${log.directory.image().nodeId}`,
      },
    ]
  }
  const due = rollDueAt(log.survey.active!, log.config)
  const { name } = log.rolledBy()
  let when = ''
  if (due !== undefined && due < log.now) when = ` (${name} is over: the next record or log-cleaner rolls it)`
  else if (due !== undefined)
    when = ` (in ${duration(due - log.now)} by ${name}, or when it has ${log.config.segmentBytes} bytes)`
  return [
    {
      code: 'active',
      text: `${what}: the active segment is never compacted before it is rolled${when}`,
      setting: log.rolledBy(),
      command: compactNow(log),
    },
  ]
}
