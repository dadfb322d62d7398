/** Batches that were ended and are not done with: who waits for them, and until when they may take. */
import type { ProducerBatch } from './partition-batches.ts'

/** Who interrupts a producer waits no longer than this for a cluster that takes nothing. */
const GRACE_MS = 2000

export class OutstandingBatches {
  readonly #deliveryTimeoutMs: number
  /** About the oldest first. */
  readonly #batches = new Set<ProducerBatch>()
  #waiters: (() => void)[] = []
  /** When the last batch was stored. */
  #storedAt = 0
  /** When the user wanted an end; 0: has not. */
  #interruptedAt = 0

  constructor(deliveryTimeoutMs: number) {
    this.#deliveryTimeoutMs = deliveryTimeoutMs
  }

  has(batch: ProducerBatch): boolean {
    return this.#batches.has(batch)
  }

  /** Returns when it, or one before it, is to be looked at. */
  add(batch: ProducerBatch): number {
    this.#batches.add(batch)
    const due = batch.origin.createdAt + this.#deliveryTimeoutMs
    return this.#interruptedAt === 0 ? due : Math.min(due, this.#graceEnd())
  }

  /** These took its place. */
  replace(batch: ProducerBatch, parts: readonly ProducerBatch[]): void {
    this.#batches.delete(batch)
    for (const part of parts) this.#batches.add(part)
  }

  /** Done with. `storedAt`: when it came into the log. */
  remove(batch: ProducerBatch, storedAt = 0): void {
    this.#batches.delete(batch)
    if (storedAt > 0) this.#storedAt = storedAt
    if (this.#waiters.length === 0) return
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Resolves when all that were ended before this number are done with. */
  async settled(order: number): Promise<void> {
    while (this.#hasBefore(order)) {
      await new Promise<void>((resolve) => {
        this.#waiters.push(resolve)
      })
    }
  }

  /** From now on they have time as long as some are stored. Returns when they are to be looked at. */
  interrupt(now: number): number {
    this.#interruptedAt = now
    return this.#graceEnd()
  }

  tellAll(error: Error): void {
    for (const batch of this.#batches) batch.lastError ??= error
  }

  /** Whose time is over; what is in flight is looked at when it comes back. `next`: when to look again. */
  overdue(now: number): { readonly batches: readonly ProducerBatch[]; readonly next: number } {
    const all = [...this.#batches]
    const grace = this.#interruptedAt === 0 ? Number.POSITIVE_INFINITY : this.#graceEnd()
    if (grace <= now) return { batches: all, next: Number.POSITIVE_INFINITY }
    const isOver = ({ origin }: ProducerBatch) => origin.createdAt + this.#deliveryTimeoutMs <= now
    const batches = all.filter((batch) => isOver(batch) && batch.partition.waiting.includes(batch))
    const dues = all
      .filter((batch) => !isOver(batch))
      .map(({ origin }) => origin.createdAt + this.#deliveryTimeoutMs)
    return { batches, next: all.length === 0 ? Number.POSITIVE_INFINITY : Math.min(grace, ...dues) }
  }

  isOverdue({ origin }: ProducerBatch, now: number): boolean {
    return now - origin.createdAt >= this.#deliveryTimeoutMs
  }

  #hasBefore(order: number): boolean {
    for (const batch of this.#batches) if (batch.origin.order < order) return true
    return false
  }

  #graceEnd(): number {
    return Math.max(this.#interruptedAt, this.#storedAt) + GRACE_MS
  }
}
