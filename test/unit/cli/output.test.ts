import { describe, expect, test } from 'vitest'
import { BrokenPipeError, FdOutput, type StreamPort } from '../../../src/cli/output.ts'

function recorded(fail?: string) {
  const chunks: Buffer[] = []
  const port: StreamPort = {
    write: (_fd, bytes) => {
      if (fail !== undefined) throw Object.assign(new Error(fail), { code: fail })
      chunks.push(Buffer.from(bytes))
    },
    isTerminal: () => false,
    columns: () => 80,
  }
  return { port, chunks, text: () => Buffer.concat(chunks).toString('latin1') }
}

describe('buffered output', () => {
  test('text and bytes keep their order, and nothing is written before the flush', () => {
    const { port, chunks, text } = recorded()
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
    const { port, text } = recorded()
    const out = new FdOutput(1, port)
    const buffer = Buffer.from('a')
    out.write(buffer)
    buffer[0] = 0x62
    out.flush()
    expect(text()).toBe('a')
  })

  test('a full buffer is written without being asked', () => {
    const { port, chunks } = recorded()
    const out = new FdOutput(1, port)
    for (let i = 0; i < 100; i++) out.write('x'.repeat(1000))
    expect(chunks.length).toBeGreaterThan(0)
    out.flush()
    expect(Buffer.concat(chunks)).toHaveLength(100_000)
  })

  test('a closed pipe on stdout is told once, and what follows is dropped', () => {
    const { port } = recorded('EPIPE')
    const out = new FdOutput(1, port)
    out.line('a')
    expect(() => out.flush()).toThrow(BrokenPipeError)
    out.line('b')
    expect(() => out.flush()).not.toThrow()
  })

  test('a full disk behind stdout is an error, a closed stderr is none', () => {
    const out = new FdOutput(1, recorded('ENOSPC').port)
    out.line('a')
    expect(() => out.flush()).toThrow('ENOSPC')
    const err = new FdOutput(2, recorded('EPIPE').port)
    err.line('a')
    expect(() => err.flush()).not.toThrow()
  })
})
