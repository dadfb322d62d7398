/**
 * Why a topic's partitions are cleaned, or are not: each segment judged by the very rules of retention and compaction,
 * with the setting that decides, where it comes from, and the command that would change it. Reads only.
 */
import type { ExplainedPartition, ExplainedSegment } from '../../../client/admin/cleaning-admin.ts'
import { KafkaError } from '../../../errors.ts'
import type { LogSurvey } from '../../../log/cleaner/cleaner-survey.ts'
import type { Os } from '../../../os/os.ts'
import type { LocalDirectory } from '../../directory/local-directory.ts'
import { surveyPartition } from '../survey.ts'
import { explainCompaction } from './compaction.ts'
import { ExplainedLog } from './explained-log.ts'
import { deletableAt, retentionCauses, whyGone, whyKept } from './retention.ts'

const COMPACTION_ONLY = /compaction\.lag|dirty\.ratio|delete\.retention/
const RETENTION_ONLY = /^retention\./
const REMOTE_ONLY = /^(local|remote)\./

export async function explainCleaning(
  os: Os,
  directory: LocalDirectory,
  topic: string,
  failed?: (partition: number, error: unknown) => void,
): Promise<ExplainedPartition[]> {
  const image = directory.image().topic(topic)
  if (image === undefined)
    throw new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', `Topic '${topic}' does not exist`)
  return image.partitions.flatMap(({ partition }) => {
    let survey: LogSurvey | undefined
    try {
      survey = surveyPartition(os, directory, topic, partition)
      return [explainPartition(new ExplainedLog(os, directory, topic, survey), partition)]
    } catch (error) {
      if (failed === undefined) throw error
      failed(partition, error)
      return []
    } finally {
      survey?.close()
    }
  })
}

function explainPartition(log: ExplainedLog, partition: number): ExplainedPartition {
  const expired = new Map(log.survey.expired(log.config, log.now).map((one) => [one.baseOffset, one]))
  const { segments, logStartOffset, logEndOffset, size } = log.survey
  const compaction = explainCompaction(log)
  const explained = segments.map((segment, i): ExplainedSegment => {
    const gone = expired.get(segment.baseOffset)
    const causes =
      gone === undefined ? whyKept(log, segment, i, expired.size) : [whyGone(log, segment, gone.reason)]
    const at = deletableAt(log, segment)
    return {
      baseOffset: segment.baseOffset,
      lastOffset: segment.nextOffset - 1,
      size: segment.size,
      active: segment.active,
      firstTimestamp: segment.firstTimestamp,
      largestTimestamp: segment.largestTimestamp,
      deletable: gone !== undefined,
      ...(at === undefined ? {} : { deletableAt: at }),
      causes,
      ...(compaction === undefined ? {} : { cleaning: compaction.stateOf(segment) }),
    }
  })
  const freed = [...expired.values()].reduce((total, one) => total + one.size, 0)
  return {
    topic: log.topic,
    partition,
    size,
    logStartOffset,
    logEndOffset,
    segments: explained,
    retention: { deletableBytes: freed, causes: retentionCauses(log, expired.size) },
    ...(compaction === undefined ? {} : { compaction: compaction.report }),
    settings: [...log.settings.values()].filter(
      ({ name, source }) =>
        (!COMPACTION_ONLY.test(name) || log.config.compact) &&
        (!RETENTION_ONLY.test(name) || log.directory.logConfig(log.topic).delete) &&
        (!REMOTE_ONLY.test(name) || source === 'DYNAMIC_TOPIC_CONFIG'),
    ),
  }
}
