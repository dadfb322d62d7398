/** xxHash32 with seed 0, the checksum in the headers of LZ4 frames. For short pieces: plain, not fast. */

const PRIME_1 = 0x9e3779b1
const PRIME_2 = 0x85ebca77
const PRIME_3 = 0xc2b2ae3d
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1

/** Unsigned. */
export function xxHash32(bytes: Buffer): number {
  let at = 0
  let hash = PRIME_5
  if (bytes.length >= 16) {
    const lanes = [PRIME_1 + PRIME_2, PRIME_2, 0, -PRIME_1]
    for (; bytes.length - at >= 16; at += 16) {
      for (let lane = 0; lane < 4; lane++) {
        const mixed = (lanes[lane] | 0) + Math.imul(bytes.readInt32LE(at + 4 * lane), PRIME_2)
        lanes[lane] = Math.imul(rotated(mixed, 13), PRIME_1)
      }
    }
    hash = rotated(lanes[0], 1) + rotated(lanes[1], 7) + rotated(lanes[2], 12) + rotated(lanes[3], 18)
  }
  hash = (hash + bytes.length) | 0
  for (; bytes.length - at >= 4; at += 4)
    hash = Math.imul(rotated(hash + Math.imul(bytes.readInt32LE(at), PRIME_3), 17), PRIME_4)
  for (; at < bytes.length; at++) hash = Math.imul(rotated(hash + Math.imul(bytes[at], PRIME_5), 11), PRIME_1)
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

const rotated = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits))
