/** The sizes and timestamps that a producer or its topic refuses. */
import { type Int64, toInt64 } from '../../bytes/int64.ts'
import type { ProducerSettings } from '../../config/producer-configs.ts'
import { KafkaError } from '../../errors.ts'
import { isTooNew, type LogConfig, latest } from '../../log/log-config.ts'
import type { Codec } from '../../record/record.ts'
import { RECORD_BATCH_OVERHEAD } from '../../record/record-batch.ts'
import { MAX_RECORD_OVERHEAD, sizeOfField, sizeOfRecordBody } from '../../record/record-writer.ts'

/** A record with fewer bytes than this below the limits need not be measured exactly. */
const SLACK = 256

/** What a producer and its topic refuse, with Kafka's texts. */
export class ProducerLimits {
  /** Bytes of key, value and headers up to which no limit is in sight. */
  readonly fits: number
  readonly #topic: string
  readonly #settings: ProducerSettings
  readonly #config: LogConfig
  readonly #codec: Codec

  constructor(topic: string, settings: ProducerSettings, config: LogConfig, codec: Codec) {
    this.#topic = topic
    this.#settings = settings
    this.#config = config
    this.#codec = codec
    this.fits = Math.min(settings.maxRequestSize, settings.bufferMemory, config.maxMessageBytes) - SLACK
  }

  /**
   * The client's limits by its upper bound of the size, then the topic's to the byte (of what is not compressed).
   * Lengths of -1 are null; headersSize includes their count.
   */
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
    const size =
      RECORD_BATCH_OVERHEAD + sizeOfField(sizeOfRecordBody(0, 0, keyLength, valueLength, headersSize))
    // What comes uncompressed is measured as it comes, whatever the topic makes of it afterwards.
    const uncompressed = this.#codec === 'none' || this.#settings.codec === 'none'
    const beyond = uncompressed && size > this.#config.maxMessageBytes
    return beyond ? new KafkaError('MESSAGE_TOO_LARGE') : undefined
  }

  keyMissing(partition: number): KafkaError {
    return new KafkaError(
      'INVALID_RECORD',
      `Compacted topic cannot accept message without key in topic partition ${this.#topic}-${partition}`,
    )
  }

  /** The record's own timestamp, or now. @throws KafkaError INVALID_TIMESTAMP */
  timestampOf(given: Int64 | undefined, now: number): Int64 {
    const timestamp = typeof given === 'bigint' ? toInt64(given) : (given ?? now)
    if (given !== undefined) this.#checkTimestamp(timestamp, now)
    return timestamp
  }

  /** @throws KafkaError INVALID_TIMESTAMP */
  #checkTimestamp(timestamp: Int64, now: number): void {
    const { timestampType, timestampBeforeMaxMs, timestampAfterMaxMs } = this.#config
    if (timestampType === 'LogAppendTime') return
    if (timestamp < 0 || (typeof timestamp === 'number' && !Number.isSafeInteger(timestamp))) {
      throw new KafkaError(
        'INVALID_TIMESTAMP',
        `Invalid timestamp: ${timestamp}. Timestamp should always be non-negative or null.`,
      )
    }
    const age = now - Number(timestamp)
    if (age > timestampBeforeMaxMs || isTooNew(timestamp, now, timestampAfterMaxMs)) {
      throw new KafkaError(
        'INVALID_TIMESTAMP',
        `Timestamp ${timestamp} of message with offset 0 is out of range. The timestamp should be within [${now - timestampBeforeMaxMs}, ${latest(now, timestampAfterMaxMs)}]`,
      )
    }
  }
}

/** What the topic says about compression goes over what the producer wants. */
export function codecOf(config: LogConfig, settings: ProducerSettings): [Codec, number | undefined] {
  switch (config.compressionType) {
    case 'producer':
      return [settings.codec, settings.level]
    case 'uncompressed':
    case 'none':
      return ['none', undefined]
    case 'gzip':
      return ['gzip', config.compressionGzipLevel]
    case 'zstd':
      return ['zstd', config.compressionZstdLevel]
    default:
      return [config.compressionType, undefined]
  }
}
