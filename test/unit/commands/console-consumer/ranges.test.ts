import { describe, expect, test } from 'vitest'
import { parsePoint } from '../../../../src/commands/console-consumer/ranges.ts'
import { decoded, encoded, FORMATS, type Format } from '../../../../src/commands/formatters/field-formats.ts'

const NOW = Date.UTC(2026, 10, 21, 12)
const HOUR = 3_600_000

describe('points of --from and --to', () => {
  test.each([
    ['0', { type: 'offset', offset: 0 }],
    ['1500', { type: 'offset', offset: 1500 }],
    ['earliest', { type: 'earliest' }],
    ['END', { type: 'end', back: 0 }],
    ['end-100', { type: 'end', back: 100 }],
    ['latest - 3', { type: 'end', back: 3 }],
    ['now', { type: 'time', timestamp: NOW }],
    ['@1700000000000', { type: 'time', timestamp: 1_700_000_000_000 }],
    ['-30m', { type: 'time', timestamp: NOW - HOUR / 2 }],
    ['-1h30m', { type: 'time', timestamp: NOW - 1.5 * HOUR }],
    ['-1.5h', { type: 'time', timestamp: NOW - 1.5 * HOUR }],
    ['-250ms', { type: 'time', timestamp: NOW - 250 }],
    ['-2w', { type: 'time', timestamp: NOW - 14 * 24 * HOUR }],
    ['2026-11-21', { type: 'time', timestamp: NOW - 12 * HOUR }],
    ['2026-11-21T12:00', { type: 'time', timestamp: NOW }],
    ['2026-11-21 12:00:00', { type: 'time', timestamp: NOW }],
    ['2026-11-21T12:00:00.250Z', { type: 'time', timestamp: NOW + 250 }],
    ['2026-11-21T13:00:00+01:00', { type: 'time', timestamp: NOW }],
    ['2026-11-21T13:00+0100', { type: 'time', timestamp: NOW }],
    ['2026-11-21T07:00-05', { type: 'time', timestamp: NOW }],
  ])('%s', (text, point) => {
    expect(parsePoint('from', text, NOW)).toEqual(point)
  })

  test.each([
    '',
    'end+1',
    '-30',
    '30m',
    '2026-13-01',
    '2026-02-31',
    '2026-11-21T25:00',
    'yesterday',
    '-',
    '1.5',
  ])('%j is refused with what there is', (text) => {
    expect(() => parsePoint('to', text, NOW)).toThrow(/--to .* is no point: give an offset/)
  })
})

describe('formats', () => {
  const samples: Record<Format, Buffer[]> = {
    utf8: [Buffer.from('é\n'), Buffer.alloc(0)],
    hex: [Buffer.from([0, 255]), Buffer.alloc(0)],
    base64: [Buffer.from([0, 255, 1]), Buffer.alloc(0)],
    json: [Buffer.from('{"a":[1,null]}')],
    int16: [Buffer.from('8000', 'hex'), Buffer.from('7fff', 'hex')],
    int32: [Buffer.from('80000000', 'hex')],
    int64: [Buffer.from('8000000000000000', 'hex'), Buffer.from('0000000000000007', 'hex')],
    float: [Buffer.from('80000000', 'hex'), Buffer.from('7f800000', 'hex'), Buffer.from('3dcccccd', 'hex')],
    double: [Buffer.from('8000000000000000', 'hex'), Buffer.from('3fb999999999999a', 'hex')],
    uuid: [Buffer.from('00112233445566778899aabbccddeeff', 'hex')],
  }

  test.each(FORMATS)('%s: bytes come back as they were', (format) => {
    for (const bytes of samples[format]) expect(encoded(decoded(bytes, format), format)).toEqual(bytes)
  })

  test('what does not fit is said', () => {
    expect(() => decoded(Buffer.alloc(3), 'int32')).toThrow('3 bytes are no int32, which has 4')
    expect(() => encoded(40_000, 'int16')).toThrow('is too large for int16')
    expect(() => encoded(1.5, 'int32')).toThrow('is no int32')
    expect(() => encoded('abc', 'hex')).toThrow('is no hex')
    expect(() => encoded('a', 'base64')).toThrow('is no base64')
    expect(() => encoded(7, 'utf8')).toThrow('must be text for utf8, not a number')
    expect(() => encoded('x', 'uuid')).toThrow('is no UUID')
  })
})
