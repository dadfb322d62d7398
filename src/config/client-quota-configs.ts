/** Quotas of users, clients and addresses: names, types and Kafka's words for what is wrong. */
import { KafkaError } from '../errors.ts'

/** LONG and INT quotas take whole numbers only. */
const QUOTAS: Readonly<Record<string, 'LONG' | 'DOUBLE' | 'INT'>> = {
  producer_byte_rate: 'LONG',
  consumer_byte_rate: 'LONG',
  request_percentage: 'DOUBLE',
  controller_mutation_rate: 'DOUBLE',
  connection_creation_rate: 'INT',
}

/** Quotas that users and clients may have. */
export const USER_CLIENT_QUOTAS: ReadonlySet<string> = new Set([
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
])

/** Quotas that addresses may have. */
export const IP_QUOTAS: ReadonlySet<string> = new Set(['connection_creation_rate'])

/** @throws KafkaError INVALID_REQUEST for a name that this kind of entity has not, or a value out of bounds */
export function validateQuota(name: string, value: number | null, allowed: ReadonlySet<string>): void {
  if (!allowed.has(name)) throw new KafkaError('INVALID_REQUEST', `Invalid configuration key ${name}`)
  if (value === null) return
  if (!(value > 0)) throw new KafkaError('INVALID_REQUEST', `Quota ${name} must be greater than 0`)
  const type = QUOTAS[name]
  if (type === 'DOUBLE') return
  const limit = type === 'INT' ? 2147483647 : 2 ** 63
  if (value > limit) {
    throw new KafkaError(
      'INVALID_REQUEST',
      `Proposed value for ${name} is too large for ${type === 'INT' ? 'an INT' : 'a LONG'}.`,
    )
  }
  if (Math.abs(value - Math.round(value)) > 1e-6) {
    throw new KafkaError('INVALID_REQUEST', `${name} cannot be a fractional value.`)
  }
}
