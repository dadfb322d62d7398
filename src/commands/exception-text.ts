import { KafkaError } from '../errors.ts'

/**
 * A failure as it stands in a result (a table's status column, a skipped partition): there the genuine tools print the exception with its
 * Java name, and scripts look for it. Lines that only report a failure leave the name out.
 */
export function exceptionText(error: Error): string {
  return error instanceof KafkaError
    ? `org.apache.kafka.common.errors.${error.exceptionName}: ${error.message}`
    : error.message
}
