import { describe, expect, test } from 'vitest'
import { parseJaas } from '../../../../src/cluster/security/jaas-config.ts'

describe('sasl.jaas.config', () => {
  test('one module with options, quoted or not', () => {
    const { module, options } = parseJaas(
      'org.apache.kafka.common.security.plain.PlainLoginModule required username=alice password="a \\"b\\" = ; c" ;',
    )
    expect(module).toBe('org.apache.kafka.common.security.plain.PlainLoginModule')
    expect([...options]).toEqual([
      ['username', 'alice'],
      ['password', 'a "b" = ; c'],
    ])
  })

  test.each([
    ['', 'a login module and a control flag'],
    ['Module', 'a login module and a control flag'],
    ['Module required a="b"', 'it must end in ";"'],
    ['Module required a "b";', 'option 1 is not name="value"'],
    ['Module required a="b', 'a quotation mark is missing'],
    ['Module required a="b"; Other required;', 'more than one login module'],
  ])('%s is refused, and the text not repeated', (text, why) => {
    expect(() => parseJaas(text)).toThrow(`sasl.jaas.config: ${why}`)
  })

  test('what is wrong is told without the password in it', () => {
    expect(() => parseJaas('M required password="secret')).toThrow(expect.not.stringContaining('secret'))
  })
})
