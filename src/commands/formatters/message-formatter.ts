import type { VisitedBatch } from '../../client/consumer.ts'
import { UsageError } from '../../errors.ts'
import type { PrintedForm } from '../../record/kernels/printed-form.ts'
import { DefaultMessageFormatter } from './default-message-formatter.ts'
import type { OutputBuffer } from './output-buffer.ts'

/** Settings under Kafka's names: `print.key`, `key.separator`, ... */
export type FormatterProperties = ReadonlyMap<string, string>

/** Puts records into words (or bytes). What it throws on a record is one line that says what is wrong with it. */
export interface MessageFormatter {
  /** Notices for people about the settings, none for most. */
  readonly problems: readonly string[]
  /** Before the first record of each batch. */
  batch(batch: VisitedBatch, output: OutputBuffer): void
  record(
    offset: number,
    timestamp: number,
    buffer: Buffer,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headersStart: number,
    headersCount: number,
    output: OutputBuffer,
  ): void
  /** What it prints of the batch's records, where that is fields as they are between constant bytes. */
  form?(): PrintedForm | undefined
  /** Behind the last record, which was flushed. `complete` false: something failed. */
  end?(complete: boolean): void
}

const PACKAGE = 'org.apache.kafka.tools.consumer.'

export const DEFAULT_MESSAGE_FORMATTER = `${PACKAGE}DefaultMessageFormatter`

/**
 * The formatter of a Java class name.
 * @throws UsageError with the name, as the genuine tool does, when Kafka has none of it
 */
export async function messageFormatter(
  className: string,
  properties: FormatterProperties,
): Promise<MessageFormatter> {
  switch (className.startsWith(PACKAGE) ? className.slice(PACKAGE.length) : undefined) {
    case 'DefaultMessageFormatter':
    // The genuine one prints the same, and logs besides at a level that nobody sees.
    case 'LoggingMessageFormatter':
      return new DefaultMessageFormatter(properties)
    case 'NoOpMessageFormatter':
      return new NoOpMessageFormatter()
    case 'OffsetsMessageFormatter':
    case 'GroupMetadataMessageFormatter':
    case 'ShareGroupMessageFormatter':
    case 'TransactionLogMessageFormatter':
    case 'group.share.ShareGroupStateMessageFormatter': {
      const { CoordinatorRecordFormatter } = await import('./coordinator-record-formatter.ts')
      return new CoordinatorRecordFormatter(className.slice(PACKAGE.length))
    }
    default:
      throw new UsageError(className)
  }
}

class NoOpMessageFormatter implements MessageFormatter {
  readonly problems: readonly string[] = []
  batch(): void {}
  record(): void {}
}
