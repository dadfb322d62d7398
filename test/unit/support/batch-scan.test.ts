import { describe, expect, test } from 'vitest'
import { RecordBatchBuilder } from '../../../src/record/record-batch-builder.ts'
import { findBatch, scanBatches } from '../../support/batch-scan.ts'

function batch(baseOffset: number, count = 2): Buffer {
  const builder = new RecordBatchBuilder({ baseOffset })
  for (let i = 0; i < count; i++) builder.append(1_700_000_000_000, null, Buffer.from(`record ${i}`))
  return builder.build()
}

const first = batch(0)
const second = batch(2)
const third = batch(4)
const whole = Buffer.concat([first, second, third])
const size = first.length

function scan(buffer: Buffer, options: Parameters<typeof scanBatches>[4] = { crc: true }) {
  const positions: number[] = []
  const { validEnd, nextOffset, kind, problem, tornSize } = scanBatches(
    buffer,
    0,
    buffer.length,
    (position) => void positions.push(position),
    options,
  )
  return { positions, validEnd, nextOffset, kind, tornSize, position: problem?.position }
}

describe('scanning batches', () => {
  test('whole batches are visited up to the end, with nothing wrong', () => {
    expect(scan(whole)).toEqual({
      positions: [0, size, 2 * size],
      validEnd: 3 * size,
      nextOffset: 6,
      kind: undefined,
      tornSize: 0,
      position: undefined,
    })
    expect(scan(Buffer.alloc(0))).toMatchObject({
      positions: [],
      validEnd: 0,
      nextOffset: -1,
      kind: undefined,
    })
  })

  test('a tail cut anywhere is torn there, and says how long the batch should be', () => {
    for (let cut = 1; cut < size; cut++) {
      // What is left of offset 4's upper bytes are zeros.
      const kind = cut <= 7 ? 'zeros' : 'torn'
      expect(scan(whole.subarray(0, 2 * size + cut)), `cut at ${cut}`).toMatchObject({
        positions: [0, size],
        validEnd: 2 * size,
        nextOffset: 4,
        kind,
        tornSize: cut >= 12 ? size : 0,
        position: 2 * size,
      })
    }
  })

  test.each([1, 5, 12, 17, 61, 5000])('%i zero bytes behind the last batch are zeros', (count) => {
    expect(scan(Buffer.concat([whole, Buffer.alloc(count)]))).toMatchObject({
      validEnd: 3 * size,
      kind: 'zeros',
    })
  })

  test('zeros with something behind them are garbage', () => {
    expect(scan(Buffer.concat([whole, Buffer.alloc(100), first]))).toMatchObject({ kind: 'garbage' })
  })

  test('a flipped byte is a wrong CRC, seen only when it is asked for', () => {
    const bad = Buffer.from(whole)
    bad[size + 65] ^= 1
    expect(scan(bad)).toMatchObject({ positions: [0], validEnd: size, kind: 'crc', position: size })
    expect(scan(bad, {})).toMatchObject({ validEnd: 3 * size, kind: undefined })
  })

  test('offsets that go backwards, or below the one expected, are garbage', () => {
    expect(scan(Buffer.concat([second, first]))).toMatchObject({ validEnd: size, kind: 'garbage' })
    expect(scan(first, { minOffset: 1 })).toMatchObject({ validEnd: 0, kind: 'garbage' })
    expect(scan(second, { minOffset: 1 })).toMatchObject({ validEnd: size, kind: undefined })
  })

  test.each([0, 1])('magic %i is legacy', (magic) => {
    const old = Buffer.from(first)
    old[16] = magic
    expect(scan(old)).toMatchObject({ validEnd: 0, kind: 'legacy' })
  })

  test('a size that no batch has is garbage', () => {
    const bad = Buffer.from(first)
    for (const length of [-1, 0, 48]) {
      bad.writeInt32BE(length, 8)
      expect(scan(bad), String(length)).toMatchObject({ kind: 'garbage' })
    }
  })

  test('the visitor ends the scan in front of the batch it refuses', () => {
    const result = scanBatches(whole, 0, whole.length, (position) => position < size)
    expect(result).toMatchObject({ validEnd: size, nextOffset: 2 })
    expect(result.problem).toBeUndefined()
  })

  test('bytes behind the given end are not looked at', () => {
    expect(scanBatches(whole, size, 2 * size, () => {})).toMatchObject({ validEnd: 2 * size, nextOffset: 4 })
    expect(scanBatches(whole, 0, 2 * size - 1, () => {})).toMatchObject({
      validEnd: size,
      kind: 'torn',
      tornSize: size,
    })
  })

  test('the next sound batch behind damage is found, older look-alikes are not', () => {
    const bad = Buffer.concat([first, Buffer.from('not a batch'), first, third])
    expect(findBatch(bad, size, bad.length, 2)).toBe(2 * size + 11)
    expect(findBatch(bad, size, bad.length, 0)).toBe(size + 11)
    expect(findBatch(bad, size, bad.length - 1, 2)).toBe(-1)
  })
})
