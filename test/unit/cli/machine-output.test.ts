import { describe, expect, test } from 'vitest'
import type { Output } from '../../../src/cli/command.ts'
import { MachineOutput, type OutputFormat, type Row, tsvCell } from '../../../src/cli/machine-output.ts'

const SHAPE = { kind: 'thing', columns: ['name', 'count'] }

function writer(format: OutputFormat) {
  let text = ''
  const stdout: Output = {
    isTerminal: false,
    columns: 80,
    write: (more) => {
      text += more
    },
    line: (more) => {
      text += `${more}\n`
    },
    flush: () => {},
  }
  return { machine: new MachineOutput(format, 'tool', SHAPE, stdout), stdout, text: () => text }
}

describe('machine output', () => {
  test('json is one object, with no row and with many', async () => {
    for (const rows of [[], [{ name: 'a', count: 1 }], [{ name: 'a', count: 1 }, { name: 'b' }]] as Row[][]) {
      const { machine, text } = writer('json')
      await machine.all(rows)
      expect(JSON.parse(text())).toEqual({
        tool: 'tool',
        kind: 'thing',
        version: 1,
        data: rows,
        complete: true,
      })
    }
  })

  test('when a row cannot be made the error goes on, and the end of the process closes json as incomplete', async () => {
    const { machine, stdout, text } = writer('json')
    const rows = (function* () {
      yield { name: 'a', count: 1 }
      throw new Error('no second row')
    })()
    await expect(machine.all(rows)).rejects.toThrow('no second row')
    stdout.breakOff?.()
    expect(JSON.parse(text())).toMatchObject({ data: [{ name: 'a', count: 1 }], complete: false })
  })

  test('when the first row cannot be made nothing is written', async () => {
    const { machine, stdout, text } = writer('json')
    const rows = {
      // biome-ignore lint/correctness/useYield: it fails before
      async *[Symbol.asyncIterator](): AsyncGenerator<Row> {
        throw new Error('no row')
      },
    }
    await expect(machine.all(rows)).rejects.toThrow('no row')
    expect(stdout.breakOff).toBeUndefined()
    expect(text()).toBe('')
  })

  test('jsonl is an object a line, tsv a header and a line a row, also without rows', async () => {
    const jsonl = writer('jsonl')
    await jsonl.machine.all([{ name: 'a\nb', count: 1n }])
    expect(jsonl.text()).toBe('{"name":"a\\nb","count":1}\n')
    const tsv = writer('tsv')
    await tsv.machine.all([{ count: 2, name: 'a\tb\n\\' }, { name: null }])
    expect(tsv.text()).toBe('name\tcount\na\\tb\\n\\\\\t2\n\\N\t\\N\n')
    const empty = writer('tsv')
    await empty.machine.all([])
    expect(empty.text()).toBe('name\tcount\n')
  })

  test('in tsv numbers in a list are joined, other lists and objects are JSON, big integers keep their digits', () => {
    expect(tsvCell([1, 2, 3])).toBe('1,2,3')
    expect(tsvCell([])).toBe('')
    expect(tsvCell(['a', 'b'])).toBe('["a","b"]')
    expect(tsvCell({ a: 9007199254740993n })).toBe('{"a":9007199254740993}')
  })
})
