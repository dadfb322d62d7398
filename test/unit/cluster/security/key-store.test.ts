import { createHash, X509Certificate } from 'node:crypto'
import forge from 'node-forge'
import { beforeAll, describe, expect, test } from 'vitest'
import { ByteWriter } from '../../../../src/bytes/byte-writer.ts'
import { readKeyStore } from '../../../../src/cluster/security/key-store.ts'

let certificate: string
let key: string
let certificateDer: Buffer
let keyDer: Buffer
let pkcs12: Buffer

const bytesOf = (asn1: forge.asn1.Asn1) => Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1')

beforeAll(() => {
  const keys = forge.pki.rsa.generateKeyPair({ bits: 1024 })
  const made = forge.pki.createCertificate()
  made.publicKey = keys.publicKey
  made.serialNumber = '01'
  made.validity.notBefore = new Date(0)
  made.validity.notAfter = new Date(4e12)
  made.setSubject([{ name: 'commonName', value: 'tested' }])
  made.setIssuer([{ name: 'commonName', value: 'tested' }])
  made.sign(keys.privateKey, forge.md.sha256.create())
  certificate = forge.pki.certificateToPem(made)
  key = forge.pki.privateKeyToPem(keys.privateKey)
  certificateDer = bytesOf(forge.pki.certificateToAsn1(made))
  keyDer = bytesOf(forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(keys.privateKey)))
  pkcs12 = bytesOf(forge.pkcs12.toPkcs12Asn1(keys.privateKey, [made], 'secret', { algorithm: 'aes256' }))
})

const sha1 = (...parts: Buffer[]) => createHash('sha1').update(Buffer.concat(parts)).digest()
const utf16 = (text: string) => Buffer.from(text, 'utf16le').swap16()

/** A JKS store with one trusted certificate and one key, as keytool writes it. */
function jks(storePassword: string, keyPassword: string): Buffer {
  const salt = Buffer.alloc(20, 7)
  const sealed = Buffer.from(keyDer)
  let mask: Buffer = salt
  for (let i = 0; i < sealed.length; i++) {
    if (i % 20 === 0) mask = sha1(utf16(keyPassword), mask)
    sealed[i] ^= mask[i % 20]
  }
  const info = bytesOf(
    forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, [
      forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, []),
      forge.asn1.create(
        forge.asn1.Class.UNIVERSAL,
        forge.asn1.Type.OCTETSTRING,
        false,
        Buffer.concat([salt, sealed, sha1(utf16(keyPassword), keyDer)]).toString('latin1'),
      ),
    ]),
  )
  const writer = new ByteWriter()
  const text = (value: string) => writer.int16(value.length).utf8(value)
  const x509 = () => {
    text('X.509')
    writer.int32(certificateDer.length).bytes(certificateDer)
  }
  writer.uint32(0xfeedfeed).int32(2).int32(2)
  writer.int32(2)
  text('ca')
  writer.int64(0)
  x509()
  writer.int32(1)
  text('me')
  writer.int64(0).int32(info.length).bytes(info).int32(1)
  x509()
  const body = writer.toBuffer()
  return Buffer.concat([body, sha1(utf16(storePassword), Buffer.from('Mighty Aphrodite'), body)])
}

const subjectOf = (pem: string) => new X509Certificate(pem).subject

describe('key stores', () => {
  test('JKS: trusted certificates and the key with its chain, each with its password', async () => {
    const store = await readKeyStore('s.jks', jks('secret', 'other'), { store: 'secret', key: 'other' })
    expect(store.trusted.map(subjectOf)).toEqual(['CN=tested'])
    expect(store.key?.chain.map(subjectOf)).toEqual(['CN=tested'])
    expect(forge.pki.privateKeyToPem(forge.pki.privateKeyFromPem(store.key?.key ?? ''))).toBe(key)
  })

  test.each([
    [{ store: 'wrong', key: 'other' }, 's.jks: the password does not open the key store'],
    [{ store: 'secret', key: 'wrong' }, 's.jks: the password does not open the key (ssl.key.password)'],
  ])('JKS: a wrong password is told', async (passwords, why) => {
    await expect(readKeyStore('s.jks', jks('secret', 'other'), passwords)).rejects.toThrow(why)
  })

  test('PKCS#12: the key with its chain; a wrong password is told', async () => {
    const store = await readKeyStore('s.p12', pkcs12, { store: 'secret', key: undefined })
    expect(store.key?.chain.map(subjectOf)).toEqual(['CN=tested'])
    await expect(readKeyStore('s.p12', pkcs12, { store: 'wrong', key: undefined })).rejects.toThrow(
      's.p12: the password does not open the key store',
    )
  })

  test('PEM: by its first line, whatever the file is called', async () => {
    const none = { store: undefined, key: undefined }
    const trusted = await readKeyStore('s', Buffer.from(`# mine\n${certificate}${certificate}`), none)
    expect(trusted.trusted.map(subjectOf)).toEqual(['CN=tested', 'CN=tested'])
    const oneLine = `${key}${certificate}`.replace(/\s*\n\s*/g, ' ')
    const identity = await readKeyStore('s', Buffer.from(oneLine), none)
    expect(identity.key?.chain.map(subjectOf)).toEqual(['CN=tested'])
    expect(forge.pki.privateKeyToPem(forge.pki.privateKeyFromPem(identity.key?.key ?? ''))).toBe(key)
  })

  test('a store that is cut anywhere, or none, is one line', async () => {
    const whole = jks('secret', 'secret')
    for (const bytes of [
      whole.subarray(0, 100),
      pkcs12.subarray(0, 200),
      Buffer.from('hello'),
      Buffer.alloc(0),
    ]) {
      const read = readKeyStore('f', bytes, { store: undefined, key: 'x' })
      await expect(read).rejects.toThrow(/^f: .*[a-z]/)
      await expect(read).rejects.not.toThrow(/\n/)
    }
  })
})
