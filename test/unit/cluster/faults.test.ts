import fs from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import forge from 'node-forge'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Command } from '../../../src/cli/command.ts'
import * as requests from '../../../src/message/generated/requests.ts'
import type { FakeBroker } from '../../support/fake-broker.ts'
import { FakeListeners } from '../../support/fake-listener.ts'
import { allCommands, runInProcess } from '../../support/in-process.ts'
import { ownClock } from '../../support/test-clock.ts'

/** What the tools say, and with which status, when the other end of --bootstrap-server is not as it should be. */
const listeners = new FakeListeners()
let commands: Map<string, Command>
let dir: string
let files = 0

beforeAll(async () => {
  commands = await allCommands()
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-faults-'))
})
afterEach(() => listeners.close())
afterAll(() => fs.rmSync(dir, { recursive: true, force: true }))

type Config = Readonly<Record<string, string>>

/** Runs `topics --list`, or another tool, with these settings. */
async function asking(port: number, config: Config = {}, line = 'topics --list') {
  const file = path.join(dir, `client-${files++}.properties`)
  const lines = Object.entries(config).map(([name, value]) => `${name}=${value}`)
  fs.writeFileSync(file, lines.join('\n'))
  const [tool, ...args] = line.split(' ')
  const address = ['--bootstrap-server', `127.0.0.1:${port}`, '--command-config', file]
  const { status, stdout, stderr } = await runInProcess(
    commands.get(tool) as Command,
    [...address, ...args],
    undefined,
  )
  return { status, stdout, told: stderr.replaceAll(`127.0.0.1:${port}`, 'HERE').trimEnd().split('\n') }
}

/** Tries on for half a second, where the default is a minute. */
const HASTY = { 'default.api.timeout.ms': '500', 'request.timeout.ms': '200' }

const PASSWORD = 'open sesame'
const sasl = (protocol: string): Config => ({
  'security.protocol': protocol,
  'sasl.mechanism': 'PLAIN',
  'sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="${PASSWORD}";`,
})

/** Its own certificate, good for 127.0.0.1 between these days from now. */
function certificate(fromDays: number, toDays: number): { readonly cert: string; readonly key: string } {
  const made = forge.pki.createCertificate()
  // OpenSSL asks the kernel what day it is, whatever clock the tests go by.
  const kernelNow = Date.now() - ownClock().offsetMs
  made.publicKey = keys.publicKey
  made.serialNumber = '01'
  made.validity.notBefore = new Date(kernelNow + fromDays * 86_400_000)
  made.validity.notAfter = new Date(kernelNow + toDays * 86_400_000)
  made.setSubject([{ name: 'commonName', value: 'broker' }])
  made.setIssuer([{ name: 'commonName', value: 'broker' }])
  made.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }])
  made.sign(keys.privateKey, forge.md.sha256.create())
  return { cert: forge.pki.certificateToPem(made), key: forge.pki.privateKeyToPem(keys.privateKey) }
}

/** A listener that wants SASL: it hangs up on who asks something else first. */
async function saslBroker(mechanisms: string[], authenticates?: { errorCode: number; errorMessage: string }) {
  const broker = await listeners.broker()
  broker.on(requests.SASL_HANDSHAKE_REQUEST, requests.SASL_HANDSHAKE_RESPONSE, ({ mechanism }) => ({
    errorCode: mechanisms.includes(mechanism) ? 0 : 33,
    mechanisms,
  }))
  broker.on(requests.SASL_AUTHENTICATE_REQUEST, requests.SASL_AUTHENTICATE_RESPONSE, () => ({
    errorCode: 0,
    errorMessage: null,
    authBytes: Buffer.alloc(0),
    ...authenticates,
  }))
  broker.on(requests.METADATA_REQUEST, requests.METADATA_RESPONSE, () => ({ act: 'close' }))
  return broker
}

/** Answers a metadata request with these bytes: the size that stands in front, correlation id 2, and what follows. */
async function answering(hex: string): Promise<FakeBroker> {
  const broker = await listeners.broker()
  broker.on(requests.METADATA_REQUEST, requests.METADATA_RESPONSE, () => ({
    act: 'raw',
    bytes: Buffer.from(hex, 'hex'),
  }))
  return broker
}

interface Row {
  readonly what: string
  readonly open: () => Promise<number>
  readonly config?: Config | (() => Config)
  readonly told: RegExp
}

const FOR_GOOD: readonly Row[] = [
  {
    what: 'an HTTP server',
    open: () => listeners.serve(http.createServer((_request, answer) => answer.end())),
    told: /^HERE is an HTTP server, no Kafka broker$/,
  },
  {
    what: 'a TLS listener, asked in plain text',
    open: async () => listeners.serve(tls.createServer(certificate(-1, 1))),
    told: /^HERE speaks TLS: set security\.protocol=SSL \(or SASL_SSL\)$/,
  },
  {
    what: 'a plain listener, asked for TLS',
    open: () => listeners.raw((socket) => socket.destroy()),
    config: { 'security.protocol': 'SSL' },
    told: /^HERE does not speak TLS: leave security\.protocol=SSL out, or set security\.protocol=PLAINTEXT$/,
  },
  {
    what: 'a plain listener, asked for TLS and SASL',
    open: () => listeners.raw((socket) => socket.destroy()),
    config: sasl('SASL_SSL'),
    told: /^HERE does not speak TLS: .* or set security\.protocol=SASL_PLAINTEXT$/,
  },
  {
    what: 'a certificate that has expired',
    open: async () => (await listeners.broker(expired)).port,
    config: () => ({ 'security.protocol': 'SSL', 'ssl.truststore.certificates': inOneLine(expired.cert) }),
    told: /^HERE shows a certificate for CN=broker, issued by CN=broker, which expired on .* GMT$/,
  },
  {
    what: 'a certificate that nobody vouches for',
    open: async () => (await listeners.broker(certificate(-1, 1))).port,
    config: { 'security.protocol': 'SSL' },
    told: /^HERE shows a certificate .* which is not trusted: name its issuer's certificate in ssl\.truststore\.location$/,
  },
  {
    what: 'a wrong password',
    open: async () => {
      const errorMessage = 'Authentication failed: Invalid username or password'
      return (await saslBroker(['PLAIN'], { errorCode: 58, errorMessage })).port
    },
    config: sasl('SASL_PLAINTEXT'),
    told: /^HERE: Authentication failed: Invalid username or password$/,
  },
  {
    what: 'a mechanism that is not offered',
    open: async () => (await saslBroker(['SCRAM-SHA-512', 'OAUTHBEARER'])).port,
    config: sasl('SASL_PLAINTEXT'),
    told: /^HERE: this listener does not offer PLAIN, it offers SCRAM-SHA-512, OAUTHBEARER: see sasl\.mechanism$/,
  },
  {
    what: 'a listener that wants SASL, asked without',
    open: async () => (await saslBroker(['PLAIN'])).port,
    told: /^HERE wants to know who asks, by PLAIN: set security\.protocol=SASL_PLAINTEXT, sasl\.mechanism and sasl\.jaas\.config$/,
  },
  {
    what: 'a listener without SASL, asked for it',
    open: async () => {
      const broker = await listeners.broker()
      const answer = () => ({ errorCode: 34, mechanisms: [] })
      return broker.on(requests.SASL_HANDSHAKE_REQUEST, requests.SASL_HANDSHAKE_RESPONSE, answer).port
    },
    config: sasl('SASL_PLAINTEXT'),
    told: /^HERE: this listener asks nobody who he is: leave SASL out/,
  },
  {
    what: 'a controller’s port',
    open: async () => {
      const broker = await listeners.broker()
      broker.versions.set(requests.METADATA_REQUEST.apiKey, -1)
      return broker.port
    },
    told: /^HERE is a controller's port: use --bootstrap-controller, or name a broker's port$/,
  },
  {
    what: 'an answer that is shorter than what it holds',
    open: async () => (await answering('0000000700000002ffffff')).port,
    told: /^HERE answered MetadataRequest with bytes that are no such response/,
  },
  {
    what: 'a size below zero',
    open: async () => (await answering('fffffff000000002')).port,
    told: /^HERE sent -16 bytes that nobody asked for/,
  },
  {
    what: 'an answer to another question',
    open: async () => (await answering('0000000800000063ffffffff')).port,
    told: /^HERE sent 8 bytes that nobody asked for \(correlation id 99\)$/,
  },
]

/** One for all certificates: making one takes time. */
let keys: forge.pki.rsa.KeyPair
let expired: { readonly cert: string; readonly key: string }
beforeAll(() => {
  keys = forge.pki.rsa.generateKeyPair({ bits: 2048 })
  expired = certificate(-3, -2)
})
/** As a properties file has it. */
const inOneLine = (pem: string) => pem.trim().replace(/\r?\n/g, '\\n')

const HEADLINE = 'Error while executing topic command : '

describe('what is wrong for good is one line, at once, and status 1:', () => {
  test.each(FOR_GOOD)('$what', async ({ open, config = {}, told }) => {
    const got = await asking(await open(), typeof config === 'function' ? config() : config)
    expect({ status: got.status, stdout: got.stdout, lines: got.told.length }).toEqual({
      status: 1,
      stdout: '',
      lines: 1,
    })
    expect(got.told[0].slice(0, HEADLINE.length)).toBe(HEADLINE)
    expect(got.told[0].slice(HEADLINE.length)).toMatch(told)
    expect(got.told[0]).not.toContain(PASSWORD)
  })
})

const MAY_PASS: readonly Row[] = [
  {
    what: 'nothing listens',
    open: async () => {
      const server = net.createServer()
      const port = await listeners.serve(server)
      await new Promise((resolve) => server.close(resolve))
      return port
    },
    told: /^nothing listens on HERE \(connection refused\)$/,
  },
  {
    what: 'a broker that dies in mid-request, again and again',
    open: async () => {
      const broker = await listeners.broker()
      broker.on(requests.METADATA_REQUEST, requests.METADATA_RESPONSE, () => ({ act: 'close' }))
      broker.on(requests.SASL_HANDSHAKE_REQUEST, requests.SASL_HANDSHAKE_RESPONSE, () => ({ act: 'close' }))
      return broker.port
    },
    told: /^HERE closed the connection before it answered$/,
  },
  {
    what: 'a broker that is asked and says nothing',
    open: async () => {
      const broker = await listeners.broker()
      return broker.on(requests.METADATA_REQUEST, requests.METADATA_RESPONSE, () => ({ act: 'silence' })).port
    },
    told: /^HERE did not answer MetadataRequest within 200 ms$/,
  },
  {
    what: 'an answer of 2 GB of which a few bytes come',
    open: async () => (await answering('7fffffff00000002ffff')).port,
    told: /^HERE did not answer MetadataRequest within 200 ms$/,
  },
  {
    what: 'TLS asked of who does not answer',
    open: () => listeners.raw(() => {}),
    config: { 'security.protocol': 'SSL', 'socket.connection.setup.timeout.ms': '100' },
    told: /^HERE took the connection and did not answer the TLS handshake: see security\.protocol$/,
  },
]

describe('what may pass is told once and tried until default.api.timeout.ms is over:', () => {
  test.each(MAY_PASS)('$what', async ({ open, config, told }) => {
    const got = await asking(await open(), { ...HASTY, ...(config as Config) })
    expect({ status: got.status, stdout: got.stdout, lines: got.told.length }).toEqual({
      status: 1,
      stdout: '',
      lines: 2,
    })
    expect(got.told[0]).toMatch(/; trying on for \d s$/)
    expect(got.told[0].replace(/; trying on for \d s$/, '')).toMatch(told)
    expect(got.told[1].slice(HEADLINE.length)).toMatch(told)
  })

  test('an answer that is cut short is asked for once more, and the tool goes on', async () => {
    const broker = await listeners.broker()
    let answers = 0
    const listed = {
      brokers: [{ nodeId: 1, host: '127.0.0.1', port: broker.port, rack: null }],
      clusterId: 'fake',
      controllerId: 1,
      topics: [{ errorCode: 0, name: 'here', isInternal: false, partitions: [] }],
    }
    const cut = { act: 'raw', bytes: Buffer.from('0000004000000002ffff', 'hex') } as const
    broker.on(requests.METADATA_REQUEST, requests.METADATA_RESPONSE, () => {
      if (answers++ > 0) return listed
      setImmediate(() => setImmediate(() => broker.breakConnections()))
      return cut
    })
    broker.on(requests.SASL_HANDSHAKE_REQUEST, requests.SASL_HANDSHAKE_RESPONSE, () => ({
      errorCode: 0,
      mechanisms: [],
    }))
    const got = await asking(broker.port)
    expect({ status: got.status, stdout: got.stdout, answers }).toEqual({
      status: 0,
      stdout: 'here\n',
      answers: 2,
    })
    expect(got.told).toEqual([
      expect.stringMatching(/^HERE (broke|closed) the connection.*; trying on for 60 s$/),
    ])
  })

  test('a request over a quota is made again, and the tool goes on', async () => {
    const broker = await listeners.broker()
    const topic = {
      name: 'orders',
      topicId: 'AAAAAAAAAAAAAAAAAAAAAQ',
      numPartitions: 1,
      replicationFactor: 1,
    }
    const codes = [89, 41, 0]
    broker.on(requests.CREATE_TOPICS_REQUEST, requests.CREATE_TOPICS_RESPONSE, () => ({
      throttleTimeMs: 0,
      topics: [{ ...topic, errorCode: codes.shift() ?? 0, errorMessage: null, configs: [] }],
    }))
    const partition = {
      errorCode: 0,
      partitionIndex: 0,
      leaderId: 1,
      leaderEpoch: 0,
      replicaNodes: [1],
      isrNodes: [1],
      offlineReplicas: [],
      eligibleLeaderReplicas: null,
      lastKnownElr: null,
    }
    broker.on(
      requests.DESCRIBE_TOPIC_PARTITIONS_REQUEST,
      requests.DESCRIBE_TOPIC_PARTITIONS_RESPONSE,
      () => ({
        throttleTimeMs: 0,
        topics: [
          {
            errorCode: 0,
            name: 'orders',
            topicId: topic.topicId,
            isInternal: false,
            partitions: [partition],
            topicAuthorizedOperations: -2147483648,
          },
        ],
        nextCursor: null,
      }),
    )
    const got = await asking(broker.port, {}, 'topics --create --topic orders')
    expect({ status: got.status, stdout: got.stdout, codes }).toEqual({
      status: 0,
      stdout: 'Created topic orders.\n',
      codes: [],
    })
  })
})
