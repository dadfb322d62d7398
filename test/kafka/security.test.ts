import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import forge from 'node-forge'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'
import { freePort, GenuineBroker } from '../support/genuine-kafka.ts'

/** Every way to a genuine broker that Java's client.properties know, and what is said when one is wrong. */
const PACKAGE = 'org.apache.kafka.common.security'
const PASSWORD = 'a secret'
const STORE = 'store-secret'

let story: Story
let broker: GenuineBroker
let ports: Record<'SSL' | 'MTLS' | 'SASL_PLAINTEXT' | 'SASL_SSL', number>

interface Made {
  readonly key: forge.pki.rsa.PrivateKey
  readonly certificate: forge.pki.Certificate
}

function certificate(name: string, issuer?: Made): Made {
  const keys = forge.pki.rsa.generateKeyPair({ bits: 2048 })
  const made = forge.pki.createCertificate()
  made.publicKey = keys.publicKey
  made.serialNumber = `0${Math.floor(Math.random() * 1e9)}`
  made.validity.notBefore = new Date(Date.now() - 86_400_000)
  made.validity.notAfter = new Date(Date.now() + 86_400_000)
  const subject = [{ name: 'commonName', value: name }]
  made.setSubject(subject)
  made.setIssuer(issuer?.certificate.subject.attributes ?? subject)
  made.setExtensions(
    issuer === undefined
      ? [{ name: 'basicConstraints', cA: true }]
      : [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  )
  made.sign(issuer?.key ?? keys.privateKey, forge.md.sha256.create())
  return { key: keys.privateKey, certificate: made }
}

function writeStore(file: string, { key, certificate: own }: Made, ca: Made): void {
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, [own, ca.certificate], STORE, { algorithm: 'aes256' })
  fs.writeFileSync(file, Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1'))
}

const file = (name: string) => join(story.dir, name)

beforeAll(async () => {
  story = new Story()
  const ca = certificate('tkafka test ca')
  fs.writeFileSync(file('ca.pem'), forge.pki.certificateToPem(ca.certificate))
  writeStore(file('broker.p12'), certificate('broker', ca), ca)
  writeStore(file('client.p12'), certificate('client', ca), ca)
  for (const [type, store] of [
    ['JKS', 'trust.jks'],
    ['PKCS12', 'trust.p12'],
  ]) {
    const words = ['-importcert', '-noprompt', '-alias', 'ca', '-file', file('ca.pem'), '-storepass', STORE]
    execFileSync('keytool', [...words, '-keystore', file(store), '-storetype', type], { stdio: 'ignore' })
  }
  const words = [
    '-importkeystore',
    '-srckeystore',
    file('client.p12'),
    '-srcstorepass',
    STORE,
    '-deststorepass',
    STORE,
  ]
  execFileSync('keytool', [...words, '-destkeystore', file('client.jks'), '-deststoretype', 'JKS'], {
    stdio: 'ignore',
  })
  await story.says('topics --create --topic seen')
  for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512']) {
    const credentials = `${mechanism}=[password=${PASSWORD}]`
    const words = ['--alter', '--entity-type', 'users', '--entity-name', 'alice', '--add-config', credentials]
    await story.says(['configs', ...words])
  }
  ports = {
    SSL: await freePort(),
    MTLS: await freePort(),
    SASL_PLAINTEXT: await freePort(),
    SASL_SSL: await freePort(),
  }
  broker = await GenuineBroker.start(story.data, settings)
})
afterAll(async () => {
  await broker?.stop()
  story.end()
})

function settings({ plain, controller }: { plain: number; controller: number }): string[] {
  const listeners = Object.entries({ PLAINTEXT: plain, ...ports }).map(
    ([name, port]) => `${name}://127.0.0.1:${port}`,
  )
  const login = {
    plain: `${PACKAGE}.plain.PlainLoginModule required user_alice="${PASSWORD}";`,
    'scram-sha-256': `${PACKAGE}.scram.ScramLoginModule required;`,
    'scram-sha-512': `${PACKAGE}.scram.ScramLoginModule required;`,
    oauthbearer: `${PACKAGE}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="x";`,
  }
  return [
    `listeners=${listeners.join(',')},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=${listeners.join(',')}`,
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SSL:SSL,MTLS:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name=PLAINTEXT',
    `ssl.keystore.location=${file('broker.p12')}`,
    `ssl.keystore.password=${STORE}`,
    `ssl.truststore.location=${file('trust.p12')}`,
    `ssl.truststore.password=${STORE}`,
    'listener.name.mtls.ssl.client.auth=required',
    'sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    ...['sasl_plaintext', 'sasl_ssl'].flatMap((listener) =>
      Object.entries(login).map(
        ([mechanism, jaas]) => `listener.name.${listener}.${mechanism}.sasl.jaas.config=${jaas}`,
      ),
    ),
  ]
}

const TRUST = () => `ssl.truststore.location=${file('ca.pem')}`
const login = (module: string, password = PASSWORD) =>
  `sasl.jaas.config=${PACKAGE}.${module} required username="alice" password="${password}";`

async function listWith(port: number, ...lines: string[]) {
  fs.writeFileSync(file('client.properties'), lines.join('\n'))
  const words = [
    '--bootstrap-server',
    `127.0.0.1:${port}`,
    '--list',
    '--command-config',
    file('client.properties'),
  ]
  return story.run(['topics', ...words])
}

const GOOD: readonly (readonly [string, keyof typeof ports, () => string[]])[] = [
  ['TLS, trusting a PEM file', 'SSL', () => ['security.protocol=SSL', TRUST()]],
  [
    'TLS, trusting a PKCS#12 store',
    'SSL',
    () => [
      'security.protocol=SSL',
      `ssl.truststore.location=${file('trust.p12')}`,
      `ssl.truststore.password=${STORE}`,
    ],
  ],
  [
    'TLS, trusting a JKS store',
    'SSL',
    () => [
      'security.protocol=SSL',
      `ssl.truststore.location=${file('trust.jks')}`,
      `ssl.truststore.password=${STORE}`,
    ],
  ],
  [
    'mutual TLS from PKCS#12',
    'MTLS',
    () => [
      'security.protocol=SSL',
      TRUST(),
      `ssl.keystore.location=${file('client.p12')}`,
      `ssl.keystore.password=${STORE}`,
    ],
  ],
  [
    'mutual TLS from JKS',
    'MTLS',
    () => [
      'security.protocol=SSL',
      TRUST(),
      `ssl.keystore.location=${file('client.jks')}`,
      `ssl.keystore.password=${STORE}`,
    ],
  ],
  [
    'SASL PLAIN',
    'SASL_PLAINTEXT',
    () => ['security.protocol=SASL_PLAINTEXT', 'sasl.mechanism=PLAIN', login('plain.PlainLoginModule')],
  ],
  [
    'SCRAM-SHA-256',
    'SASL_PLAINTEXT',
    () => [
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism=SCRAM-SHA-256',
      login('scram.ScramLoginModule'),
    ],
  ],
  [
    'SCRAM-SHA-512 over TLS',
    'SASL_SSL',
    () => [
      'security.protocol=SASL_SSL',
      TRUST(),
      'sasl.mechanism=SCRAM-SHA-512',
      login('scram.ScramLoginModule'),
    ],
  ],
  [
    'OAUTHBEARER',
    'SASL_PLAINTEXT',
    () => [
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism=OAUTHBEARER',
      `sasl.jaas.config=${PACKAGE}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="alice";`,
    ],
  ],
]

const WRONG: readonly (readonly [string, keyof typeof ports, () => string[], RegExp])[] = [
  [
    'no trust',
    'SSL',
    () => ['security.protocol=SSL'],
    /shows a certificate for CN=broker, issued by CN=tkafka test ca, which is not trusted: .*ssl\.truststore\.location/,
  ],
  [
    'no certificate where one is wanted',
    'MTLS',
    () => ['security.protocol=SSL', TRUST()],
    /wants one: see ssl\.keystore\.location/,
  ],
  ['plain text to TLS', 'SSL', () => [], /speaks TLS: set security\.protocol=SSL/],
  [
    'TLS to plain text',
    'SASL_PLAINTEXT',
    () => ['security.protocol=SSL', TRUST()],
    /does not speak TLS: leave security\.protocol=SSL out/,
  ],
  [
    'a wrong password',
    'SASL_PLAINTEXT',
    () => [
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism=PLAIN',
      login('plain.PlainLoginModule', 'wrong'),
    ],
    /Authentication failed: Invalid username or password/,
  ],
  [
    'nobody who says who he is',
    'SASL_PLAINTEXT',
    () => [],
    /wants to know who asks, by .*SCRAM-SHA-512.*: set security\.protocol=SASL_PLAINTEXT/,
  ],
  [
    'SASL where nobody asks',
    'SSL',
    () => ['security.protocol=SASL_SSL', TRUST(), 'sasl.mechanism=PLAIN', login('plain.PlainLoginModule')],
    /asks nobody who he is: leave SASL out/,
  ],
]

describe('a genuine broker, asked by what client.properties say', () => {
  test.each(GOOD)('%s', async (_name, listener, lines) => {
    expect(await listWith(ports[listener], ...lines())).toMatchObject({
      status: 0,
      stdout: 'seen\n',
      stderr: '',
    })
  })

  test.each(WRONG)('%s: one line, at once', async (_name, listener, lines, line) => {
    const { status, stdout, stderr } = await listWith(ports[listener], ...lines())
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toMatch(line)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).not.toContain(PASSWORD)
  })
})
