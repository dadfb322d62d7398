/** `Did you mean a or b?` for names that come near to what was typed. */

/** undefined when nothing comes near. */
export function didYouMean(near: readonly string[]): string | undefined {
  if (near.length === 0) return undefined
  const last = near[near.length - 1]
  const list = near.length === 1 ? last : `${near.slice(0, -1).join(', ')} or ${last}`
  return `Did you mean ${list}?`
}
