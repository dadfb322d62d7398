/** SCRAM credentials as the metadata keeps them (RFC 5802): what proves a password, never the password itself. */
import { createRequire } from 'node:module'
import type { ScramMechanism } from '../message/scram-mechanism.ts'
import type { ScramCredentialImage } from './metadata-image.ts'

/** Loaded by who makes a credential: those who only read them do without. */
const crypto = () => createRequire(import.meta.url)('node:crypto') as typeof import('node:crypto')

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
