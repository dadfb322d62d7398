/** JSON as the genuine tools read it: the first value of the text counts, what follows it does not. */

/** undefined when the text does not begin with a JSON value. */
export function firstJsonValue(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    const end = endOfValue(text)
    if (end === undefined) return undefined
    try {
      return { value: JSON.parse(text.slice(0, end)) }
    } catch {
      return undefined
    }
  }
}

/** Position behind the first object or array, or undefined when it never closes. */
function endOfValue(text: string): number | undefined {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c === '\\') i++
      else if (c === '"') quoted = false
    } else if (c === '"') quoted = true
    else if (c === '{' || c === '[') depth++
    else if ((c === '}' || c === ']') && --depth === 0) return i + 1
  }
  return undefined
}
