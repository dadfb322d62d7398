/** The sizes and timestamps that a producer or its topic refuses. */
import type { Int64 } from '../../bytes/int64.ts'
import { RecordLimits } from '../../client/record-limits.ts'
import type { ProducerSettings } from '../../config/producer-configs.ts'
import { KafkaError } from '../../errors.ts'
import { compressionLevel, isTooNew, type LogConfig, latest } from '../../log/log-config.ts'
import type { Codec } from '../../record/record.ts'
import { RECORD_BATCH_OVERHEAD } from '../../record/record-batch.ts'
import { sizeOfField, sizeOfRecordBody } from '../../record/record-writer.ts'

/** What a producer and its topic refuse, with Kafka's texts. */
export class ProducerLimits extends RecordLimits {
  readonly #topic: string
  readonly #settings: ProducerSettings
  readonly #config: LogConfig
  readonly #codec: Codec

  constructor(topic: string, settings: ProducerSettings, config: LogConfig, codec: Codec) {
    super(settings, config.maxMessageBytes)
    this.#topic = topic
    this.#settings = settings
    this.#config = config
    this.#codec = codec
  }

  /** The client's limits, then the topic's to the byte (of what is not compressed). */
  override tooLarge(keyLength: number, valueLength: number, headersSize: number): KafkaError | undefined {
    const refusal = super.tooLarge(keyLength, valueLength, headersSize)
    if (refusal !== undefined) return refusal
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

  /** @throws KafkaError INVALID_TIMESTAMP */
  protected override checkTimestamp(timestamp: Int64, now: number): void {
    const { timestampType, timestampBeforeMaxMs, timestampAfterMaxMs } = this.#config
    if (timestampType === 'LogAppendTime') return
    super.checkTimestamp(timestamp, now)
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
    default:
      return [config.compressionType, compressionLevel(config.compressionType, config)]
  }
}
