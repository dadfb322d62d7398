/** The code of an error of the operating system (`ENOENT`): code decides by it, while people read the line of system-error.ts. */

/** `ENOENT`, `EACCES`, ...; undefined for an error that has no code. */
export function errorCode(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error
  return hasCode && typeof error.code === 'string' ? error.code : undefined
}

/** There is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}
