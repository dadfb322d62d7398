/** gzip by Node itself. Levels 1 to 9; -1 is zlib's own default (6). */
import type zlibModule from 'node:zlib'
import { damagedData, requireFromHere, tooLarge } from './codec-module.ts'

let zlib: typeof zlibModule | undefined

function library(): typeof zlibModule {
  zlib ??= requireFromHere('node:zlib') as typeof zlibModule
  return zlib
}

export function compress(bytes: Buffer, level = -1): Buffer {
  return library().gzipSync(bytes, { level })
}

export function decompress(bytes: Buffer, maxSize: number): Buffer {
  try {
    return library().gunzipSync(bytes, { maxOutputLength: maxSize })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge('gzip', maxSize)
    throw damagedData('gzip', error)
  }
}
