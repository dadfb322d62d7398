import { TerseError } from '../errors.ts'
import { systemOs } from '../os/system-os.ts'

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

/**
 * A Java properties file (escapes, continued lines; Latin-1). A later line wins.
 * @throws TerseError: the path as given, as the genuine tools say it, and the reason behind it
 */
export async function propertiesFile(file: string): Promise<Map<string, string>> {
  let bytes: Buffer
  try {
    bytes = systemOs.fs.readFile(file)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    throw new TerseError(
      `${file}\n${code === 'ENOENT' ? 'There is no such file.' : (error as Error).message}`,
    )
  }
  const { parseLines } = await import('./properties-lines.ts')
  const properties = new Map<string, string>()
  for (const line of parseLines(bytes.toString('latin1'))) {
    if (Array.isArray(line)) properties.set(line[0], line[1])
  }
  return properties
}
