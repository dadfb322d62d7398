/** JSON as the genuine tools read it: the first value of the text counts, what follows it does not. */

export type JsonText =
  | { readonly value: unknown }
  /** What is wrong and where: `line 3, column 7: Unexpected token ...`. */
  | { readonly problem: string }

export function firstJsonValue(text: string): JsonText {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    const end = endOfValue(text)
    if (end !== undefined) {
      try {
        return { value: JSON.parse(text.slice(0, end)) }
      } catch {}
    }
    return { problem: problemOf(text, error as Error) }
  }
}

function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length
}

function problemOf(text: string, { message }: Error): string {
  const position = faultPosition(text)
  const column = position - text.lastIndexOf('\n', position - 1)
  const what = message.replace(/ in JSON.*$/s, '').replace(/, .*is not valid JSON$/s, '')
  return `line ${lineOf(text, position)}, column ${column}: ${what}`
}

/** The parser does not always say where; the longest beginning that may still become JSON does. */
function faultPosition(text: string): number {
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if (mayGoOn(text.slice(0, middle))) low = middle
    else high = middle - 1
  }
  return low
}

function mayGoOn(beginning: string): boolean {
  try {
    JSON.parse(beginning)
    return true
  } catch (error) {
    const { message } = error as Error
    const at = /at position (\d+)/.exec(message)?.[1]
    return message.startsWith('Unexpected end') || (at !== undefined && Number(at) >= beginning.length)
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
