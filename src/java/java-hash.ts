/** Java's String.hashCode over UTF-16 units: decides which partition of `__consumer_offsets` a group's records are in. */
export function javaStringHash(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(31, hash) + text.charCodeAt(i)) | 0
  return hash
}

/** TopicPartition.hashCode of Kafka's clients. */
export function javaPartitionHash(topic: string, partition: number): number {
  return (Math.imul(31, 31 + partition) + javaStringHash(topic)) | 0
}

/**
 * The order in which a java.util.HashMap with these keys, inserted in this order, is walked. Kafka's sticky assignor walks such maps, so
 * its results depend on it, and what the genuine tools print comes out of such maps. `initialCapacity` is what the map was
 * made with. (Buckets that turn into trees keep their insertion order as well, near enough.)
 */
export function javaHashOrder<T>(
  items: readonly T[],
  hash: (item: T) => number,
  largestSize = items.length,
  initialCapacity = 16,
): T[] {
  let capacity = 1
  while (capacity < initialCapacity) capacity *= 2
  while (largestSize > capacity * 0.75) capacity *= 2
  const bucket = (item: T) => {
    const h = hash(item)
    return (h ^ (h >>> 16)) & (capacity - 1)
  }
  return items
    .map((item, index) => ({ item, index, bucket: bucket(item) }))
    .sort((a, b) => a.bucket - b.bucket || a.index - b.index)
    .map(({ item }) => item)
}
