import { describe, expect, test } from 'vitest'
import { topicFilter } from '../../../src/client/topic-filter.ts'
import { javaHashOrder, javaStringHash } from '../../../src/java/java-hash.ts'
import { nearNames } from '../../../src/names/near-names.ts'
import { collide, validateTopicName } from '../../../src/names/topic-names.ts'

describe('topic names and patterns', () => {
  const matches = (pattern: string, name: string) => topicFilter(pattern)(name)

  test('a pattern is about whole names, with commas for alternatives', () => {
    expect(matches('log', 'log')).toBe(true)
    expect(matches('log', 'logs')).toBe(false)
    expect(matches('log.*', 'logs')).toBe(true)
    expect(matches('a.b', 'axb')).toBe(true)
    expect(matches('a, b', 'b')).toBe(true)
    expect(matches('"a"', 'a')).toBe(true)
    expect(matches('', 'a')).toBe(false)
  })

  test("Java's own spellings", () => {
    expect(matches('(?i)LOG.*', 'logs')).toBe(true)
    expect(matches('\\Qa.b\\E', 'a.b')).toBe(true)
    expect(matches('\\Qa.b\\E', 'axb')).toBe(false)
    expect(matches('\\p{Alpha}++-\\p{Digit}+', 'log-12')).toBe(true)
    expect(() => topicFilter('[')).toThrow('[ is an invalid regex.')
  })

  test('names that cannot be topics', () => {
    for (const name of ['', '.', '..', 'a b', 'été', 'a'.repeat(250)]) {
      expect(() => validateTopicName(name), name).toThrow('Topic name is invalid: ')
    }
    expect(() => validateTopicName('a'.repeat(249))).not.toThrow()
    expect(collide('a.b_c', 'a_b.c')).toBe(true)
  })

  test('what was meant', () => {
    expect(nearNames('topcs', ['topics', 'configs'])).toEqual(['topics'])
    expect(nearNames('ordres', ['orders', 'orders2', 'payments'])[0]).toBe('orders')
    expect(nearNames('xyz', ['orders'])).toEqual([])
  })
})

describe('the order of a Java hash map', () => {
  test('hash codes and small maps as the genuine tools print them', () => {
    expect(javaStringHash('hello')).toBe(99162322)
    const quotas = [
      'consumer_byte_rate',
      'controller_mutation_rate',
      'producer_byte_rate',
      'request_percentage',
    ]
    expect(javaHashOrder(quotas, javaStringHash, undefined, 4)).toEqual([
      'producer_byte_rate',
      'consumer_byte_rate',
      'controller_mutation_rate',
      'request_percentage',
    ])
    expect(javaHashOrder(quotas.slice(0, 3), javaStringHash, undefined, 3)).toEqual(quotas.slice(0, 3))
  })
})
