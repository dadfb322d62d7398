/** The sizes and timestamps that a producer refuses by itself, with the Java client's texts. */
import { type Int64, toInt64 } from '../bytes/int64.ts'
import { KafkaError } from '../errors.ts'
import { RECORD_BATCH_OVERHEAD } from '../record/record-batch.ts'
import { MAX_RECORD_OVERHEAD, sizeOfField } from '../record/record-writer.ts'

/** A record with fewer bytes than this below the limits need not be measured exactly. */
const SLACK = 256

export interface LimitSettings {
  readonly maxRequestSize: number
  readonly bufferMemory: number
}

export class RecordLimits {
  /** Bytes of key, value and headers up to which no limit is in sight. */
  readonly fits: number
  readonly #settings: LimitSettings

  constructor(settings: LimitSettings, furtherLimit = Number.POSITIVE_INFINITY) {
    this.#settings = settings
    this.fits = Math.min(settings.maxRequestSize, settings.bufferMemory, furtherLimit) - SLACK
  }

  /** By an upper bound of the size. Lengths of -1 are null; headersSize includes their count. */
  tooLarge(keyLength: number, valueLength: number, headersSize: number): KafkaError | undefined {
    const { maxRequestSize, bufferMemory } = this.#settings
    const fields = sizeOfField(keyLength) + sizeOfField(valueLength) + headersSize
    const upperBound = RECORD_BATCH_OVERHEAD + MAX_RECORD_OVERHEAD + fields
    const says = `The message is ${upperBound} bytes when serialized which is larger than`
    if (upperBound > maxRequestSize) {
      return new KafkaError(
        'MESSAGE_TOO_LARGE',
        `${says} ${maxRequestSize}, which is the value of the max.request.size configuration.`,
      )
    }
    if (upperBound > bufferMemory) {
      return new KafkaError(
        'MESSAGE_TOO_LARGE',
        `${says} the total memory buffer you have configured with the buffer.memory configuration.`,
      )
    }
    return undefined
  }

  /** The record's own timestamp, or now. @throws KafkaError INVALID_TIMESTAMP */
  timestampOf(given: Int64 | undefined, now: number): Int64 {
    const timestamp = typeof given === 'bigint' ? toInt64(given) : (given ?? now)
    if (given !== undefined) this.checkTimestamp(timestamp, now)
    return timestamp
  }

  /** @throws KafkaError INVALID_TIMESTAMP */
  protected checkTimestamp(timestamp: Int64, _now: number): void {
    if (timestamp >= 0 && (typeof timestamp !== 'number' || Number.isSafeInteger(timestamp))) return
    throw new KafkaError(
      'INVALID_TIMESTAMP',
      `Invalid timestamp: ${timestamp}. Timestamp should always be non-negative or null.`,
    )
  }
}
