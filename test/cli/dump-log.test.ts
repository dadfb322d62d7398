import fs from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Story } from '../support/cli.ts'

describe('dump-log', () => {
  const story = new Story()
  const file = (name: string) => path.join(story.data, 'a-0', name)
  const log = () => file('00000000000000000000.log')

  beforeAll(async () => {
    await story.says('topics --create --topic a --config index.interval.bytes=10')
    await story.says('console-producer --topic a --sync', { stdin: 'one\ntwo\n' })
  })
  afterAll(() => story.end())

  test('a segment is shown batch by batch, and record by record with its data', async () => {
    const text = await story.says(['dump-log', '--files', log(), '--print-data-log'])
    expect(text).toMatch(/^Dumping .*\nLog starting offset: 0\nbaseOffset: 0 lastOffset: 0 count: 1 /)
    expect(text).toMatch(
      /\n\| offset: 1 CreateTime: \d+ keySize: -1 valueSize: 3 sequence: \d headerKeys: \[\] payload: two\n$/,
    )
  })

  test('files that cannot be read are named, the others are dumped all the same, and it ends with 1', async () => {
    const missing = path.join(story.dir, '00000000000000000007.log')
    const index = file('00000000000000000000.index')
    const { stdout, stderr, status } = await story.run(['dump-log', '--files', `${missing},${index}`])
    expect(status).toBe(1)
    expect(stderr).toBe(`${missing}\nThere is no such file.\n`)
    expect(stdout).toContain('offset: 1 position: ')
  })

  test('a file of another kind is passed over; a folder is told to be one', async () => {
    const other = await story.run(['dump-log', '--files', file('partition.metadata')])
    expect([other.status, other.stderr]).toEqual([0, `Ignoring unknown file ${file('partition.metadata')}\n`])
    const folder = await story.run(['dump-log', '--files', path.join(story.data, 'a-0')])
    expect([folder.status, folder.stderr.split('\n')[1]]).toEqual([
      1,
      expect.stringContaining('It is a folder'),
    ])
  })

  test('damage is shown with its place: a wrong checksum, bytes that are no batch', async () => {
    const bytes = fs.readFileSync(log())
    bytes[70] ^= 1
    story.file('00000000000000000000.log', '')
    const copy = path.join(story.dir, '00000000000000000000.log')
    fs.writeFileSync(copy, Buffer.concat([bytes, Buffer.alloc(40)]))
    const { stdout, stderr, status } = await story.run(['dump-log', '--files', copy])
    expect(status).toBe(1)
    expect(stdout).toMatch(/position: 0 .* isvalid: false\n.* isvalid: true\n$/)
    expect(stderr).toBe(
      `Found record size 0 smaller than minimum record overhead (14) in file ${copy}.\nWhat stands at position ${bytes.length} is no batch; the file has ${bytes.length + 40} bytes.\n`,
    )
  })

  test('--output jsonl has a row for everything, binary values as base64', async () => {
    await story.says('topics --create --topic b')
    await story.says('console-producer --topic b', { stdin: Buffer.from([0xff, 0x0a]) })
    const files = path.join(story.data, 'b-0', '00000000000000000000.log')
    const text = await story.says(['dump-log', '--files', files, '--print-data-log', '--output', 'jsonl'])
    const rows = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows.map((row) => row.type)).toEqual(['log', 'batch', 'record'])
    expect(rows[2]).toMatchObject({
      file: files,
      offset: 0,
      key: null,
      value: '/w==',
      valueEncoding: 'base64',
    })
  })
})
