import net, { type AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:tls'
import forge from 'node-forge'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tlsFailure, tlsOptions } from '../../../../src/cluster/security/tls-settings.ts'
import { systemSockets } from '../../../../src/os/sockets.ts'
import { ownClock } from '../../../support/test-clock.ts'

const DAY = 86_400_000
const open: net.Server[] = []
let keys: forge.pki.rsa.KeyPair

beforeAll(() => {
  keys = forge.pki.rsa.generateKeyPair({ bits: 2048 })
})
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

/** Now by the machine's clock, ms: OpenSSL asks the kernel, whatever clock the tests go by (`TKAFKA_TEST_CLOCK`). */
const kernelNow = (): number => Date.now() - ownClock().offsetMs

/** A certificate that signs itself, good for these names between these days from now. */
function certificate(names: readonly string[], fromDays: number, toDays: number): string {
  const made = forge.pki.createCertificate()
  made.publicKey = keys.publicKey
  made.serialNumber = '01'
  made.validity.notBefore = new Date(kernelNow() + fromDays * DAY)
  made.validity.notAfter = new Date(kernelNow() + toDays * DAY)
  made.setSubject([{ name: 'commonName', value: 'broker' }])
  made.setIssuer([{ name: 'commonName', value: 'broker' }])
  made.setExtensions([{ name: 'subjectAltName', altNames: names.map((value) => ({ type: 2, value })) }])
  made.sign(keys.privateKey, forge.md.sha256.create())
  return forge.pki.certificateToPem(made)
}

async function listening(server: Server | net.Server): Promise<number> {
  open.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** Connects as a client with these settings does; what a person is told where that fails. */
async function connecting(port: number, config: Record<string, string>): Promise<string> {
  const tls = await tlsOptions(config, () => Buffer.alloc(0))
  const address = { host: 'localhost', port }
  try {
    const connection = await systemSockets.connect(address, { timeoutMs: 5000, tls })
    connection.destroy()
    return 'connected'
  } catch (error) {
    return (
      tlsFailure(address, 'SSL', error)?.message.replace(`localhost:${port} `, '') ?? `not told: ${error}`
    )
  }
}

describe('a TLS listener', () => {
  const serving = (cert: string) => createServer({ cert, key: forge.pki.privateKeyToPem(keys.privateKey) })

  test.each([
    ['is connected to where its certificate is trusted', ['localhost'], -1, 1, {}, /^connected$/],
    [
      'is told where the certificate is of another name',
      ['other.example'],
      -1,
      1,
      {},
      /^shows a certificate for CN=broker, issued by CN=broker, whose names are DNS:other\.example: .*ssl\.endpoint\.identification\.algorithm=/,
    ],
    [
      'is connected to under another name where that is left unchecked',
      ['other.example'],
      -1,
      1,
      { 'ssl.endpoint.identification.algorithm': '' },
      /^connected$/,
    ],
    ['is told where the certificate has expired', ['localhost'], -2, -1, {}, /which expired on .*GMT$/],
    [
      'is told where the certificate is of the future',
      ['localhost'],
      1,
      2,
      {},
      /which is not valid before .*GMT$/,
    ],
  ])('%s', async (_title, names, from, to, config, told) => {
    const cert = certificate(names, from, to)
    const port = await listening(serving(cert))
    expect(await connecting(port, { ...config, 'ssl.truststore.certificates': cert })).toMatch(told)
  })

  test('is told where nobody vouches for its certificate', async () => {
    const port = await listening(serving(certificate(['localhost'], -1, 1)))
    const other = certificate(['elsewhere'], -1, 1)
    expect(await connecting(port, {})).toMatch(/which is not trusted: .*ssl\.truststore\.location$/)
    expect(await connecting(port, { 'ssl.truststore.certificates': other })).not.toBe('connected')
  })

  test('that wants a newer TLS than is allowed is told', async () => {
    const cert = certificate(['localhost'], -1, 1)
    const key = forge.pki.privateKeyToPem(keys.privateKey)
    const port = await listening(createServer({ cert, key, minVersion: 'TLSv1.3' }))
    const config = { 'ssl.enabled.protocols': 'TLSv1.2', 'ssl.truststore.certificates': cert }
    expect(await connecting(port, config)).toMatch(
      /no TLS version or cipher in common: see ssl\.enabled\.protocols/,
    )
  })
})

test('a listener that hangs up on a TLS handshake speaks no TLS', async () => {
  const port = await listening(net.createServer((socket) => socket.once('data', () => socket.destroy())))
  expect(await connecting(port, {})).toBe(
    'does not speak TLS: leave security.protocol=SSL out, or set security.protocol=PLAINTEXT',
  )
})

describe('ssl.* settings', () => {
  test.each([
    ['ssl.engine.factory.class', 'x.Y', /^ssl\.engine\.factory\.class: Java classes cannot be loaded here$/],
    [
      'ssl.truststore.certificates',
      'nothing',
      /^ssl\.truststore\.certificates: there is no certificate and no key/,
    ],
    ['ssl.keystore.key', 'nothing', /^ssl\.keystore\.key: there is no certificate and no key/],
  ])('%s that is none is named', async (name, value, told) => {
    await expect(tlsOptions({ [name]: value }, () => Buffer.alloc(0))).rejects.toThrow(told)
  })

  test('cipher suites are known by the names that Java has for them', async () => {
    const suites = 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384,TLS_RSA_WITH_AES_256_CBC_SHA'
    const { ciphers } = await tlsOptions({ 'ssl.cipher.suites': suites }, () => Buffer.alloc(0))
    expect(ciphers).toBe('ECDHE-RSA-AES128-GCM-SHA256:TLS_AES_256_GCM_SHA384:AES256-SHA')
  })
})
