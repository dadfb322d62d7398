/** Error codes of responses as KafkaErrors. */
import { KafkaError, type KafkaErrorName } from '../../errors.ts'
import { KAFKA_ERRORS } from '../../message/generated/errors.ts'

const NAMES = new Map<number, KafkaErrorName>(
  (Object.keys(KAFKA_ERRORS) as KafkaErrorName[]).map((name) => [KAFKA_ERRORS[name].code, name]),
)

/** A code of a newer Kafka is UNKNOWN_SERVER_ERROR, as it is to Java's clients. */
export function kafkaErrorOf(code: number, message?: string | null): KafkaError {
  const text = message === null || message === '' ? undefined : message
  const name = NAMES.get(code)
  if (name !== undefined) return new KafkaError(name, text)
  return new KafkaError(
    'UNKNOWN_SERVER_ERROR',
    text ?? `The broker answered with error ${code}, which is not known here.`,
  )
}

interface Failing {
  readonly errorCode?: unknown
  readonly errorMessage?: unknown
}

/** @throws KafkaError where this part of a response says that it failed */
export function throwErrorOf(part: object): void {
  const { errorCode, errorMessage } = part as Failing
  if (typeof errorCode !== 'number' || errorCode === 0) return
  throw kafkaErrorOf(errorCode, typeof errorMessage === 'string' ? errorMessage : undefined)
}

/** @throws KafkaError of the first error anywhere in a response, so that none is passed over */
export function throwAnyError(part: unknown): void {
  if (part === null || typeof part !== 'object' || part instanceof Uint8Array) return
  if (Array.isArray(part)) {
    for (const element of part) throwAnyError(element)
    return
  }
  throwErrorOf(part)
  for (const value of Object.values(part)) if (typeof value === 'object') throwAnyError(value)
}
