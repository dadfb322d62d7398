/**
 * Kafka's errors as data, and the errors that a person sees as one line.
 * Source of names, codes and texts: the Errors table of Kafka's protocol.
 */
import { KAFKA_ERRORS } from './message/generated/errors.ts'

/** A failure that a user can understand and act on: printed as one line, never with a stack. */
export class TerseError extends Error {
  override name = 'TerseError'
}

/** Wrong usage: printed as one line (with the tool's usage where the genuine tool prints it), exit 1. */
export class UsageError extends TerseError {
  override name = 'UsageError'
  /** False: the message alone, as the genuine tools do for values that a flag's type refuses. */
  readonly showUsage: boolean

  constructor(message: string, showUsage = true) {
    super(message)
    this.showUsage = showUsage
  }
}

/** Stored bytes that are not what they should be. Always says where. */
export class CorruptRecordError extends TerseError {
  override name = 'CorruptRecordError'
  /** File the bytes are in, if known where it was thrown; callers that know add it with `inFile`. */
  readonly file: string | undefined
  /** Byte position in the file (or buffer). */
  readonly position: number
  readonly detail: string

  constructor(detail: string, position: number, file?: string) {
    super(
      file === undefined
        ? `${detail} (at position ${position})`
        : `${file}: ${detail} (at position ${position})`,
    )
    this.detail = detail
    this.position = position
    this.file = file
  }

  /** The same error with the file named and the position counted from the file's start. */
  inFile(file: string, basePosition = 0): CorruptRecordError {
    return new CorruptRecordError(this.detail, basePosition + this.position, file)
  }
}

/** One of Kafka's protocol errors, under its Kafka name. */
export class KafkaError extends TerseError {
  override name = 'KafkaError'
  readonly code: KafkaErrorName

  constructor(code: KafkaErrorName, message?: string) {
    super(message ?? KAFKA_ERRORS[code].message)
    this.code = code
  }

  get exceptionName(): string {
    return KAFKA_ERRORS[this.code].exception
  }

  get retriable(): boolean {
    return KAFKA_ERRORS[this.code].retriable
  }
}

export type KafkaErrorName = keyof typeof KAFKA_ERRORS

/**
 * A failure as it stands in a result (a table's status column, a skipped partition): there the genuine tools print the exception with its
 * Java name, and scripts look for it. Lines that only report a failure leave the name out.
 */
export function exceptionText(error: Error): string {
  return error instanceof KafkaError
    ? `org.apache.kafka.common.errors.${error.exceptionName}: ${error.message}`
    : error.message
}
