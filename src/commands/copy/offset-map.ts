/** Which offset of the target a record of the source has: runs in which both count on together, one partition each. */

interface Run {
  readonly source: number
  readonly target: number
  count: number
}

/** More runs than these are not kept: a topic of a million small transactions has one each. */
const MOST_RUNS = 100_000

export class OffsetMap {
  #runs: Run[] = []
  /** Below this source offset nothing is known. */
  #knownFrom: number
  #source: number
  #target: number

  /** Where copying goes on: all that was copied lies before both. */
  constructor(source: number, target: number) {
    this.#knownFrom = source
    this.#source = source
    this.#target = target
  }

  /** The first source offset that is known of, and where its record is, or would be. */
  get from(): { readonly source: number; readonly target: number } {
    return { source: this.#knownFrom, target: this.#runs[0]?.target ?? this.#target }
  }

  /** Behind the last record that was copied. */
  get end(): { readonly source: number; readonly target: number } {
    return { source: this.#source, target: this.#target }
  }

  /** Records of consecutive offsets, in order behind all before. */
  add(source: number, count: number): void {
    this.addAt(source, this.#target, count)
  }

  /** The same, where the target holds them at this offset: one that was written by others may leave some out. */
  addAt(source: number, target: number, count = 1): void {
    const last = this.#runs.at(-1)
    const goesOn =
      last?.target === target - (last?.count ?? 0) && last?.source === source - (last?.count ?? 0)
    if (last !== undefined && goesOn) last.count += count
    else this.#runs.push({ source, target, count })
    this.#source = source + count
    this.#target = target + count
    if (this.#runs.length > MOST_RUNS) {
      this.#runs = this.#runs.slice(MOST_RUNS / 2)
      this.#knownFrom = this.#runs[0].source
    }
  }

  /** The source was read up to here: what lies between is copied to nowhere. */
  readTo(source: number): void {
    this.#source = Math.max(this.#source, source)
  }

  targetEndsAt(target: number): void {
    this.#target = target
  }

  /** Offsets of records in front of those known, in order: they stand right before them in the target. */
  addBefore(sources: readonly number[], from: number): void {
    const first = this.from
    const earlier: Run[] = []
    let target = first.target - sources.length
    for (const source of sources) {
      const last = earlier.at(-1)
      if (last !== undefined && last.source + last.count === source) last.count++
      else earlier.push({ source, target, count: 1 })
      target++
    }
    this.#runs = [...earlier, ...this.#runs]
    this.#knownFrom = from
  }

  /**
   * Where the first record at or behind `source` is in the target; its end for what lies behind all that was copied, however far.
   * undefined: it lies before what is known.
   */
  translate(source: number): number | undefined {
    if (source < this.#knownFrom) return undefined
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      const run = this.#runs[middle]
      if (run.source + run.count > source) high = middle
      else low = middle + 1
    }
    const run = this.#runs[low]
    if (run === undefined) return this.#target
    return run.target + Math.max(0, source - run.source)
  }
}
