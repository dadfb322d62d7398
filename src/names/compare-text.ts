/** The order of names in listings: by their UTF-16 units, as Java's String.compareTo has it. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
