/** Names close enough to what was typed to be meant, nearest first, at most three. */
export function nearNames(typed: string, names: Iterable<string>): string[] {
  const limitOfLong = typed.length <= 6 ? 2 : 3
  const limit = typed.length <= 3 ? 1 : limitOfLong
  return [...names]
    .map((name) => ({ name, distance: editDistance(typed.toLowerCase(), name.toLowerCase(), limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name)
}

/** `There is no topic ordrs. Did you mean orders?` */
export function noSuch(kind: string, typed: string, names: Iterable<string>): string {
  const near = nearNames(typed, names)
  const hint = near.length === 0 ? '' : ` Did you mean ${listed(near)}?`
  return `There is no ${kind} ${typed}.${hint}`
}

/** `Topic orders has no partition 7: its partitions are 0 to 2.` */
export function noPartition(topic: string, partition: number, count: number): string {
  const there = count === 1 ? 'its only partition is 0' : `its partitions are 0 to ${count - 1}`
  return `Topic ${topic} has no partition ${partition}: ${there}.`
}

function listed(near: readonly string[]): string {
  return near.length === 1 ? near[0] : `${near.slice(0, -1).join(', ')} or ${near[near.length - 1]}`
}

/** Insertions, deletions, replacements and swaps of neighbours; anything above `limit` counts as limit + 1. */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1)
    }
    before = last
    last = row
  }
  return last[b.length]
}
