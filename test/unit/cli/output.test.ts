import { describe, expect, test } from 'vitest'
import { BrokenPipeError, FdOutput, OutputError } from '../../../src/cli/output.ts'
import { fakeStreams, systemError } from '../../support/fake-streams.ts'

describe('buffered output', () => {
  test('text and bytes keep their order, and nothing is written before the flush', () => {
    const { port, chunks, text } = fakeStreams()
    const out = new FdOutput(1, port)
    out.line('one')
    out.write(Buffer.from([0xff, 0x0a]))
    out.write('two')
    expect(chunks).toHaveLength(0)
    out.flush()
    expect(chunks).toHaveLength(1)
    expect(text()).toBe('one\n\xff\ntwo')
  })

  test('bytes may be used again by the caller at once', () => {
    const { port, text } = fakeStreams()
    const out = new FdOutput(1, port)
    const buffer = Buffer.from('a')
    out.write(buffer)
    buffer[0] = 0x62
    out.flush()
    expect(text()).toBe('a')
  })

  test('a full buffer is written without being asked', () => {
    const { port, chunks } = fakeStreams()
    const out = new FdOutput(1, port)
    for (let i = 0; i < 100; i++) out.write('x'.repeat(1000))
    expect(chunks.length).toBeGreaterThan(0)
    out.flush()
    expect(Buffer.concat(chunks)).toHaveLength(100_000)
  })

  test('a closed pipe on stdout is told once, and what follows is dropped', () => {
    const { port } = fakeStreams(['EPIPE'])
    const out = new FdOutput(1, port)
    out.line('a')
    expect(() => out.flush()).toThrow(BrokenPipeError)
    out.line('b')
    expect(() => out.flush()).not.toThrow()
  })

  test('a full disk behind stdout is an error, a closed stderr is none', () => {
    const out = new FdOutput(1, fakeStreams(['ENOSPC']).port)
    out.line('a')
    expect(() => out.flush()).toThrow(new OutputError('standard output: No space left on device'))
    const err = new FdOutput(2, fakeStreams(['EPIPE']).port)
    err.line('a')
    expect(() => err.flush()).not.toThrow()
  })

  test.each(['ENOSPC', 'EFBIG', 'EIO', 'EPIPE'] as const)(
    'bytes in front of a %s were taken, and none behind it (A7)',
    (failure) => {
      const { port, text } = fakeStreams([3, 4, failure])
      const out = new FdOutput(1, port)
      expect(() => out.send(Buffer.from('0123456789'))).toThrow(
        failure === 'EPIPE' ? BrokenPipeError : OutputError,
      )
      out.line('more')
      expect(() => out.flush()).not.toThrow()
      expect([out.taken, out.given, text()]).toEqual([7, 15, '0123456'])
    },
  )

  test('short writes, EINTR and a full pipe lose nothing and double nothing (A7)', () => {
    const { port, text } = fakeStreams([1, 'EINTR', 2, 'EAGAIN', 'EAGAIN', 3, 'EAGAIN', 1])
    const out = new FdOutput(1, port)
    out.send(Buffer.from('0123456789'))
    expect([text(), out.taken, out.given]).toEqual(['0123456789', 10, 10])
  })

  test('a terminal that hung up is a reader that went away; elsewhere EIO is an error', () => {
    const hungUp = new FdOutput(1, fakeStreams(['EIO'], { isTerminal: () => true }).port)
    expect(() => hungUp.send(Buffer.from('a'))).toThrow(BrokenPipeError)
    expect(() => new FdOutput(1, fakeStreams(['EIO']).port).send(Buffer.from('a'))).toThrow(
      'standard output: I/o error',
    )
  })
})

describe('output that is patient with a full pipe', () => {
  const full = (...plan: Parameters<typeof fakeStreams>[0] & object) =>
    [2, ...Array(5).fill('EAGAIN'), ...plan] as Parameters<typeof fakeStreams>[0]

  test('keeps what was not taken, and writes it in order once there is room', async () => {
    const { port, text } = fakeStreams(full(1, 'EAGAIN', 20), {
      neverBlocking: () => 9,
      putFirst: async (_fd, byte) => port.write(9, byte, 0) === 1,
    })
    const out = new FdOutput(1, port)
    out.bePatient()
    out.send(Buffer.from('abc'))
    expect([text(), out.stalled, out.taken, out.given]).toEqual(['ab', true, 2, 3])
    out.line('de')
    out.send(Buffer.from('f'))
    expect(out.stalled).toBe(true)
    expect(await out.drain()).toBe(true)
    expect([text(), out.stalled, out.taken, out.given]).toEqual(['abcde\nf', false, 7, 7])
  })

  test('a signal ends the wait, and what was not taken never comes', async () => {
    const { port, text } = fakeStreams(full(20), {
      neverBlocking: () => 9,
      putFirst: (_fd, _byte, stop) =>
        new Promise((resolve) => stop?.addEventListener('abort', () => resolve(false))),
    })
    const out = new FdOutput(1, port)
    out.bePatient()
    out.send(Buffer.from('abc'))
    const signal = new AbortController()
    const drained = out.drain(signal.signal)
    signal.abort()
    expect(await drained).toBe(false)
    out.line('more')
    out.end(true)
    expect([text(), out.taken]).toEqual(['ab', 2])
  })

  test('a reader that goes away meanwhile is a broken pipe', async () => {
    const { port } = fakeStreams(full(20), {
      neverBlocking: () => 9,
      putFirst: async () => {
        throw systemError('EPIPE')
      },
    })
    const out = new FdOutput(1, port)
    out.bePatient()
    out.send(Buffer.from('abc'))
    await expect(out.drain()).rejects.toThrow(BrokenPipeError)
    expect([out.taken, out.given, out.stalled]).toEqual([2, 3, false])
  })
})
