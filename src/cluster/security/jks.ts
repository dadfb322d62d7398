/**
 * Java key stores of the old kind, as `keytool -storetype JKS` makes them:
 *
 *     int32 0xfeedfeed, int32 version (2), int32 entries; of each: int32 tag (1 key, 2 certificate), alias, int64 time, then
 *       of a key          int32 length and bytes of an EncryptedPrivateKeyInfo, int32 certificates, and these
 *       of a certificate  the certificate: type, int32 length, DER
 *     SHA-1 of password (UTF-16BE), "Mighty Aphrodite" and all of the above
 *
 * Texts are int16 length and UTF-8. Source: sun.security.provider.JavaKeyStore and KeyProtector of OpenJDK.
 */
import { ByteReader } from '../../bytes/byte-reader.ts'
import { CorruptRecordError, TerseError } from '../../errors.ts'
import { type KeyStore, pemOf } from './pem.ts'

const MAGIC = 0xfeedfeed
const DIGEST_LENGTH = 20
const KEY_TAG = 1
const CERTIFICATE_TAG = 2

export function isJks(bytes: Buffer): boolean {
  return bytes.length > 4 && bytes.readUInt32BE(0) === MAGIC
}

/** @throws TerseError for a wrong password, or bytes that are no key store */
export function readJks(
  bytes: Buffer,
  storePassword: string | undefined,
  keyPassword: string | undefined,
): KeyStore {
  try {
    if (storePassword !== undefined) checkPassword(bytes, storePassword)
    return entriesOf(new ByteReader(bytes, 4, bytes.length - DIGEST_LENGTH), keyPassword ?? storePassword)
  } catch (error) {
    if (error instanceof CorruptRecordError) throw new TerseError('the key store is cut short or damaged')
    throw error
  }
}

function entriesOf(reader: ByteReader, keyPassword: string | undefined): KeyStore {
  const version = reader.int32()
  const count = reader.int32()
  const trusted: string[] = []
  let key: KeyStore['key']
  for (let i = 0; i < count; i++) {
    const tag = reader.int32()
    text(reader)
    reader.skip(8)
    if (tag === CERTIFICATE_TAG) trusted.push(certificate(reader, version))
    else if (tag === KEY_TAG) {
      const sealed = reader.bytes(reader.int32())
      const chain = Array.from({ length: reader.int32() }, () => certificate(reader, version))
      if (keyPassword !== undefined) key ??= { key: pemOf('PRIVATE KEY', unseal(sealed, keyPassword)), chain }
    } else throw new TerseError(`the key store has an entry of a kind that is not known (${tag})`)
  }
  return { trusted, key }
}

function text(reader: ByteReader): string {
  return reader.utf8(reader.uint16())
}

function certificate(reader: ByteReader, version: number): string {
  if (version > 1) text(reader)
  return pemOf('CERTIFICATE', reader.bytes(reader.int32()))
}

function sha1(...parts: Uint8Array[]): Buffer {
  const hash = process.getBuiltinModule('node:crypto').createHash('sha1')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function utf16(password: string): Buffer {
  return Buffer.from(password, 'utf16le').swap16()
}

function checkPassword(bytes: Buffer, password: string): void {
  const end = bytes.length - DIGEST_LENGTH
  const digest = sha1(utf16(password), Buffer.from('Mighty Aphrodite'), bytes.subarray(0, end))
  if (!digest.equals(bytes.subarray(end))) throw new TerseError('the password does not open the key store')
}

/** The key in an EncryptedPrivateKeyInfo: its last octet string is salt, the key XORed with a chain of SHA-1, and a digest. */
function unseal(sealed: Buffer, password: string): Buffer {
  const bytes = lastOctetString(sealed)
  const secret = utf16(password)
  const salt = bytes.subarray(0, DIGEST_LENGTH)
  const key = Buffer.from(bytes.subarray(DIGEST_LENGTH, bytes.length - DIGEST_LENGTH))
  let mask: Buffer = salt
  for (let at = 0; at < key.length; at++) {
    if (at % DIGEST_LENGTH === 0) mask = sha1(secret, mask)
    key[at] ^= mask[at % DIGEST_LENGTH]
  }
  if (!sha1(secret, key).equals(bytes.subarray(bytes.length - DIGEST_LENGTH))) {
    throw new TerseError('the password does not open the key (ssl.key.password)')
  }
  return key
}

/** SEQUENCE { AlgorithmIdentifier, OCTET STRING } */
function lastOctetString(der: Buffer): Buffer {
  const reader = new ByteReader(der)
  derElement(reader, 0x30)
  reader.skip(derElement(reader, 0x30))
  return reader.bytes(derElement(reader, 0x04))
}

/** Steps over tag and length; returns the length. */
function derElement(reader: ByteReader, tag: number): number {
  if (reader.uint8() !== tag) throw new TerseError('the key in the key store is of a kind that is not known')
  const first = reader.uint8()
  if (first < 0x80) return first
  let length = 0
  for (let i = 0; i < (first & 0x7f); i++) length = length * 256 + reader.uint8()
  return length
}
