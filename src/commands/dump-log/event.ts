/** The events that dump-log finds in a file, one after the other; printers turn them into text or rows. */
import type { Int64 } from '../../bytes/int64.ts'
import type { Codec } from '../../record/record.ts'
import type { Decoded } from './decoders/record-decoder.ts'

export interface BatchEvent {
  readonly type: 'batch'
  readonly baseOffset: Int64
  readonly lastOffset: Int64
  readonly count: number
  readonly baseSequence: number
  readonly lastSequence: number
  readonly producerId: Int64
  readonly producerEpoch: number
  readonly partitionLeaderEpoch: number
  readonly isTransactional: boolean
  readonly isControl: boolean
  readonly deleteHorizonMs: Int64 | undefined
  readonly position: number
  readonly timestampType: string
  readonly maxTimestamp: Int64
  readonly size: number
  readonly magic: number
  readonly compression: Codec
  readonly crc: number
  readonly isValid: boolean
}

/** A message of a format before magic 2. */
export interface LegacyMessageEvent {
  readonly type: 'message'
  readonly offset: Int64
  readonly position: number
  readonly timestampType: string
  readonly timestamp: Int64
  readonly size: number
  readonly magic: number
  readonly compression: Codec
  readonly crc: number
  readonly isValid: boolean
}

export interface RecordEvent {
  readonly type: 'record'
  readonly offset: Int64
  readonly timestampType: string
  readonly timestamp: Int64
  /** -1 for null. */
  readonly keySize: number
  readonly valueSize: number
  /** Absent in formats before magic 2. */
  readonly sequence?: number
  readonly headerKeys?: readonly string[]
  /** Of a message of a format before magic 2. */
  readonly legacy?: { readonly isValid: boolean; readonly crc: number }
  /** Of a control record: its kind as the text output names it, and what it says. */
  readonly control?: ControlInfo
  readonly key?: Decoded
  readonly value?: Decoded
}

export interface ControlInfo {
  readonly text: string
  readonly controlType: string
  readonly data?: string
}

/** What a dump finds, piece by piece and in the order of the files; printers make text or JSON of it. */
export type DumpEvent =
  | { readonly type: 'file'; readonly file: string }
  | { readonly type: 'log'; readonly startOffset: Int64 }
  | { readonly type: 'checkpoint'; readonly endOffset: Int64; readonly epoch: number }
  | { readonly type: 'bootstrapCheckpoint' }
  | BatchEvent
  | LegacyMessageEvent
  | RecordEvent
  | { readonly type: 'invalidBytes'; readonly bytes: number; readonly name: string }
  | { readonly type: 'emptyIndex'; readonly file: string }
  | { readonly type: 'saneIndex'; readonly file: string }
  | { readonly type: 'indexEntry'; readonly offset: Int64; readonly position: number }
  | { readonly type: 'timeIndexEntry'; readonly timestamp: Int64; readonly offset: Int64 }
  | {
      readonly type: 'abortedTransaction'
      readonly version: number
      readonly producerId: Int64
      readonly firstOffset: Int64
      readonly lastOffset: Int64
      readonly lastStableOffset: Int64
    }
  | {
      readonly type: 'producer'
      readonly producerId: Int64
      readonly producerEpoch: number
      readonly coordinatorEpoch: number
      readonly currentTxnFirstOffset: Int64 | undefined
      readonly lastTimestamp: Int64
      readonly lastBatch:
        | {
            readonly firstSequence: number
            readonly lastSequence: number
            readonly lastOffset: Int64
            readonly offsetDelta: number
            readonly timestamp: Int64
          }
        | undefined
    }

/** Takes the events of a dump one by one. */
export type DumpPrinter = (event: DumpEvent) => void
