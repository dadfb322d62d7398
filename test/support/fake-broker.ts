/** Brokers without a network: a Sockets port whose other ends answer by the request's schema. */
import { ByteReader } from '../../src/bytes/byte-reader.ts'
import { ByteWriter } from '../../src/bytes/byte-writer.ts'
import { codecOf, type MessageObject } from '../../src/message/codec.ts'
import * as requests from '../../src/message/generated/requests.ts'
import type { Fields, Message, MessageInput, MessageSchema } from '../../src/message/schema.ts'
import type { ConnectOptions, SocketAddress, Sockets, StreamConnection } from '../../src/os/sockets.ts'

/** What a fake broker does in place of answering. */
export type Misbehaviour =
  /** Never answers. */
  | { readonly act: 'silence' }
  /** Closes the connection. */
  | { readonly act: 'close' }
  /** Sends these bytes in place of an answer. */
  | { readonly act: 'raw'; readonly bytes: Buffer }
  /** Answers after so many milliseconds. */
  /** Sends an answer that ends before it should, whole by its size. */
  | { readonly act: 'cut'; readonly by: number; readonly body: MessageObject }
  | { readonly act: 'later'; readonly ms: number; readonly body: MessageObject }

type Handler = (body: never, version: number) => unknown

const isMisbehaviour = (answer: unknown): answer is Misbehaviour =>
  typeof answer === 'object' && answer !== null && 'act' in answer

/** Highest versions as this Kafka has them, unless a test asks for an older broker. */
export class FakeBroker {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  /** Requests in order: name of the schema and decoded body. */
  readonly seen: { readonly name: string; readonly version: number; readonly body: MessageObject }[] = []
  /** Highest version by api key, where it is not the newest. */
  readonly versions = new Map<number, number>()
  /** Finalized levels by name. */
  readonly features = new Map<string, number>()
  connections = 0
  readonly #handlers = new Map<number, Handler>()
  readonly #open = new Set<FakeConnection>()

  constructor(nodeId: number, host = `broker${nodeId}`, port = 9092) {
    this.nodeId = nodeId
    this.host = host
    this.port = port
  }

  /** What is answered to a request; the newest handler counts. */
  on<Q extends Fields, A extends Fields>(
    request: MessageSchema<Q>,
    _response: MessageSchema<A>,
    handler: (body: Message<Q>, version: number) => MessageInput<A> | Misbehaviour,
  ): this {
    this.#handlers.set(request.apiKey, handler as Handler)
    return this
  }

  count(request: MessageSchema): number {
    return this.seen.filter(({ name }) => name === request.name).length
  }

  /** As a killed process: every connection breaks. */
  breakConnections(): void {
    for (const connection of this.#open) connection.breaks()
  }

  connect(): FakeConnection {
    this.connections++
    const connection = new FakeConnection(this, () => this.#open.delete(connection))
    this.#open.add(connection)
    return connection
  }

  /** undefined: says nothing. */
  answer(apiKey: number, body: MessageObject, version: number): unknown {
    const handler = this.#handlers.get(apiKey)
    if (handler !== undefined) return handler(body as never, version)
    if (apiKey === requests.API_VERSIONS_REQUEST.apiKey) return this.#apiVersions()
    throw new Error(`the fake broker ${this.nodeId} was asked what it has no answer to: api key ${apiKey}`)
  }

  #finalized() {
    return [...this.features].map(([name, level]) => ({
      name,
      maxVersionLevel: level,
      minVersionLevel: level,
    }))
  }

  #apiVersions() {
    const known = (Object.values(requests) as MessageSchema[]).filter(({ name }) => name.endsWith('Request'))
    return {
      errorCode: 0,
      apiKeys: known
        .map(({ apiKey, lowestVersion, highestVersion }) => ({
          apiKey,
          minVersion: lowestVersion,
          maxVersion: this.versions.get(apiKey) ?? highestVersion,
        }))
        .filter(({ maxVersion }) => maxVersion >= 0),
      throttleTimeMs: 0,
      ...(this.features.size === 0
        ? {}
        : { finalizedFeatures: this.#finalized(), finalizedFeaturesEpoch: 1 }),
    }
  }
}

const SCHEMAS = new Map<string, MessageSchema>(
  (Object.values(requests) as MessageSchema[]).map((schema) => [
    `${schema.apiKey} ${/Request$/.test(schema.name)}`,
    schema,
  ]),
)

class FakeConnection implements StreamConnection {
  onData: (chunk: Buffer) => void = () => {}
  onEnd: (error?: Error) => void = () => {}
  readonly unsent = 0
  readonly #broker: FakeBroker
  readonly #gone: () => void
  #received = Buffer.alloc(0)
  #over = false
  /** The client hangs up: what it wrote before still comes, and nobody hears the answers. */
  #ended = false

  constructor(broker: FakeBroker, gone: () => void) {
    this.#broker = broker
    this.#gone = gone
  }

  write(bytes: Buffer, taken?: (error?: Error | null) => void): void {
    if (this.#over || this.#ended) return
    if (taken !== undefined) setImmediate(taken)
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4 && this.#received.length >= 4 + this.#received.readInt32BE(0)) {
      const size = this.#received.readInt32BE(0)
      const frame = Buffer.from(this.#received.subarray(4, 4 + size))
      this.#received = this.#received.subarray(4 + size)
      setImmediate(() => this.#serve(frame))
    }
  }

  end(): void {
    this.#ended = true
    this.#gone()
  }

  destroy(): void {
    this.#over = true
    this.#gone()
  }

  breaks(): void {
    if (this.#over || this.#ended) return
    this.destroy()
    this.onEnd(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  }

  #serve(frame: Buffer): void {
    if (this.#over) return
    const reader = new ByteReader(frame)
    const apiKey = reader.int16()
    const version = reader.int16()
    const correlationId = reader.int32()
    reader.skip(Math.max(0, reader.int16()))
    const request = SCHEMAS.get(`${apiKey} true`)
    const response = SCHEMAS.get(`${apiKey} false`)
    if (request === undefined || response === undefined) throw new Error(`no such request: ${apiKey}`)
    if (version >= request.flexibleSince) reader.uvarint()
    const body: MessageObject = {}
    codecOf(request, version).decode(reader, body)
    this.#broker.seen.push({ name: request.name, version, body })
    const answer = this.#broker.answer(apiKey, body, version)
    if (answer === undefined) return
    if (isMisbehaviour(answer))
      this.#misbehave(answer, (sent) => encode(response, version, correlationId, sent))
    else this.#send(encode(response, version, correlationId, answer))
  }

  #misbehave(how: Misbehaviour, encoded: (body: MessageObject) => Buffer): void {
    if (how.act === 'close') this.breaks()
    else if (how.act === 'raw') this.#send(how.bytes)
    else if (how.act === 'cut') {
      const bytes = encoded(how.body).subarray(0, -how.by)
      bytes.writeInt32BE(bytes.length - 4, 0)
      this.#send(bytes)
    } else if (how.act === 'later') setTimeout(() => this.#send(encoded(how.body)), how.ms)
  }

  #send(bytes: Buffer): void {
    if (!this.#over && !this.#ended) this.onData(bytes)
  }
}

/** A whole response: size, header, body. */
export function encode(
  response: MessageSchema,
  version: number,
  correlationId: number,
  body: unknown,
): Buffer {
  const writer = new ByteWriter(256)
  writer.int32(0).int32(correlationId)
  if (version >= response.flexibleSince && response.apiKey !== requests.API_VERSIONS_REQUEST.apiKey)
    writer.uvarint(0)
  codecOf(response, version).encode(writer, body as MessageObject)
  writer.patchInt32(0, writer.position - 4)
  return writer.toBuffer()
}

/** The network between: who is not in it cannot be reached. */
export class FakeSockets implements Sockets {
  readonly brokers: FakeBroker[]

  constructor(...brokers: FakeBroker[]) {
    this.brokers = brokers
  }

  async connect({ host, port }: SocketAddress, _options: ConnectOptions): Promise<StreamConnection> {
    const broker = this.brokers.find((one) => one.host === host && one.port === port)
    if (broker === undefined) {
      throw Object.assign(new Error(`connect ECONNREFUSED ${host}:${port}`), { code: 'ECONNREFUSED' })
    }
    return broker.connect()
  }
}
