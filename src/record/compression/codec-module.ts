/** The interface of a codec, and the loading of its library. */
import { createRequire } from 'node:module'
import { CorruptRecordError, TerseError } from '../../errors.ts'

/** What each codec file offers. Synchronous; its library is loaded when it is first called. */
export interface CodecModule {
  compress(bytes: Buffer, level?: number): Buffer
  /** Throws CorruptRecordError on damaged bytes, and before it inflates to more than `maxSize` bytes. */
  decompress(bytes: Buffer, maxSize: number): Buffer
}

/** `createRequire` here finds packages from the bundle as well as from the source. */
export const requireFromHere = createRequire(import.meta.url)

const WAY_OUT: Readonly<Record<string, string>> = {
  zstd: 'run it with Node 22.15 or later, which has zstd itself',
}

/** Loads a codec's library, or says in one line which codec cannot be had, and why. */
export function loadLibrary<T>(codec: string, load: () => T): T {
  try {
    return load()
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw new TerseError(
      `${codec} compression cannot be used here: its library did not load (${why}). ` +
        `Install tkafka with its dependencies for this platform, or ${WAY_OUT[codec] ?? 'use another compression.type'}.`,
    )
  }
}

export function tooLarge(codec: string, maxSize: number): CorruptRecordError {
  return new CorruptRecordError(`its ${codec} data would inflate to more than ${maxSize} bytes`, 0)
}

export function damagedData(codec: string, error: unknown): CorruptRecordError {
  const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
  return new CorruptRecordError(`its ${codec} data is damaged: ${why}`, 0)
}
