import type { StreamPort } from '../../src/cli/output.ts'
import type { RecordSink } from '../../src/commands/formatters/output-buffer.ts'

/** What a call of write(2) does next: take so many bytes at the most, or fail. */
export type Taking = number | 'EPIPE' | 'ENOSPC' | 'EFBIG' | 'EIO' | 'EAGAIN' | 'EINTR'

export interface FakeStreams {
  readonly port: StreamPort
  /** What each call took. */
  readonly chunks: Buffer[]
  text(): string
}

/** Streams that take everything, or what `plan` says, call by call; behind its end its last entry goes on. */
export function fakeStreams(plan: readonly Taking[] = [], more: Partial<StreamPort> = {}): FakeStreams {
  const chunks: Buffer[] = []
  let calls = 0
  const write = (_fd: number, bytes: Uint8Array, start: number) => {
    const taking = plan[Math.min(calls++, plan.length - 1)] ?? Number.POSITIVE_INFINITY
    if (typeof taking === 'string') throw systemError(taking)
    const taken = bytes.subarray(start, start + taking)
    chunks.push(Buffer.from(taken))
    return taken.length
  }
  const port: StreamPort = {
    write,
    nap: () => {},
    neverBlocking: () => undefined,
    putFirst: async () => false,
    isTerminal: () => false,
    columns: () => 80,
    ...more,
  }
  return { port, chunks, text: () => Buffer.concat(chunks).toString('latin1') }
}

/** As Node's fs makes them. */
export function systemError(code: string): NodeJS.ErrnoException {
  const words: Record<string, string> = {
    EPIPE: 'broken pipe',
    ENOSPC: 'no space left on device',
    EFBIG: 'file too large',
    EIO: 'i/o error',
  }
  return Object.assign(new Error(`${code}: ${words[code] ?? 'no words'}, write`), { code, syscall: 'write' })
}

/** Where a printer's bytes go in a test: all of them are taken at once. */
export function takingSink(take: (bytes: Uint8Array) => void): RecordSink {
  let taken = 0
  return {
    send(bytes) {
      take(bytes)
      taken += bytes.length
    },
    get given() {
      return taken
    },
    get taken() {
      return taken
    },
    stalled: false,
  }
}
