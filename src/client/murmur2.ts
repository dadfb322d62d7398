/**
 * murmur2 as Kafka's clients hash keys with it: 32 bits, little-endian words, seed 0x9747b28c.
 * @returns a signed 32-bit number, as Java's `Utils.murmur2` does
 */
export function murmur2(buffer: Uint8Array, start = 0, end = buffer.length): number {
  const length = end - start
  let h = SEED ^ length
  let i = start
  const words = start + (length & ~3)
  while (i < words) {
    let k = buffer[i] | (buffer[i + 1] << 8) | (buffer[i + 2] << 16) | (buffer[i + 3] << 24)
    k = Math.imul(k, M)
    k = Math.imul(k ^ (k >>> 24), M)
    h = Math.imul(h, M) ^ k
    i += 4
  }
  const rest = end - i
  if (rest > 2) h ^= buffer[i + 2] << 16
  if (rest > 1) h ^= buffer[i + 1] << 8
  if (rest > 0) h = Math.imul(h ^ buffer[i], M)
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

const M = 0x5bd1e995
const SEED = 0x9747b28c | 0

/** The partition of a key: Java's `toPositive(murmur2(key)) % numPartitions`. */
export function partitionForKey(
  buffer: Uint8Array,
  start: number,
  end: number,
  partitionCount: number,
): number {
  return (murmur2(buffer, start, end) & 0x7fffffff) % partitionCount
}
