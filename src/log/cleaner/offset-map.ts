/**
 * For compaction: the last offset of each key in a range of the log, in memory that is fixed beforehand.
 *
 * A key is told by 96 bits of a hash (MurmurHash3, seeded anew in each run, so that nobody can prepare keys that
 * collide); two of 5 million keys share one with a probability of 10^-16. A slot is 16 bytes: the hash and the offset,
 * counted from the range's begin. Three quarters of the memory are slots, an eighth is for growing, and an eighth for one bit an
 * offset: whether a later record of the same key was seen. So the records of the range itself are judged by their bit,
 * without being hashed again. 128 MB hold 6.29 million slots: 5.66 million keys at the default load factor of 0.9
 * (Kafka's 24 bytes a key: 5.03 million), and ranges of up to 134 million offsets. What does not fit is left for the next pass.
 */
const WORDS = 4
const SLOT_BYTES = WORDS * 4
/** Grown this much at a time: few keys stay in a small table, which the processor's caches hold. */
const GROWTH = 8
const GROW_AT = 0.6
const MIN_SLOTS = 1024
const TWO_32 = 0x100000000

export class OffsetMap {
  /** Keys that fit. */
  readonly capacity: number
  /** Up to where the map speaks for the log; -1 when it is empty. */
  latestOffset = -1
  readonly #maxSlots: number
  readonly #maxBits: number
  readonly #seed: number
  #base = 0
  #bits = new Uint8Array(0)
  #range = 0
  #table = new Int32Array(0)
  #slots = 0
  #scale = 0
  #limit = 0
  #size = 0
  /** The three words of the last hash. */
  readonly #hash = new Int32Array(3)

  constructor(memoryBytes: number, loadFactor: number, seed: number) {
    this.#maxSlots = Math.max(Math.floor((memoryBytes * 3) / 4 / SLOT_BYTES), 2)
    this.#maxBits = Math.min(Math.max(Math.floor(memoryBytes / 8), 8) * 8, TWO_32 - 16)
    this.capacity = Math.max(Math.floor(this.#maxSlots * Math.min(Math.max(loadFactor, 0.1), 0.95)), 1)
    this.#seed = seed | 0
  }

  get size(): number {
    return this.#size
  }

  /** Share of the keys that fit, 0 to 1. */
  get utilization(): number {
    return this.#size / this.capacity
  }

  /** Empties it for offsets [start, end). */
  begin(start: number, end: number): void {
    this.#base = start
    this.#range = Math.min(Math.max(end - start, 0), this.#maxBits)
    this.#bits = new Uint8Array(Math.ceil(this.#range / 8))
    this.latestOffset = -1
    this.#size = 0
    let slots = this.#maxSlots
    while (Math.ceil(slots / GROWTH) >= MIN_SLOTS) slots = Math.ceil(slots / GROWTH)
    this.#allocate(slots)
  }

  /** Notes that `offset` holds the newest value of the key in buffer[start, end). False: it does not fit any more. */
  put(buffer: Buffer, start: number, end: number, offset: number): boolean {
    const relative = offset - this.#base
    if (relative >= this.#range) return false
    if (this.#size >= this.#limit && !this.#grow()) return false
    const table = this.#table
    const at = this.#find(buffer, start, end)
    const before = table[at + 3] >>> 0
    if (before === 0) {
      const hash = this.#hash
      table[at] = hash[0]
      table[at + 1] = hash[1]
      table[at + 2] = hash[2]
      this.#size++
    } else if (relative > before - 1) this.#bits[(before - 1) >>> 3] |= 1 << ((before - 1) & 7)
    else {
      // Seen in order as a rule; the same offset may come twice.
      if (relative < before - 1) this.#bits[relative >>> 3] |= 1 << (relative & 7)
      return true
    }
    table[at + 3] = relative + 1
    return true
  }

  /** Last offset of a key, -1 when it is not in the range. */
  get(buffer: Buffer, start: number, end: number): number {
    if (this.#size === 0) return -1
    const found = this.#table[this.#find(buffer, start, end) + 3] >>> 0
    return found === 0 ? -1 : this.#base + found - 1
  }

  /** For an offset in the range: whether a later record of its key was seen. */
  isSuperseded(offset: number): boolean {
    const relative = offset - this.#base
    return (this.#bits[relative >>> 3] & (1 << (relative & 7))) !== 0
  }

  /** As if a later one had been seen: for records that compaction drops anyway. */
  supersede(offset: number): void {
    const relative = offset - this.#base
    if (relative < this.#range) this.#bits[relative >>> 3] |= 1 << (relative & 7)
  }

  /** Position of the key's slot, or of the empty one where it belongs. */
  #find(buffer: Buffer, start: number, end: number): number {
    const hash = this.#hash
    murmur3(buffer, start, end, this.#seed, hash)
    const h1 = hash[0]
    const h2 = hash[1]
    const h3 = hash[2]
    const table = this.#table
    const length = table.length
    let at = Math.floor((h1 >>> 0) * this.#scale) * WORDS
    while (table[at + 3] !== 0) {
      if (table[at] === h1 && table[at + 1] === h2 && table[at + 2] === h3) return at
      at += WORDS
      if (at === length) at = 0
    }
    return at
  }

  #grow(): boolean {
    if (this.#slots >= this.#maxSlots) return false
    const old = this.#table
    this.#allocate(Math.min(this.#slots * GROWTH, this.#maxSlots))
    const table = this.#table
    for (let from = 0; from < old.length; from += WORDS) {
      if (old[from + 3] === 0) continue
      let at = Math.floor((old[from] >>> 0) * this.#scale) * WORDS
      while (table[at + 3] !== 0) {
        at += WORDS
        if (at === table.length) at = 0
      }
      table[at] = old[from]
      table[at + 1] = old[from + 1]
      table[at + 2] = old[from + 2]
      table[at + 3] = old[from + 3]
    }
    return true
  }

  #allocate(slots: number): void {
    this.#slots = slots
    this.#table = new Int32Array(this.#slots * WORDS)
    this.#scale = this.#slots / TWO_32
    this.#limit =
      this.#slots >= this.#maxSlots
        ? this.capacity
        : Math.min(Math.floor(this.#slots * GROW_AT), this.capacity)
  }
}

/** MurmurHash3 (x86, 128 bits), of which three words are kept. */
function murmur3(bytes: Uint8Array, start: number, end: number, seed: number, out: Int32Array): void {
  const length = end - start
  let h1 = seed
  let h2 = seed
  let h3 = seed
  let h4 = seed
  let at = start
  for (const last = end - 16; at <= last; at += 16) {
    let k = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
    k = Math.imul(k, C1)
    h1 ^= Math.imul((k << 15) | (k >>> 17), C2)
    h1 = (Math.imul(((h1 << 19) | (h1 >>> 13)) + h2, 5) + 0x561ccd1b) | 0
    k = bytes[at + 4] | (bytes[at + 5] << 8) | (bytes[at + 6] << 16) | (bytes[at + 7] << 24)
    k = Math.imul(k, C2)
    h2 ^= Math.imul((k << 16) | (k >>> 16), C3)
    h2 = (Math.imul(((h2 << 17) | (h2 >>> 15)) + h3, 5) + 0x0bcaa747) | 0
    k = bytes[at + 8] | (bytes[at + 9] << 8) | (bytes[at + 10] << 16) | (bytes[at + 11] << 24)
    k = Math.imul(k, C3)
    h3 ^= Math.imul((k << 17) | (k >>> 15), C4)
    h3 = (Math.imul(((h3 << 15) | (h3 >>> 17)) + h4, 5) + 0x96cd1c35) | 0
    k = bytes[at + 12] | (bytes[at + 13] << 8) | (bytes[at + 14] << 16) | (bytes[at + 15] << 24)
    k = Math.imul(k, C4)
    h4 ^= Math.imul((k << 18) | (k >>> 14), C1)
    h4 = (Math.imul(((h4 << 13) | (h4 >>> 19)) + h1, 5) + 0x32ac3b17) | 0
  }
  const left = end - at
  if (left > 12) {
    let k = word(bytes, at + 12, left - 12)
    k = Math.imul(k, C4)
    h4 ^= Math.imul((k << 18) | (k >>> 14), C1)
  }
  if (left > 8) {
    let k = word(bytes, at + 8, left - 8)
    k = Math.imul(k, C3)
    h3 ^= Math.imul((k << 17) | (k >>> 15), C4)
  }
  if (left > 4) {
    let k = word(bytes, at + 4, left - 4)
    k = Math.imul(k, C2)
    h2 ^= Math.imul((k << 16) | (k >>> 16), C3)
  }
  if (left > 0) {
    let k = word(bytes, at, left)
    k = Math.imul(k, C1)
    h1 ^= Math.imul((k << 15) | (k >>> 17), C2)
  }
  h1 ^= length
  h2 ^= length
  h3 ^= length
  h4 ^= length
  h1 = (h1 + h2 + h3 + h4) | 0
  h2 = (h2 + h1) | 0
  h3 = (h3 + h1) | 0
  h4 = (h4 + h1) | 0
  h1 = mix(h1)
  h2 = mix(h2)
  h3 = mix(h3)
  h4 = mix(h4)
  h1 = (h1 + h2 + h3 + h4) | 0
  out[0] = h1
  out[1] = h2 + h1
  out[2] = h3 + h1
}

/** Up to four bytes, little-endian. */
function word(bytes: Uint8Array, at: number, length: number): number {
  let k = bytes[at]
  if (length > 1) k |= bytes[at + 1] << 8
  if (length > 2) k |= bytes[at + 2] << 16
  if (length > 3) k |= bytes[at + 3] << 24
  return k
}

function mix(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const C1 = 0x239b961b
const C2 = 0xab0e9789
const C3 = 0x38b34ae5
const C4 = 0xa1e38b93
