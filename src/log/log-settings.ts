/** The settings that the parts of one open log share. */
import type { LogConfig } from './log-config.ts'
import type { UnifiedLogOptions } from './unified-log-options.ts'

/** What the parts of one UnifiedLog share; config and epoch may change while it is open. */
export interface LogSettings {
  readonly topic: string
  readonly partition: number
  /** `topic-partition`, as messages name it. */
  readonly topicPartition: string
  config: LogConfig
  leaderEpoch: number
  readonly keepBroken: boolean
  /** See UnifiedLogOptions. */
  readonly namesDurableBefore?: number
  readonly uncleanFrom?: () => number | undefined
  readonly warn?: (line: string) => void
}

export function settingsOf(options: UnifiedLogOptions): LogSettings {
  const { topic, partition, config, leaderEpoch, keepBroken = true, uncleanFrom, warn } = options
  return {
    topic,
    partition,
    topicPartition: `${topic}-${partition}`,
    config,
    leaderEpoch,
    keepBroken,
    // Asked when it is needed: the directory may be clean still.
    get namesDurableBefore() {
      return options.namesDurableBefore
    },
    uncleanFrom,
    warn,
  }
}
