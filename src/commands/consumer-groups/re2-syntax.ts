/**
 * Checks a regular expression against the syntax of RE2/J, which brokers use for the subscriptions of consumer groups. Says what is wrong in
 * that library's words; the order of its checks is kept, so that the first complaint is the same.
 */

/** undefined when the expression is right. */
export function re2Problem(regex: string): string | undefined {
  try {
    new Re2Syntax(regex).check()
    return undefined
  } catch (error) {
    if (error instanceof Re2SyntaxError) return error.message
    throw error
  }
}

class Re2SyntaxError extends Error {}

const MAX_REPEAT = 1000
const PERL_CLASSES = 'dDsSwW'
const POSIX_CLASSES =
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' ')
const LETTER_ESCAPES = 'aftnrv'

class Re2Syntax {
  private readonly text: string
  private at = 0
  private depth = 0

  constructor(text: string) {
    this.text = text
  }

  check(): void {
    /** Whether something stands before that can be repeated, and whether that was a repetition just now. */
    let repeatable = false
    let repeated = false
    while (this.at < this.text.length) {
      const char = this.text[this.at] as string
      if (/[*+?]/.test(char) || (char === '{' && this.isRepeat())) {
        this.repetition(char, repeatable, repeated)
        repeated = true
        continue
      }
      this.atom(char)
      repeated = false
      repeatable = char !== '(' && char !== '|'
    }
    if (this.depth > 0) throw new Re2SyntaxError('missing closing )')
  }

  private repetition(char: string, repeatable: boolean, wasRepeated: boolean): void {
    if (char === '{') this.repeatCounts()
    else this.at++
    if (!repeatable) throw new Re2SyntaxError('missing argument to repetition operator')
    if (this.text[this.at] === '?') this.at++
    if (wasRepeated) throw new Re2SyntaxError('invalid nested repetition operator')
  }

  private atom(char: string): void {
    if (char === '(') this.openGroup()
    else if (char === ')') this.closeGroup()
    else if (char === '[') this.characterClass()
    else if (char === '\\') this.escape(false)
    else this.at += char.length
  }

  private closeGroup(): void {
    if (this.depth === 0) throw new Re2SyntaxError('regexp/syntax: internal error')
    this.depth--
    this.at++
  }

  private openGroup(): void {
    this.depth++
    this.at++
    if (this.text[this.at] !== '?') return
    if (/^\?(P<|<)/.test(this.text.slice(this.at))) {
      const named = /^\?P?<([A-Za-z0-9_]+)>/.exec(this.text.slice(this.at))
      if (named === null) throw new Re2SyntaxError('invalid named capture')
      this.at += named[0].length
      return
    }
    const flags = /^\?([imsU]*(?:-[imsU]+)?)([:)])/.exec(this.text.slice(this.at))
    if (flags === null || (flags[1] === '' && flags[2] === ')')) {
      throw new Re2SyntaxError(
        /\)/.test(this.text.slice(this.at)) ? 'invalid or unsupported Perl syntax' : 'missing closing )',
      )
    }
    this.at += flags[0].length
    if (flags[2] === ')') this.depth--
  }

  /** `{` that is no count stands for itself. */
  private isRepeat(): boolean {
    return /^\{\d+(,\d*)?\}/.test(this.text.slice(this.at))
  }

  private repeatCounts(): void {
    const match = /^\{(\d+)(,(\d*))?\}/.exec(this.text.slice(this.at)) as RegExpExecArray
    const low = Number(match[1])
    // Both {3} and {3,} name the low count alone.
    const high = (match[3] ?? '') === '' ? low : Number(match[3])
    if (low > MAX_REPEAT || high > MAX_REPEAT || high < low) throw new Re2SyntaxError('invalid repeat count')
    this.at += match[0].length
  }

  private characterClass(): void {
    this.at++
    if (this.text[this.at] === '^') this.at++
    for (let first = true; first || this.text[this.at] !== ']'; first = false) {
      if (this.at >= this.text.length) throw new Re2SyntaxError('missing closing ]')
      const posix = /^\[:(\^?)(\w*):\]/.exec(this.text.slice(this.at))
      if (posix !== null) {
        if (!POSIX_CLASSES.includes(posix[2] as string))
          throw new Re2SyntaxError('invalid character class range')
        this.at += posix[0].length
        continue
      }
      const low = this.classMember()
      if (this.text[this.at] === '-' && this.at + 1 < this.text.length && this.text[this.at + 1] !== ']') {
        this.at++
        const high = this.classMember()
        if (low === undefined || high === undefined || high < low)
          throw new Re2SyntaxError('invalid character class range')
      }
    }
    this.at++
  }

  /** Code point of one member; undefined for a class such as \d. */
  private classMember(): number | undefined {
    if (this.at >= this.text.length) throw new Re2SyntaxError('missing closing ]')
    if (this.text[this.at] === '\\') return this.escape(true)
    const code = this.text.codePointAt(this.at) as number
    this.at += code > 0xffff ? 2 : 1
    return code
  }

  private escape(inClass: boolean): number | undefined {
    const char = this.text[++this.at]
    if (char === undefined) throw new Re2SyntaxError('trailing backslash at end of expression')
    if (PERL_CLASSES.includes(char) || (!inClass && 'AbBzC'.includes(char))) {
      this.at++
      return undefined
    }
    if (!inClass && char === 'Q') {
      const end = this.text.indexOf('\\E', this.at)
      this.at = end < 0 ? this.text.length : end + 2
      return undefined
    }
    if (char === 'p' || char === 'P') return this.unicodeClass()
    const hex = /^x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/.exec(this.text.slice(this.at))
    const octal = /^(?:[1-7][0-7]{1,2}|0[0-7]{0,2})/.exec(this.text.slice(this.at))
    let code: number | undefined
    if (hex) code = Number.parseInt((hex[1] ?? hex[2]) as string, 16)
    else if (octal) code = Number.parseInt(octal[0], 8)
    if (code !== undefined && code <= 0x10ffff) {
      this.at += (hex ?? (octal as RegExpExecArray))[0].length
      return code
    }
    if (LETTER_ESCAPES.includes(char) || (char < '\x80' && !/[0-9A-Za-z]/.test(char))) {
      this.at++
      return LETTER_ESCAPES.includes(char)
        ? [7, 12, 9, 10, 13, 11][LETTER_ESCAPES.indexOf(char)]
        : char.charCodeAt(0)
    }
    throw new Re2SyntaxError('invalid escape sequence')
  }

  private unicodeClass(): undefined {
    const match = /^[pP](?:\{\^?(\w+)\}|(\w))/.exec(this.text.slice(this.at))
    const name = match?.[1] ?? match?.[2]
    try {
      new RegExp(`\\p{${name}}`, 'u')
    } catch {
      try {
        new RegExp(`\\p{Script=${name}}`, 'u')
      } catch {
        throw new Re2SyntaxError('invalid character class range')
      }
    }
    if (match === null) throw new Re2SyntaxError('invalid character class range')
    this.at += match[0].length
    return undefined
  }
}
