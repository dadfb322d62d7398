/** Topic names by pattern: Kafka's include list and Java's regular expressions in JavaScript. */
import { TerseError } from '../errors.ts'

/**
 * Kafka's include list: a regular expression over whole names in which a comma is an alternative and blanks and
 * outer quotes do not count.
 * @throws TerseError `x is an invalid regex.`
 */
export function topicFilter(text: string): (name: string) => boolean {
  const source = patternOf(text)
  // The usual name is no pattern, and compiling one costs more than comparing.
  if (LITERAL.test(source)) return (name) => name === source
  let pattern: RegExp
  try {
    pattern = javaPattern(source)
  } catch {
    throw new TerseError(`${source} is an invalid regex.`)
  }
  return (name) => pattern.test(name)
}

/** The one name that a list lets through, where it is a name and no pattern. */
export function onlyTopic(text: string): string | undefined {
  const source = patternOf(text)
  return LITERAL.test(source) ? source : undefined
}

const LITERAL = /^[a-zA-Z0-9_-]+$/

function patternOf(text: string): string {
  return text
    .trim()
    .replaceAll(',', '|')
    .replaceAll(' ', '')
    .replace(/^["']+/, '')
    .replace(/["']+$/, '')
}

/** A Java pattern that has to match whole: what Java alone writes is put into JavaScript's words. */
export function javaPattern(source: string): RegExp {
  let flags = ''
  let rest = source
  const inline = /^\(\?([ims]+)\)/.exec(rest)
  if (inline !== null) {
    flags = inline[1]
    rest = rest.slice(inline[0].length)
  }
  rest = rest
    .replace(/\\Q(.*?)(\\E|$)/gs, (_, literal: string) => literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .replace(/\\p\{Alpha\}/g, '[a-zA-Z]')
    .replace(/\\p\{Digit\}/g, '[0-9]')
    .replace(/\\p\{Alnum\}/g, '[a-zA-Z0-9]')
    .replace(/\\p\{Upper\}/g, '[A-Z]')
    .replace(/\\p\{Lower\}/g, '[a-z]')
    .replace(/\\p\{Punct\}/g, '[!-\\/:-@\\[-`{-~]')
    .replace(/\\A/g, '^')
    .replace(/\\[zZ]/g, '$')
    // Possessive quantifiers: names are short, so backtracking does no harm.
    .replace(/([*+?}])\+/g, '$1')
  return new RegExp(`^(?:${rest})$`, flags)
}
