/** Client settings from `key=value` arguments and properties files. */
import { TerseError } from '../../errors.ts'
import { errorCode } from '../../os/error-code.ts'
import { systemErrorText } from '../../os/system-error.ts'
import { systemOs } from '../../os/system-os.ts'

/** `key=value` arguments as Kafka's tools read them: the value may hold `=`, and is empty when there is none. */
export function keyValueArguments(values: readonly string[]): Map<string, string> {
  const properties = new Map<string, string>()
  for (const text of values) {
    const at = text.indexOf('=')
    if (at < 0) properties.set(text, '')
    else properties.set(text.slice(0, at), text.slice(at + 1))
  }
  return properties
}

/** @throws TerseError in Java's words */
function checkUnicodeEscapes(text: string): void {
  if (!text.includes('\\u')) return
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (/^\s*[#!]/.test(line)) continue
    if (/^(?:[^\\]|\\[^u])*\\u(?![0-9a-fA-F]{4})/.test(line.replace(/\\u[0-9a-fA-F]{4}/g, '')))
      throw new TerseError('Malformed \\uxxxx encoding.')
  }
}

/**
 * A Java properties file (escapes, continued lines; Latin-1). A later line wins.
 * @throws TerseError: the path as given, as the genuine tools say it, and the reason behind it
 */
/** A file that a flag names is not there. */
export class NoSuchFile extends TerseError {
  override name = 'NoSuchFile'

  constructor(file: string) {
    super(`${file}\nThere is no such file.`)
  }
}

export async function propertiesFile(file: string): Promise<Map<string, string>> {
  let bytes: Buffer
  try {
    // To Java an empty path is the working directory.
    bytes = systemOs.fs.readUserFile(file === '' ? '.' : file)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'EISDIR') throw new TerseError(`Is a directory\n${file} is no properties file.`)
    if (code === 'ENOENT') throw new NoSuchFile(file)
    const why = systemErrorText(error) ?? (error as Error).message
    throw new TerseError(`${file}\n${why.startsWith(`${file}: `) ? why.slice(file.length + 2) : why}`)
  }
  return parseProperties(bytes)
}

/** @throws TerseError in Java's words */
export async function parseProperties(bytes: Buffer): Promise<Map<string, string>> {
  checkUnicodeEscapes(bytes.toString('latin1'))
  const { parseLines } = await import('./properties-lines.ts')
  const properties = new Map<string, string>()
  for (const line of parseLines(bytes.toString('latin1'))) {
    if (Array.isArray(line)) properties.set(line[0], line[1])
  }
  return properties
}
