/** SCRAM mechanisms (RFC 5802) under their names, with the ids that requests and stored records have for them. */
import { createRequire } from 'node:module'

export const MIN_ITERATIONS = 4096
export const MAX_ITERATIONS = 16384
export const SALT_BYTES = 16

export interface ScramMechanism {
  readonly name: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  /** In requests and stored records. */
  readonly id: number
  readonly digest: string
}

export const SCRAM_MECHANISMS: readonly ScramMechanism[] = [
  { name: 'SCRAM-SHA-256', id: 1, digest: 'sha256' },
  { name: 'SCRAM-SHA-512', id: 2, digest: 'sha512' },
]

/** Loaded by who makes a credential: those who only read them do without. */
const crypto = () => createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto')

export function saltedPassword(
  { digest }: ScramMechanism,
  password: string,
  salt: Buffer,
  iterations: number,
): Buffer {
  const { createHash, pbkdf2Sync } = crypto()
  const length = createHash(digest).digest().length
  return pbkdf2Sync(password.normalize('NFKC'), salt, iterations, length, digest)
}
