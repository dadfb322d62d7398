/** What reading a log returns: whole batches and the aborted transactions among them. */

export interface AbortedTransaction {
  readonly producerId: number
  /** From here on, the producer's transactional batches are not to be shown, up to its ABORT marker. */
  readonly firstOffset: number
}

/**
 * Whole batches as they are stored; messages of formats 0 and 1 as batches of format 2 that say the same. `buffer` belongs to the log and is overwritten by the next read of the same
 * UnifiedLog: copy what must live longer.
 */
export interface FetchedData {
  readonly buffer: Buffer
  /** Position of the first batch, which holds the offset asked for (and maybe smaller ones: skip them). */
  readonly start: number
  /** Behind the last whole batch. `start === end`: nothing there yet. */
  readonly end: number
  /** The segment's .log and the position of the first batch in it. */
  readonly file: string
  readonly position: number
  /** Bytes of the file that the batches are of. */
  readonly storedSize: number
  /** Where to read on. With nothing fetched it is the offset asked for, or the base of the next segment. */
  readonly nextOffset: number
  /** Only with read_committed: aborted transactions that reach into these batches, by first offset. */
  readonly aborted: readonly AbortedTransaction[]
}
