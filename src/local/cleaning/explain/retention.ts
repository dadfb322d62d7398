/** Which segments retention takes, or why not, in words. */

import type { ExplainedCause } from '../../../client/admin/cleaning-admin.ts'
import { count } from '../../../count.ts'
import type { SurveyedSegment } from '../../../log/cleaner/cleaner-survey.ts'
import { NEVER } from '../../../log/log-config.ts'
import { rollDueAt } from '../../../log/log-retention.ts'
import { isRemote } from '../retention.ts'
import { duration } from './duration.ts'
import type { ExplainedLog } from './explained-log.ts'

type Tell = (code: string, text: string, name?: string, command?: string) => void

/** What holds for the partition as a whole. */
export function retentionCauses(log: ExplainedLog, expired: number): ExplainedCause[] {
  const causes: ExplainedCause[] = []
  const cause: Tell = (code, text, name, command) => {
    const setting = name === undefined ? undefined : log.settings.get(name)
    causes.push({
      code,
      text,
      ...(setting === undefined ? {} : { setting }),
      ...(command === undefined ? {} : { command }),
    })
  }
  settingCauses(log, cause)
  diskCauses(log, expired, cause)
  return causes
}

/** What the topic's settings say. */
function settingCauses(log: ExplainedLog, cause: Tell): void {
  const config = log.directory.logConfig(log.topic)
  if (!config.delete) {
    const what = config.compact
      ? 'the policy is compact alone: nothing is deleted by age or size'
      : 'the policy is empty: records are kept for ever'
    const to = config.compact ? 'compact,delete' : 'delete'
    cause('policy', what, 'cleanup.policy', log.alter('cleanup.policy', `[${to}]`))
  } else if (isRemote(log.directory, log.topic)) {
    cause(
      'remote-storage',
      'remote.storage.enable=true: only segments that were uploaded may go, and there is no remote storage here, so local.retention.ms and local.retention.bytes are not applied',
      'remote.storage.enable',
    )
  } else if (config.retentionMs < 0 && config.retentionBytes < 0) {
    cause(
      'unlimited',
      'neither age nor size is limited: records are kept for ever',
      'retention.ms',
      log.alter('retention.ms', '604800000'),
    )
  }
  const topicOverrides = log.directory.image().topicConfigs(log.topic)
  if (
    !isRemote(log.directory, log.topic) &&
    [...topicOverrides.keys()].some((name) => name.startsWith('local.retention'))
  ) {
    cause(
      'local-retention',
      'local.retention.ms and local.retention.bytes count only with remote storage, which this topic has not: retention.ms and retention.bytes decide',
      topicOverrides.has('local.retention.ms') ? 'local.retention.ms' : 'local.retention.bytes',
    )
  }
  if (config.delete && config.retentionBytes >= 0 && config.retentionBytes < config.segmentBytes) {
    cause(
      'retention-below-segment',
      `retention.bytes=${config.retentionBytes} is less than one segment may hold (segment.bytes=${config.segmentBytes}): only whole segments go, so up to a segment more may stay`,
      'retention.bytes',
      log.alter('segment.bytes', String(Math.max(config.retentionBytes, 1048576))),
    )
  }
}

/** What is on the disk, and who would delete it. */
function diskCauses(log: ExplainedLog, expired: number, cause: Tell): void {
  const topicOverrides = log.directory.image().topicConfigs(log.topic)
  const waiting = log.survey.local.listing?.leftovers.filter(
    ({ file }) => file.state === 'deleted' && file.kind === 'log',
  )
  if (waiting !== undefined && waiting.length > 0) {
    cause(
      'delete-delay',
      `${count(waiting.length, 'deleted segment still holds', 'deleted segments still hold')} disk space (.deleted) until file.delete.delay.ms is over and the next run unlinks them`,
      'file.delete.delay.ms',
    )
  }
  if (expired > 0) {
    cause(
      'nobody-ran',
      'what is deletable goes when the log cleaner runs: no broker does it here',
      undefined,
      `tkafka log-cleaner --topic ${log.topic} --retention`,
    )
    if (
      log.directory.adopted &&
      log.directory.serverProperties().size === 0 &&
      !topicOverrides.has('retention.ms') &&
      !topicOverrides.has('retention.bytes')
    ) {
      cause(
        'adopted',
        'this directory was made by a broker whose settings are not here (no server.properties), so writers delete nothing by themselves: only log-cleaner does',
      )
    }
  }
  if (log.survey.corrupt !== undefined)
    cause('corrupt', log.survey.corrupt.message, undefined, 'tkafka repair')
}

export function whyGone(log: ExplainedLog, segment: SurveyedSegment, reason: string): ExplainedCause {
  if (reason === 'log-start') {
    return {
      code: 'below-log-start',
      text: `all of it lies below the log's start, ${log.survey.logStartOffset}`,
    }
  }
  const roll = segment.active ? '; it is active and is rolled first' : ''
  if (reason === 'size') {
    return {
      code: 'size-exceeded',
      text: `without it the log still holds retention.bytes${roll}`,
      setting: log.setting('retention.bytes'),
    }
  }
  const age = duration(log.now - segment.largestTimestamp)
  return {
    code: 'expired',
    text: `its newest record is ${age} old, retention.ms is ${duration(log.config.retentionMs)}${roll}`,
    setting: log.setting('retention.ms'),
  }
}

export function whyKept(
  log: ExplainedLog,
  segment: SurveyedSegment,
  index: number,
  expired: number,
): ExplainedCause[] {
  const causes: ExplainedCause[] = []
  const { retentionMs, retentionBytes } = log.config
  if (!log.config.delete) return causes
  if (segment.size === 0) {
    causes.push({ code: 'empty', text: 'it is empty: the next record goes here' })
    return causes
  }
  const age = log.now - segment.largestTimestamp
  if (retentionMs >= 0) {
    if (age > retentionMs && index > expired) {
      causes.push({
        code: 'behind-another',
        text: 'an older segment before it has newer records: segments go from the front',
      })
    } else if (age < 0) {
      causes.push({
        code: 'future-timestamp',
        text: `a record in it has a timestamp ${duration(-age)} ahead of the clock, and retention counts from that`,
        setting: log.setting('retention.ms'),
        command: log.alter('message.timestamp.type', 'LogAppendTime'),
      })
    } else if (age <= retentionMs) {
      const oldest = duration(log.now - segment.firstTimestamp)
      const both =
        log.now - segment.firstTimestamp > retentionMs
          ? `it holds records up to ${oldest} old, but also one only ${duration(age)} old: a segment goes as a whole`
          : `its newest record is ${duration(age)} old`
      causes.push({
        code: 'newer-than-retention',
        text: `${both}; retention.ms is ${duration(retentionMs)}`,
        setting: log.setting('retention.ms'),
        command: log.alter('retention.ms', String(Math.max(Math.floor(age), 1))),
      })
    }
    if (!segment.hasTimestamps) {
      causes.push({
        code: 'no-timestamps',
        text: 'its records have no timestamps: the time of its file counts',
      })
    }
  }
  if (retentionBytes >= 0) {
    causes.push({
      code: 'size-below',
      text: `without it the log would hold less than retention.bytes=${retentionBytes} (the log has ${count(log.survey.size, 'byte')})`,
      setting: log.setting('retention.bytes'),
    })
  }
  if (segment.active) causes.push(whyActive(log, segment))
  return causes
}

function whyActive(log: ExplainedLog, segment: SurveyedSegment): ExplainedCause {
  const { segmentBytes, segmentMs, retentionMs } = log.config
  const due = rollDueAt(segment, log.config) ?? 0
  const setting = log.rolledBy()
  if (due < log.now) {
    return {
      code: 'active',
      text: `it is the active one; ${setting.name} is over, so the next record or log-cleaner rolls it`,
      setting,
      command: `tkafka log-cleaner --topic ${log.topic} --retention`,
    }
  }
  const keepsOld = retentionMs >= 0 && log.now - segment.firstTimestamp > retentionMs
  const atOnce = keepsOld
    ? `; tkafka log-cleaner --topic ${log.topic} --retention --now rolls it at once`
    : ''
  return {
    code: 'active',
    text: `it is the active one: as long as records go into it, its newest stays new; it is rolled in ${duration(due - log.now)} by ${setting.name}, or when it has ${segmentBytes} bytes (it has ${segment.size})${atOnce}`,
    setting,
    // Rolled sooner than that, it would wait for its age all the same.
    ...(retentionMs >= 0 && retentionMs < segmentMs
      ? { command: log.alter('segment.ms', String(Math.max(retentionMs, 1000))) }
      : {}),
  }
}

export function deletableAt(log: ExplainedLog, segment: SurveyedSegment): number | undefined {
  const { retentionMs } = log.config
  if (!log.config.delete || retentionMs < 0 || retentionMs >= NEVER || segment.size === 0) return undefined
  return segment.largestTimestamp + retentionMs
}
