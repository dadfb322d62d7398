/** Opens a log survey of one partition under the settings of its topic: what the log cleaner judges by. */
import { LogSurvey } from '../../log/cleaner/cleaner-survey.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { cleaningConfig } from './retention.ts'

export function surveyPartition(
  os: Os,
  directory: LocalDirectory,
  topic: string,
  partition: number,
  atOnce = false,
): LogSurvey {
  const { dir } = directory.logForReading(topic, partition)
  const key = `${topic}-${partition}`
  return new LogSurvey(
    os,
    dir,
    directory.checkpoints,
    key,
    cleaningConfig(directory, topic, atOnce),
    os.clock.now(),
  )
}
