/**
 * Numbers as Java prints them: Double.toString and Float.toString of JDK 19 and later (the shortest decimal that reads
 * back as the same number, at least two digits; plain between 1e-3 and 1e7, else scientific).
 */

export function javaDouble(value: number): string {
  return javaDecimal(value, shortest(value, Number, 17))
}

/** `value` must be a float's value. */
export function javaFloat(value: number): string {
  return javaDecimal(value, shortest(value, Math.fround, 9))
}

/** The shortest decimal of at least two digits that rounds to the value, in JavaScript's notation. */
function shortest(value: number, round: (x: number) => number, most: number): string {
  if (!Number.isFinite(value) || value === 0) return ''
  for (let digits = 2; digits < most; digits++) {
    const text = value.toPrecision(digits)
    if (round(Number(text)) === value) return text
  }
  return value.toPrecision(most)
}

function javaDecimal(value: number, decimal: string): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0'
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(decimal)
  if (match === null) return decimal
  const [, sign, whole, fraction = '', exponentText = '0'] = match
  const all = (whole + fraction).replace(/^0+/, '')
  const leadingZeros = (whole + fraction).length - all.length
  const digits = all.replace(/0+$/, '')
  /** Power of ten of the first digit. */
  const exponent = whole.length - 1 - leadingZeros + Number(exponentText)
  if (exponent >= -3 && exponent < 7) {
    if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
    const padded = digits.padEnd(exponent + 1, '0')
    return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1) || '0'}`
  }
  return `${sign}${digits[0]}.${digits.slice(1) || '0'}E${exponent}`
}
