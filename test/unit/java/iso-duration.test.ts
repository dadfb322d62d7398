import { describe, expect, test } from 'vitest'
import { parseDateTime, parseIsoDuration } from '../../../src/java/iso-duration.ts'

describe('ISO durations, as java.time.Duration.parse reads them', () => {
  test.each([
    ['PT1H', 3_600_000],
    ['P1D', 86_400_000],
    ['-P1D', -86_400_000],
    ['P1DT-2H', 79_200_000],
    ['-PT-6H+3M', 21_420_000],
    ['pt1.5s', 1500],
    ['PT-0.5S', -500],
    ['PT0.0001S', 0],
    ['PT-0.0001S', -1],
    ['PT20,345S', 20_345],
    ['P+2D', 172_800_000],
    ['PT.S', undefined],
    ['P', undefined],
    ['PT', undefined],
    ['P1DT', undefined],
    ['P1W', undefined],
    ['P1M', undefined],
    ['1h', undefined],
    ['PT1.5H', undefined],
    [' PT1S', undefined],
    ['', undefined],
  ])('%s', (text, milliseconds) => {
    if (milliseconds === undefined)
      expect(() => parseIsoDuration(text)).toThrow('Text cannot be parsed to a Duration')
    else expect(parseIsoDuration(text)).toBe(milliseconds)
  })
})

describe('date-times, as Kafka reads them', () => {
  const noon = Date.UTC(2020, 1, 29, 12, 30, 15, 250)
  test.each([
    ['2020-02-29T12:30:15.250', noon],
    ['2020-02-29T12:30:15.250Z', noon],
    ['2020-02-29T14:30:15.250+02:00', noon],
    ['2020-02-29T14:30:15.250+0200', noon],
    ['2020-02-29T11:30:15.250-01', noon],
    ['2020-02-29T12:30:15.250Z and so on', noon],
    [' 2020-02-29T12:30:15.250 Z', noon],
  ])('%s', (text, timestamp) => expect(parseDateTime(text)).toBe(timestamp))

  test.each([
    ['2020-01-01', "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format"],
    ['2020-01-01T00:00:00', 'Unparseable date: "2020-01-01T00:00:00Z"'],
    ['2021-02-29T00:00:00.000', 'Unparseable date: "2021-02-29T00:00:00.000Z"'],
    ['2020-01-01T24:00:00.000', 'Unparseable date: "2020-01-01T24:00:00.000Z"'],
    ['2020-13-01T00:00:00.000Z', 'Unparseable date: "2020-13-01T00:00:00.000Z"'],
  ])('%s is refused in its words', (text, message) => expect(() => parseDateTime(text)).toThrow(message))
})
