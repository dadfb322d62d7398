import { describe, expect, it } from 'vitest'
import type { Output } from '../../../../src/cli/command.ts'
import { TerminalLines } from '../../../../src/commands/console-producer/terminal-lines.ts'
import { chunksOf } from '../../../support/input-chunks.ts'

/** What is said while all of the input is read in pieces of these sizes. */
function told(input: string, sizes: readonly number[]): string[] {
  const lines: string[] = []
  const stderr = { line: (line: string) => lines.push(line), flush: () => {} } as unknown as Output
  const terminal = new TerminalLines(chunksOf(Buffer.from(input), sizes), stderr)
  const buffer = Buffer.alloc(64 * 1024)
  while (terminal.read(buffer, 0, buffer.length) > 0);
  return lines
}

describe('lines from a terminal', () => {
  it('one of 4,095 bytes, the most that it hands on, was cut: that is said with its number (F9)', () => {
    const input = `short\n${'x'.repeat(4095)}\n${'y'.repeat(4094)}\n`
    for (const sizes of [[10_000], [4096], [7]]) {
      expect(told(input, sizes)).toEqual([expect.stringMatching(/^Line 2 has 4095 bytes,.* is cut\./)])
    }
  })
})
