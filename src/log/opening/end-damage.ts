/** The damage of a log's end, as a value: known-end.ts finds it, local-log.ts hands it to readers and writers. */
import type { CorruptRecordError } from '../../errors.ts'

/** How a partition was left by those who wrote to it. */
export type Closing = 'closed' | 'open' | 'unknown'

export interface KnownEnd {
  /** The partition held records below this offset. */
  readonly offset: number
  /** What says so, for a person. */
  readonly source: string
}

export interface EndDamage {
  readonly error: CorruptRecordError
  /** Where the log goes on when it is mended: no offset below it is given again. */
  readonly endOffset: number
  /** Not damaged, but of a format that is not read here: not to be mended either. */
  readonly unread: boolean
  /** The log is whole; its log-start checkpoint lies behind all that is known of its end, and is not believed. */
  readonly falseStart?: boolean
}

export interface EndJudge {
  /** As of the last look at the disk. */
  readonly damage: EndDamage | undefined
  /** Called behind each look at the disk. */
  judge(): void
  /** The checkpoints have changed: the next look judges anew. */
  forget(): void
  /** @throws TerseError where the end is damaged: nothing is to be changed in this log */
  refuse(): void
}
