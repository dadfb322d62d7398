/** `sasl.jaas.config`: one login module and its options, in Java's notation. */
import { TerseError } from '../../errors.ts'

export interface JaasEntry {
  /** Class of the login module. */
  readonly module: string
  readonly options: ReadonlyMap<string, string>
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|([^\s=;"]+)|([=;]))/y

/**
 * `org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="b";`
 * @throws TerseError that does not repeat the text: there are passwords in it
 */
export function parseJaas(text: string): JaasEntry {
  const tokens = tokensOf(text)
  const [module, control] = tokens
  if (
    module?.value === undefined ||
    !/^(required|requisite|sufficient|optional)$/i.test(control?.value ?? '')
  ) {
    throw wrong('a login module and a control flag ("required") are wanted')
  }
  const options = new Map<string, string>()
  let at = 2
  while (at < tokens.length && tokens[at].sign !== ';') {
    const [name, sign, value] = tokens.slice(at, at + 3)
    if (name?.value === undefined || sign?.sign !== '=' || value?.value === undefined) {
      throw wrong(`option ${options.size + 1} is not name="value"`)
    }
    options.set(name.value, value.value)
    at += 3
  }
  if (tokens[at]?.sign !== ';') throw wrong('it must end in ";"')
  if (at !== tokens.length - 1) throw wrong('more than one login module')
  return { module: module.value, options }
}

interface Token {
  readonly value?: string
  readonly sign?: string
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const match = TOKEN.exec(text)
    if (match === null) throw wrong('a quotation mark is missing')
    const [, quoted, bare, sign] = match
    tokens.push(sign === undefined ? { value: quoted?.replace(/\\(.)/g, '$1') ?? bare } : { sign })
  }
  return tokens
}

function wrong(why: string): TerseError {
  return new TerseError(`sasl.jaas.config: ${why}`)
}
