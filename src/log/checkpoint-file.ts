/**
 * Kafka's text checkpoints: a version line, a count line, then one line an entry.
 *
 * Invariant: the file under its name is always whole. A new version is written beside it (`NAME.tmp`), synced,
 * renamed over it, and the folder synced; a crash in between leaves the old one and perhaps a stray .tmp, which the
 * next write replaces. (Leaving out the fsync cost Kafka checkpoints after power cuts: KAFKA-16541.)
 * A 0-byte file is what a broker makes before it has anything to say: no entries.
 */
import { dirname } from 'node:path'
import { isMissing } from '../os/error-code.ts'
import type { FileSystem } from '../os/file-system.ts'
import { openTemporary, writeFully } from '../os/file-system.ts'
import { SideFileError } from './side-file.ts'

/**
 * undefined: missing, or not a checkpoint (the caller decides what to rebuild it from). Entries are lines split at spaces.
 * @throws SideFileError when it cannot be read
 */
export function readCheckpoint(fs: FileSystem, path: string): string[][] | undefined {
  let text: string
  try {
    text = fs.readFile(path).toString('utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw SideFileError.of(path, error)
  }
  return parseCheckpoint(text)
}

/** undefined when the text is no checkpoint of version 0 or its count does not fit. */
export function parseCheckpoint(text: string): string[][] | undefined {
  if (text.length === 0) return []
  const lines = text.split('\n')
  if (lines[lines.length - 1] === '') lines.pop()
  if (lines.length < 2 || lines[0].trim() !== '0') return undefined
  const count = Number(lines[1].trim())
  if (!Number.isInteger(count) || count !== lines.length - 2) return undefined
  return lines.slice(2).map((line) => line.trim().split(/\s+/))
}

export function formatCheckpoint(entries: readonly (readonly (string | number)[])[]): string {
  let text = `0\n${entries.length}\n`
  for (const entry of entries) text += `${entry.join(' ')}\n`
  return text
}

export function writeCheckpoint(
  fs: FileSystem,
  path: string,
  entries: readonly (readonly (string | number)[])[],
): void {
  writeFileAtomically(fs, path, Buffer.from(formatCheckpoint(entries)))
}

/** A temporary name that no other process uses, for files that are written under no lock. */
export function temporaryOfOurs(path: string): string {
  return `${path}.${process.pid}.tmp`
}

/** Replaces a small file: temp, fsync, rename, fsync of the folder (unless it may as well be the old one after a crash). */
export function writeFileAtomically(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
  temporary = `${path}.tmp`,
  syncFolder = true,
): void {
  const fd = openTemporary(fs, temporary)
  try {
    writeFully(fs, fd, bytes, 0, bytes.length, 0)
    fs.fsync(fd)
  } catch (error) {
    fs.close(fd)
    try {
      fs.unlink(temporary)
    } catch {
      // a stray .tmp does no harm
    }
    throw error
  }
  fs.close(fd)
  fs.rename(temporary, path)
  if (syncFolder) fs.fsyncDir(dirname(path))
}
