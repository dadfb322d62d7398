/** One connection to one broker: requests out, responses back, each within its time. */
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { CorruptRecordError } from '../../errors.ts'
import { codecOf, type MessageObject } from '../../message/codec.ts'
import {
  API_VERSIONS_REQUEST,
  API_VERSIONS_RESPONSE,
  SASL_HANDSHAKE_REQUEST,
  SASL_HANDSHAKE_RESPONSE,
} from '../../message/generated/requests.ts'
import type {
  Fields,
  Message,
  MessageInput,
  MessageInputOf,
  MessageOf,
  MessageSchema,
} from '../../message/schema.ts'
import type { SocketAddress, Sockets, StreamConnection } from '../../os/sockets.ts'
import { addressText, ConnectionError, connectFailure, connectionClosed, silent } from './connection-error.ts'
import type { Ask, AskOptions, ConnectionSecurity, ConnectionSettings } from './connection-settings.ts'
import { type FrameListener, Frames, skipTags } from './frames.ts'
import { KnownVersions } from './known-versions.ts'
import { kafkaErrorOf, throwAnyError, throwErrorOf } from './protocol-error.ts'
import { whatSpeaks } from './sniffing.ts'
import { Throttle } from './throttle.ts'
import { writeRequest } from './write-request.ts'

declare const __TKAFKA_VERSION__: string
/** Set by the build; absent where tests run the sources. */
const SOFTWARE_VERSION = typeof __TKAFKA_VERSION__ === 'string' ? __TKAFKA_VERSION__ : '0.0.0'

interface Pending {
  readonly started: (body: Buffer, start: number) => void
  readonly failed: (error: Error) => void
}

/** A broker that does not say within this time that it is one never will. */
const FIRST_ANSWER_MS = 10_000
/** Silence of a new connection that is told. */
const SLOW_MS = 1500
/** Part of a session behind which the connection authenticates again. */
const SESSION_PART = 0.85
/** A longer one rings at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
/** Asked first; a broker that knows only older ones says so in version 0. */
const API_VERSIONS_VERSION = 4

export class BrokerConnection {
  readonly address: SocketAddress
  readonly #stream: StreamConnection
  readonly #settings: ConnectionSettings
  readonly #clientId: Buffer
  readonly #pending = new Map<number, Pending>()
  readonly #versions = new KnownVersions()
  readonly #throttle = new Throttle()
  #apiVersions: MessageOf<typeof API_VERSIONS_RESPONSE> | undefined
  #correlationId = 0
  #answers = 0
  #failure: Error | undefined
  /** While the connection authenticates, all other requests wait. */
  #authenticating: Promise<void> | undefined
  #sessionTimer: NodeJS.Timeout | undefined
  /** False until the other side has shown that it is a Kafka broker. */
  #known = false

  private constructor(address: SocketAddress, stream: StreamConnection, settings: ConnectionSettings) {
    this.address = address
    this.#stream = stream
    this.#settings = settings
    this.#clientId = Buffer.from(settings.clientId)
    const listener: FrameListener = {
      begins: (correlationId, size, head) => this.#begins(correlationId, size, head),
      frame: (correlationId, bytes, start) => this.#answered(correlationId, bytes, start),
    }
    const frames = new Frames(listener)
    stream.onData = (chunk) => {
      frames.push(chunk)
      // An alert of TLS is shorter than any response's head.
      if (!this.#known && this.#failure === undefined) this.#sniff(frames.partialHead)
    }
    stream.onEnd = (error) => {
      const early = this.#answers === 1 && settings.security?.authenticate === undefined
      const hungUp = early ? 'behind-api-versions' : undefined
      this.#fail(this.#known ? connectionClosed(address, error, hungUp) : this.#hungUp(error))
    }
  }

  /**
   * Connects, asks what the broker speaks, and authenticates.
   * @throws ConnectionError
   */
  static async open(
    sockets: Sockets,
    address: SocketAddress,
    settings: ConnectionSettings,
  ): Promise<BrokerConnection> {
    let stream: StreamConnection
    const { security } = settings
    try {
      stream = await sockets.connect(address, { timeoutMs: settings.connectTimeoutMs, tls: security?.tls })
    } catch (error) {
      throw security?.explain?.(address, error) ?? connectFailure(address, error)
    }
    const connection = new BrokerConnection(address, stream, settings)
    try {
      await connection.#askVersions()
      if (security?.authenticate !== undefined) await connection.#authenticate(security)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  /** False once it broke or was closed: then it answers nothing any more. */
  get isOpen(): boolean {
    return this.#failure === undefined
  }

  get requestsInFlight(): number {
    return this.#pending.size
  }

  /** What the broker said of itself when the connection was made. */
  get apiVersions(): MessageOf<typeof API_VERSIONS_RESPONSE> {
    if (this.#apiVersions === undefined) throw new Error('asked before the connection was made')
    return this.#apiVersions
  }

  /** The newest version that both sides know; -1 where there is none. */
  versionOf(request: MessageSchema): number {
    return this.#versions.of(request)
  }

  /**
   * Sends a request and gives its response back, which has no error in it.
   * @throws KafkaError of any error that stands in the response
   * @throws ConnectionError
   */
  async ask<Q extends Fields, A extends Fields>(
    request: MessageSchema<Q>,
    response: MessageSchema<A>,
    body: MessageInput<Q>,
    options?: AskOptions,
  ): Promise<Message<A>> {
    const message = await this.#ask(request, response, body, options)
    throwAnyError(message)
    return message
  }

  /**
   * The same for responses of many parts: an error of the whole is thrown, those of the parts are the caller's, who must look at
   * each (`throwErrorOf`).
   */
  async askEach<Q extends Fields, A extends Fields>(
    request: MessageSchema<Q>,
    response: MessageSchema<A>,
    body: MessageInput<Q>,
    options?: AskOptions,
  ): Promise<Message<A>> {
    const message = await this.#ask(request, response, body, options)
    throwErrorOf(message)
    return message
  }

  /** SaslHandshake. With an error the broker names the mechanisms that it offers, so the error is the caller's. */
  handshake(mechanism: string): Promise<MessageOf<typeof SASL_HANDSHAKE_RESPONSE>> {
    const options = { version: 1, authenticates: true } as const
    return this.#ask(SASL_HANDSHAKE_REQUEST, SASL_HANDSHAKE_RESPONSE, { mechanism }, options)
  }

  /** For the hot paths: the request's body is encoded by the caller, the response's bytes come as they are, behind its header. */
  async exchange(
    request: MessageSchema,
    version: number,
    body: Buffer,
    options?: AskOptions,
  ): Promise<ByteReader> {
    return this.#exchange(request, version, body, options)
  }

  /** A request that nobody answers (Produce with acks=0). Resolves when the kernel has taken it. */
  async tell(request: MessageSchema, version: number, body: Buffer, options?: AskOptions): Promise<void> {
    const turn = this.#turn()
    if (turn !== undefined) await turn
    if (this.#failure !== undefined) throw this.#failure
    await new Promise<void>((resolve, reject) => {
      const taken = (error?: Error | null) => {
        if (error === null || error === undefined) resolve()
        else reject(connectionClosed(this.address, error))
      }
      const head = { request, version, correlationId: ++this.#correlationId, clientId: this.#clientId }
      writeRequest(this.#stream, head, body, options?.headroom, taken)
    })
  }

  /** Of an answer that the caller decoded: the broker may want to be left alone for a while. */
  throttled({ throttleTimeMs }: { readonly throttleTimeMs?: unknown }): void {
    this.#throttle.begin(Number(throttleTimeMs ?? 0))
  }

  /** What is in flight fails; what was written before still goes out. */
  close(): void {
    this.#stream.end()
    this.#fail(connectionClosed(this.address))
  }

  async #ask<Q extends Fields, A extends Fields>(
    request: MessageSchema<Q>,
    response: MessageSchema<A>,
    body: MessageInput<Q>,
    options: AskOptions = {},
  ): Promise<Message<A>> {
    const version = options.version ?? this.versionOf(request)
    if (version < 0) throw this.#versions.unsupported(request, this.address)
    const bytes = this.#versions.encode(request, version, body as MessageObject, this.address)
    const reader = await this.#exchange(request, version, bytes, options)
    const message: MessageObject = {}
    this.#decoding(request, () => codecOf(response, version).decode(reader, message))
    this.throttled(message)
    this.#settings.answered?.(request.name, body, message)
    return message as Message<A>
  }

  async #exchange(
    request: MessageSchema,
    version: number,
    body: Buffer,
    options: AskOptions = {},
  ): Promise<ByteReader> {
    if (options.authenticates !== true) {
      const turn = this.#turn()
      if (turn !== undefined) await turn
    }
    if (this.#failure !== undefined) throw this.#failure
    const correlationId = ++this.#correlationId
    const timeoutMs = options.timeoutMs ?? this.#settings.requestTimeoutMs
    const reader = await new Promise<ByteReader>((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(this.#silent(request, timeoutMs)), timeoutMs)
      this.#pending.set(correlationId, {
        started: (bytes, start) => {
          clearTimeout(timer)
          resolve(new ByteReader(bytes, start, bytes.length))
        },
        failed: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      })
      const head = { request, version, correlationId, clientId: this.#clientId }
      writeRequest(this.#stream, head, body, options.headroom)
    })
    // The answer to ApiVersions has no tags in its header: who asks does not know yet what is spoken.
    if (version >= request.flexibleSince && request.apiKey !== API_VERSIONS_REQUEST.apiKey) {
      this.#decoding(request, () => skipTags(reader))
    }
    return reader
  }

  /** What is waited for before a request goes out; who waits goes on in turn. */
  #turn(): Promise<void> | undefined {
    return this.#authenticating?.then(() => this.#throttle.pause) ?? this.#throttle.pause
  }

  /** Holds up all other requests meanwhile: the broker would take them for tokens. */
  async #authenticate(security: ConnectionSecurity): Promise<void> {
    let done = () => {}
    this.#authenticating = new Promise((resolve) => {
      done = resolve
    })
    try {
      const ask: Ask = (request, response, body, options) =>
        this.ask(request, response, body, { ...options, authenticates: true })
      const { address } = this
      const handshake = (mechanism: string) => this.handshake(mechanism)
      const lifetimeMs = (await security.authenticate?.({ address, ask, handshake })) ?? 0
      if (lifetimeMs > 0) this.#authenticateAgain(security, lifetimeMs * SESSION_PART)
    } finally {
      this.#authenticating = undefined
      done()
    }
  }

  #authenticateAgain(security: ConnectionSecurity, ms: number): void {
    this.#sessionTimer = setTimeout(
      () => {
        this.#authenticate(security).catch((error: Error) => {
          this.#fail(error)
          this.#stream.destroy()
        })
      },
      Math.min(ms, LONGEST_TIMER_MS),
    ).unref()
  }

  async #askVersions(): Promise<void> {
    const ask = (version: number) => {
      const body = { clientSoftwareName: 'tkafka', clientSoftwareVersion: SOFTWARE_VERSION }
      // A short request.timeout.ms (console-producer's is 1.5 s) says nothing of a broker that is starting.
      return this.#apiVersionsAt(version, body, FIRST_ANSWER_MS)
    }
    const at = addressText(this.address)
    const slow = setTimeout(() => {
      this.#settings.slow?.(`${at} took the connection and has said nothing so far; waiting for it`)
    }, SLOW_MS)
    let answer = await ask(API_VERSIONS_VERSION).finally(() => clearTimeout(slow))
    if (answer.errorCode === 35) {
      const known = answer.apiKeys.find(({ apiKey }) => apiKey === API_VERSIONS_REQUEST.apiKey)
      answer = await ask(Math.min(known?.maxVersion ?? 0, API_VERSIONS_VERSION))
    }
    if (answer.errorCode !== 0) throw kafkaErrorOf(answer.errorCode)
    this.#versions.learn(answer)
    this.#apiVersions = answer
  }

  async #apiVersionsAt(
    version: number,
    body: MessageInputOf<typeof API_VERSIONS_REQUEST>,
    timeoutMs: number,
  ) {
    const writer = new ByteWriter(64)
    codecOf(API_VERSIONS_REQUEST, version).encode(writer, body)
    const reader = await this.#exchange(API_VERSIONS_REQUEST, version, writer.view(), { timeoutMs })
    // Whatever version was asked for, UNSUPPORTED_VERSION comes in version 0.
    const refused = reader.remaining >= 2 && reader.buffer.readInt16BE(reader.position) === 35
    const message: MessageObject = {}
    this.#decoding(API_VERSIONS_REQUEST, () =>
      codecOf(API_VERSIONS_RESPONSE, refused ? 0 : version).decode(reader, message),
    )
    return message as MessageOf<typeof API_VERSIONS_RESPONSE>
  }

  #begins(correlationId: number, size: number, head: Buffer): boolean {
    if (this.#pending.has(correlationId)) {
      this.#known = true
      return true
    }
    const other = this.#known ? undefined : whatSpeaks(head, this.#settings.security?.protocol)
    const at = addressText(this.address)
    const why = other ?? `sent ${size} bytes that nobody asked for (correlation id ${correlationId})`
    this.#fail(new ConnectionError('wrong', this.address, `${at} ${why}`))
    this.#stream.destroy()
    return false
  }

  #sniff(head: Buffer): void {
    const other = whatSpeaks(head, this.#settings.security?.protocol)
    if (other === undefined) return
    this.#fail(new ConnectionError('wrong', this.address, `${addressText(this.address)} ${other}`))
    this.#stream.destroy()
  }

  #answered(correlationId: number, bytes: Buffer, start: number): void {
    const pending = this.#pending.get(correlationId)
    this.#pending.delete(correlationId)
    this.#answers++
    pending?.started(bytes, start)
  }

  /** @throws ConnectionError where the bytes are no such response */
  #decoding(request: MessageSchema, decode: () => void): void {
    try {
      decode()
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      const what = `${addressText(this.address)} answered ${request.name} with bytes that are no such response`
      const failure = new ConnectionError('wrong', this.address, `${what}: ${error.message}`)
      this.#fail(failure)
      this.#stream.destroy()
      throw failure
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error
    clearTimeout(this.#sessionTimer)
    this.#throttle.stop()
    const pending = [...this.#pending.values()]
    this.#pending.clear()
    for (const { failed } of pending) failed(error)
  }

  /** A request that was not answered in time: what comes later would be taken for another one's answer. */
  #silent(request: MessageSchema, ms: number): ConnectionError {
    this.#stream.destroy()
    return silent(this.address, this.#known ? request.name : undefined, ms)
  }

  /** The first thing that the other side did was to hang up. */
  #hungUp(error?: Error): ConnectionError {
    const { security } = this.#settings
    const explained = error === undefined ? undefined : security?.explain?.(this.address, error)
    if (explained !== undefined) return explained
    return connectionClosed(this.address, error, security?.tls === undefined ? 'at-once' : undefined)
  }
}
