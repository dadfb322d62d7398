/** Java's String.hashCode over UTF-16 units. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/**
 * The order in which a java.util.HashMap is walked that had these keys put in this order: what the genuine tools print
 * comes out of such maps. `capacity` is what the map was made with; Java's own default is 16.
 */
export function hashMapOrder<T>(items: readonly T[], hash: (item: T) => number, capacity = 16): T[] {
  let size = 1
  while (size < capacity) size *= 2
  while (items.length > Math.floor(size * 0.75)) size *= 2
  const bucket = (item: T) => {
    const h = hash(item)
    return (h ^ (h >>> 16)) & (size - 1)
  }
  return items
    .map((item, index) => ({ item, index, bucket: bucket(item) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map(({ item }) => item)
}
