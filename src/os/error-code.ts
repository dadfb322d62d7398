/** By what code the operating system refused: what code decides by, where people get system-error.ts's line. */

/** `ENOENT`, `EACCES`, ...; undefined for an error that has no code. */
export function errorCode(error: unknown): string | undefined {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error
  return hasCode && typeof error.code === 'string' ? error.code : undefined
}

/** There is no such file or folder. */
export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT'
}
