/** Key stores in PKCS#12, Java's kind since version 9; Node reads them as identities alone, and none of the older ciphers. */
import forge from 'node-forge'
import { TerseError } from '../../errors.ts'
import { type KeyStore, pemOf } from './pem.ts'

/** @throws TerseError for a wrong password, or bytes that are no key store */
export function readPkcs12(bytes: Buffer, password: string | undefined): KeyStore {
  let store: forge.pkcs12.Pkcs12Pfx
  try {
    const asn1 = forge.asn1.fromDer(forge.util.createBuffer(bytes.toString('latin1')))
    store = forge.pkcs12.pkcs12FromAsn1(asn1, false, password ?? '')
  } catch (error) {
    const { message } = error as Error
    const why = /MAC could not be verified|Invalid password/i.test(message)
      ? 'the password does not open the key store'
      : `this is no PKCS#12 key store that can be read (${message})`
    throw new TerseError(why)
  }
  const bags = store.safeContents.flatMap(({ safeBags }) => safeBags)
  const { oids } = forge.pki
  const certificates = bags.filter(({ type }) => type === oids.certBag)
  const key = bags.find(({ type }) => type === oids.pkcs8ShroudedKeyBag || type === oids.keyBag)
  if (key === undefined) return { trusted: certificates.map(certificatePem), key: undefined }
  return { trusted: [], key: { key: keyPem(key), chain: chainOf(key, certificates) } }
}

/** The key's own certificate first: the one with its localKeyId. */
function chainOf(key: forge.pkcs12.Bag, certificates: forge.pkcs12.Bag[]): string[] {
  const id = (bag: forge.pkcs12.Bag) =>
    String((bag.attributes as { localKeyId?: unknown[] } | undefined)?.localKeyId?.[0])
  const own = certificates.filter((bag) => id(bag) === id(key))
  return [...own, ...certificates.filter((bag) => !own.includes(bag))].map(certificatePem)
}

/** forge makes objects of RSA certificates alone; of others there are the bytes. */
function certificatePem({ cert, asn1 }: forge.pkcs12.Bag): string {
  return derPem('CERTIFICATE', cert ? forge.pki.certificateToAsn1(cert) : asn1)
}

function keyPem({ key, asn1 }: forge.pkcs12.Bag): string {
  const info = key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(key)) : asn1
  return derPem('PRIVATE KEY', info)
}

function derPem(label: string, asn1: forge.asn1.Asn1): string {
  return pemOf(label, Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1'))
}
