/** Lifelines over Unix sockets: a follower notices at once when the process that it waits for ends. */
import type { Server, Socket } from 'node:net'
import type { Lifelines } from './lifeline.ts'

/** One follower is the rule; while members come and go there are a few. What strangers may take of our descriptors ends here. */
const MAX_HOLDERS = 32
/** All of sun_path. libuv pads shorter abstract names with zeros in some versions and not in others. */
const ADDRESS_LENGTH = 108

/**
 * Lines made of abstract Unix sockets, which Linux has: no file is left behind, and when a process ends, however it ends, the kernel closes
 * its side of each connection. Nothing is ever sent. Processes in different network namespaces (containers) cannot reach each other's.
 */
export function socketLifelines(randomBytes: (size: number) => Buffer): Lifelines | undefined {
  if (process.platform !== 'linux') return undefined
  return {
    offer() {
      const address = `tkafka-${randomBytes(48).toString('hex')}`.padEnd(ADDRESS_LENGTH - 1, '-')
      const holders = new Set<Socket>()
      let server: Server
      try {
        server = listen(address, holders)
      } catch {
        return undefined
      }
      return {
        address,
        close() {
          server.close()
          for (const socket of holders) socket.destroy()
        },
      }
    },

    hold(address, onCut) {
      const socket = net().connect({ path: `\0${address}` })
      let held = false
      let over = false
      const cut = () => {
        if (over) return
        over = true
        socket.destroy()
        onCut(held)
      }
      socket.unref()
      socket.on('connect', () => {
        held = true
      })
      // The end of the stream is only seen by one who reads.
      socket.on('data', cut).on('end', cut).on('close', cut).on('error', cut)
      return {
        close() {
          over = true
          socket.destroy()
        },
      }
    },
  }
}

function listen(address: string, holders: Set<Socket>): Server {
  const server = net().createServer((socket) => {
    holders.add(socket)
    socket.unref()
    const gone = () => {
      holders.delete(socket)
      socket.destroy()
    }
    socket.on('data', gone).on('close', gone).on('error', gone)
  })
  server.maxConnections = MAX_HOLDERS
  // Whoever then finds nobody listening asks the lock now and then.
  server.on('error', () => {})
  // Not through the primary process of a cluster.
  server.listen({ path: `\0${address}`, exclusive: true })
  server.unref()
  return server
}

/** Loaded by members of groups only. */
function net(): typeof import('node:net') {
  return process.getBuiltinModule('node:net') as typeof import('node:net')
}
