/** `Did you mean:` of argparse tools: the flags or subcommands that are nearest to what was typed, as argparse4j picks them. */

/** Nothing is near enough from here on. */
const FAR = 7
const REPLACE = 2
const ADD = 1
const REMOVE = 4

/** The block behind the error message; empty when nothing is near. All that are equally near are named, by name. */
export function didYouMean(typed: string, names: Iterable<string>, prefix = ''): string {
  let best = FAR
  let nearest: string[] = []
  for (const name of names) {
    const distance = name.startsWith(typed) ? 0 : distanceTo(typed, name)
    if (distance > best || distance >= FAR) continue
    if (distance < best) nearest = []
    best = distance
    nearest.push(`${prefix}${name}`)
  }
  if (nearest.length === 0) return ''
  return `\n\nDid you mean:${nearest
    .sort()
    .map((name) => `\n\t${name}`)
    .join('')}`
}

/** Weighted edits; neighbours change places for nothing, and what is left out at the beginning costs one each. */
function distanceTo(typed: string, name: string): number {
  let before: number[] = []
  let last = Array.from({ length: name.length + 1 }, (_, j) => j)
  for (let i = 1; i <= typed.length; i++) {
    const row = [i]
    for (let j = 1; j <= name.length; j++) {
      const [a, b] = [typed[i - 1], name[j - 1]]
      row[j] = Math.min(last[j - 1] + (a === b ? 0 : REPLACE), last[j] + REMOVE, row[j - 1] + ADD)
      if (i > 1 && j > 1 && a !== b && typed[i - 2] === b && a === name[j - 2])
        row[j] = Math.min(row[j], before[j - 2])
    }
    before = last
    last = row
  }
  return last[name.length]
}
