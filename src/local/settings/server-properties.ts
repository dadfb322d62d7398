/** Reads the server.properties of a data directory. */
import { join } from 'node:path'
import { parseLines } from 'dot-properties'
import { TerseError } from '../../errors.ts'
import { errorCode } from '../../os/error-code.ts'
import { SMALL_FILE_BYTES } from '../../os/file-system.ts'
import { ForeignFileError } from '../../os/foreign-file.ts'
import type { Os } from '../../os/os.ts'

export const SERVER_PROPERTIES_FILE = 'server.properties'

/**
 * The optional `server.properties` of a data directory: static broker configs under their Kafka names, as a genuine
 * broker would be started with. Empty when there is none.
 * @throws TerseError naming the file when it cannot be read; Node's error when the way to it is barred
 */
export function readServerProperties(os: Os, dir: string): Map<string, string> {
  const file = join(dir, SERVER_PROPERTIES_FILE)
  // Quicker than an error, and nearly always so.
  if (os.fs.stat(dir)?.isDirectory() && os.fs.stat(file) === undefined) return new Map()
  let bytes: Buffer
  try {
    bytes = os.fs.readFile(file, SMALL_FILE_BYTES)
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return new Map()
    // The directory itself is at fault: its reader says so.
    if (code === 'ENOTDIR' || code === 'EACCES') throw error
    if (error instanceof ForeignFileError) throw new TerseError(error.message)
    throw new TerseError(`${file}: ${(error as Error).message}`)
  }
  return new Map(parseProperties(bytes).map(([key, value]) => [key, value.trim()]))
}

/** What writers do unasked for the logs they write (docs/cleaning.md). On unless the directory's owner turned it off. */
export const HOUSEKEEPING_CONFIG = 'tkafka.housekeeping.enable'

export function housekeepingIsOn(properties: ReadonlyMap<string, string>): boolean {
  return properties.get(HOUSEKEEPING_CONFIG)?.trim().toLowerCase() !== 'false'
}

/** Java properties: escapes, continued lines; Java reads the file as Latin-1. A later line wins. */
function parseProperties(bytes: Buffer): [string, string][] {
  const pairs: [string, string][] = []
  for (const line of parseLines(bytes.toString('latin1'))) {
    if (Array.isArray(line)) pairs.push([line[0], line[1]])
  }
  return pairs
}
