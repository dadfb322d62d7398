/** Finds the formatter that a Java class name stands for. */
import { UsageError } from '../../errors.ts'
import { DefaultMessageFormatter } from './default-message-formatter.ts'
import type { FormatterProperties, MessageFormatter } from './message-formatter.ts'

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
