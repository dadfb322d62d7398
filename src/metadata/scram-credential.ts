/** SCRAM credentials as the metadata keeps them (RFC 5802): what proves a password, never the password itself. */
import { createRequire } from 'node:module'
import type { ScramCredentialImage } from './metadata-image.ts'

export const MIN_ITERATIONS = 4096
export const MAX_ITERATIONS = 16384
export const SALT_BYTES = 16

interface ScramMechanism {
  readonly name: 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  /** In stored records. */
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

export function scramCredential(
  user: string,
  { id, digest }: ScramMechanism,
  { salt, salted, iterations }: { salt: Buffer; salted: Buffer; iterations: number },
): ScramCredentialImage {
  const { createHash, createHmac } = crypto()
  const key = (purpose: string) => createHmac(digest, salted).update(purpose).digest()
  return {
    name: user,
    mechanism: id,
    salt,
    storedKey: createHash(digest).update(key('Client Key')).digest(),
    serverKey: key('Server Key'),
    iterations,
  }
}
