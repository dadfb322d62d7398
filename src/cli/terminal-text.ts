/**
 * Text on its way to a terminal. Names, settings and messages come from data, so what steers a terminal is shown as a
 * picture (`␛`, one column wide, as the character it stands for counts), and the padding behind text whose letters
 * take two columns (or none) is put right: Kafka's tables pad by the number of characters. Records are bytes, and pass
 * as they are; so does all that goes into a pipe or a file.
 */

/** Our own colours, told from those in data by a leading zero, which means nothing to a terminal. */
const OWN_COLOUR = /\x1b\[0(\d+)m/g
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g
const ORDINARY = /^[\n\t\x20-\x7e]*$/

/** Marks colours as ours; what the coloured text itself would steer is taken out first. */
export function ownColour(paint: (text: string) => string): (text: string) => string {
  return (text) => paint(harmless(text)).replace(/\x1b\[(\d+)m/g, '\x1b[0$1m')
}

/** Each control character but newline and tab becomes one that can be seen. */
export function harmless(text: string): string {
  return text.replace(CONTROL, (char) => {
    const code = char.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : '\ufffd'
  })
}

export function terminalText(text: string): string {
  if (ORDINARY.test(text)) return text
  const parts = text.split(OWN_COLOUR)
  // Behind each piece of text stands the number of a colour.
  return parts.map((part, i) => (i % 2 === 1 ? `\x1b[${part}m` : padded(harmless(part)))).join('')
}

/** What is JSON keeps its spaces; in other lines those behind wide text are padding. */
function padded(text: string): string {
  if (ORDINARY.test(text)) return text
  return text
    .split('\n')
    .map((line) => (/^[{["]/.test(line) ? line : line.replace(/((?:[^ ]| (?! ))+)( {2,})/g, repadded)))
    .join('\n')
}

function repadded(_all: string, cell: string, spaces: string): string {
  const excess = displayWidth(cell) - cell.length
  return cell + ' '.repeat(Math.max(1, spaces.length - excess))
}

/** Columns that a text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0
  for (const char of text) {
    if (!NO_WIDTH.test(char)) width += WIDE.test(char) ? 2 : 1
  }
  return width
}

const NO_WIDTH = /^[\p{Mn}\p{Me}\u200b-\u200d]$/u
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u
