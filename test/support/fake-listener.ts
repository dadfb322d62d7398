/** Fake brokers behind real sockets, for tests of the tools: what a person is told, with which status. */
import net, { type AddressInfo } from 'node:net'
import tls from 'node:tls'
import { METADATA_REQUEST, METADATA_RESPONSE } from '../../src/message/generated/requests.ts'
import { FakeBroker } from './fake-broker.ts'

/** Ends with the test. */
export class FakeListeners {
  readonly #servers: net.Server[] = []
  readonly #sockets = new Set<net.Socket>()

  /** A server of any kind; the port that it has. */
  async serve(server: net.Server): Promise<number> {
    this.#servers.push(server)
    server.on('connection', (socket: net.Socket) => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return (server.address() as AddressInfo).port
  }

  /** What is written to whoever connects, and then perhaps nothing more. */
  raw(answer: (socket: net.Socket) => void): Promise<number> {
    return this.serve(net.createServer((socket) => socket.once('data', () => answer(socket))))
  }

  /** A broker that knows itself and, unless taught otherwise, no topics. */
  async broker(certificate?: { readonly cert: string; readonly key: string }): Promise<FakeBroker> {
    let broker: FakeBroker | undefined
    const talk = (socket: net.Socket) => {
      if (broker === undefined) return
      const connection = broker.connect()
      connection.onData = (bytes) => socket.write(bytes)
      connection.onEnd = () => socket.destroy()
      socket.on('data', (bytes) => connection.write(bytes))
      socket.on('error', () => {})
      socket.on('close', () => connection.destroy())
    }
    const server = certificate === undefined ? net.createServer(talk) : tls.createServer(certificate, talk)
    const port = await this.serve(server)
    broker = new FakeBroker(1, '127.0.0.1', port)
    const brokers = [{ nodeId: 1, host: '127.0.0.1', port, rack: null }]
    broker.on(METADATA_REQUEST, METADATA_RESPONSE, ({ topics }) => ({
      throttleTimeMs: 0,
      brokers,
      clusterId: 'fake',
      controllerId: 1,
      topics: (topics ?? []).map(({ name }) => ({ errorCode: 3, name, partitions: [] })),
    }))
    return broker
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    for (const server of this.#servers) server.close()
    this.#servers.length = 0
  }
}
