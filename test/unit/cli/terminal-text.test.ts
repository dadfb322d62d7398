import { describe, expect, test } from 'vitest'
import { FdOutput } from '../../../src/cli/output.ts'
import { displayWidth, ownColour, terminalText } from '../../../src/cli/terminal-text.ts'
import { fakeStreams } from '../../support/fake-streams.ts'

function written(isTerminal: boolean, ...texts: (string | Uint8Array)[]): string {
  const { port, chunks } = fakeStreams([], { isTerminal: () => isTerminal })
  const output = new FdOutput(1, port)
  for (const text of texts) output.write(text)
  output.flush()
  return Buffer.concat(chunks).toString('utf8')
}

/** Where the second column begins on a terminal. */
const column = (line: string) => displayWidth(line.slice(0, line.indexOf('|')))
const row = (name: string) => `${name.padEnd(20)} |${'x'.padEnd(9)} |\n`

describe('text for a terminal', () => {
  test('what would steer it is shown as a picture of the same width; newlines and tabs stay', () => {
    expect(terminalText('a\x1b[2J\x07\r\x7f\x9b\tb\n')).toBe('a␛[2J␇␍␡\ufffd\tb\n')
    expect(terminalText('\x1b]0;title\x07')).not.toContain('\x1b')
  })

  test('columns stand below each other whatever the names are made of', () => {
    const plain = column(terminalText(row('plain')))
    for (const name of [
      'グループ名前',
      '🎉 party',
      'e\u0301te\u0301',
      'evil\x1b[31m\x07',
      'ünïcode',
      '한국어 이름',
    ])
      expect([name, column(terminalText(row(name)))]).toEqual([name, plain])
  })

  test('single spaces, and spaces in JSON, are not taken for padding', () => {
    for (const text of ['{"group":"日本    語"}\n', '日本 語 は\n', 'group 日本 is empty\n'])
      expect(terminalText(text)).toBe(text)
  })

  test('our own colours pass, those in data do not, also inside of ours', () => {
    const bold = ownColour((text) => `\x1b[1m${text}\x1b[22m`)
    expect(terminalText(`${bold('HEAD \x1b[31m')} \x1b[31mred\n`)).toBe(
      '\x1b[1mHEAD ␛[31m\x1b[22m ␛[31mred\n',
    )
  })

  test('records are bytes and pass as they are; a pipe gets all as it is', () => {
    const record = Buffer.from('\x1b[31m日本   x\n')
    expect(written(true, record)).toBe(record.toString())
    expect(written(true, 'name \x1b[31m\n')).toBe('name ␛[31m\n')
    expect(written(false, row('グループ名前\x1b[31m'))).toBe(row('グループ名前\x1b[31m'))
  })
})
