/** Key and trust stores under Java's settings: JKS, PKCS#12 or PEM, whichever the first bytes show. */
import { TerseError } from '../../errors.ts'
import { isJks, readJks } from './jks.ts'
import { type KeyStore, pemBlocks } from './pem.ts'

export interface StorePasswords {
  readonly store: string | undefined
  readonly key: string | undefined
}

const CERTIFICATE = /^(X509 |TRUSTED )?CERTIFICATE$/
const KEY = /PRIVATE KEY$/

/** @throws TerseError that names the file and, for a wrong password, the setting */
export async function readKeyStore(
  file: string,
  bytes: Buffer,
  passwords: StorePasswords,
): Promise<KeyStore> {
  try {
    if (isJks(bytes)) return readJks(bytes, passwords.store, passwords.key)
    if (bytes.includes('-----BEGIN '))
      return readPem(bytes.toString('latin1'), passwords.key ?? passwords.store)
    if (bytes[0] === 0x30) {
      const { readPkcs12 } = await import('./pkcs12.ts')
      return readPkcs12(bytes, passwords.store)
    }
  } catch (error) {
    if (error instanceof TerseError) throw new TerseError(`${file}: ${error.message}`)
    throw error
  }
  throw new TerseError(`${file}: this is no key store in JKS, PKCS#12 or PEM`)
}

/** A file, or the settings that hold the text themselves (ssl.keystore.key and its like). */
export function readPem(text: string, passphrase: string | undefined): KeyStore {
  const certificates = pemBlocks(text, CERTIFICATE)
  const [key] = pemBlocks(text, KEY)
  if (key === undefined) {
    if (certificates.length === 0) throw new TerseError('there is no certificate and no key in this PEM text')
    return { trusted: certificates, key: undefined }
  }
  return {
    trusted: certificates,
    key: { key, chain: certificates, ...(passphrase === undefined ? {} : { passphrase }) },
  }
}
