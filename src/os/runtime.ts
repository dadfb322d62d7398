/** Which JavaScript runtime this is, and the refusal to write under any other than Node. */
import { TerseError } from '../errors.ts'

/**
 * Programs that run JavaScript as Node does, nearly: under Bun a pipe that is dry for a moment is taken for one that ended,
 * so that a producer would lose lines and say nothing; Deno dies in the binary of the file locks. Reading works in both.
 */
export function otherRuntime(versions: Readonly<Record<string, string | undefined>> = process.versions) {
  if (versions.bun !== undefined) return `Bun ${versions.bun}`
  return versions.deno === undefined ? undefined : `Deno ${versions.deno}`
}

/** @throws TerseError under anything but Node. Whoever writes takes a lock first, so the locks ask. */
export function ensureNode(runtime = otherRuntime()): void {
  if (runtime === undefined) return
  throw new TerseError(
    `tkafka only reads under ${runtime}, whose pipes and file locks are not those of Node: run it with node`,
  )
}
