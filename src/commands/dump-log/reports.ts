/** Contradictions that dump-log finds between files, told at its end. */
import { resolve } from 'node:path'
import type { Int64 } from '../../bytes/int64.ts'
import type { Output } from '../../cli/command.ts'
import type {} from './event.ts'

type Pair = readonly [Int64, Int64]

/** What does not fit together, gathered over all files and told on stderr at the end. Files by their absolute path. */
export class DumpReports {
  readonly #indexMismatches = new Map<string, Map<Int64, Int64>>()
  readonly #timestampMismatches = new Map<string, Pair[]>()
  readonly #outOfOrder = new Map<string, Pair[]>()
  readonly #offsetsNotFound = new Map<string, Pair[]>()
  readonly #nonConsecutive = new Map<string, Map<Int64, Int64>>()

  indexMismatch(file: string, indexOffset: Int64, logOffset: Int64): void {
    of(this.#indexMismatches, file, () => new Map<Int64, Int64>()).set(indexOffset, logOffset)
  }

  timestampMismatch(file: string, indexTimestamp: Int64, logTimestamp: Int64): void {
    of(this.#timestampMismatches, file, noPairs).push([indexTimestamp, logTimestamp])
  }

  timestampOutOfOrder(file: string, indexTimestamp: Int64, previous: Int64): void {
    of(this.#outOfOrder, file, noPairs).push([indexTimestamp, previous])
  }

  /** `logOffset` -1: the log ends before it. */
  offsetNotFound(file: string, indexOffset: Int64, logOffset: Int64): void {
    of(this.#offsetsNotFound, file, noPairs).push([indexOffset, logOffset])
  }

  nonConsecutive(file: string, offset: Int64, next: Int64): void {
    of(this.#nonConsecutive, file, () => new Map<Int64, Int64>()).set(offset, next)
  }

  print(stderr: Output): void {
    for (const [file, offsets] of this.#indexMismatches) {
      stderr.line(`Mismatches in :${file}`)
      for (const [index, log] of sorted(offsets).reverse()) {
        stderr.line(`  Index offset: ${index}, log offset: ${log}`)
      }
    }
    for (const [file, pairs] of this.#timestampMismatches) {
      stderr.line(`Found timestamp mismatch in :${file}`)
      for (const [index, log] of pairs) stderr.line(`  Index timestamp: ${index}, log timestamp: ${log}`)
    }
    for (const [file, pairs] of this.#outOfOrder) {
      stderr.line(`Found out of order timestamp in :${file}`)
      for (const [index, previous] of pairs) {
        stderr.line(`  Index timestamp: ${index}, Previously indexed timestamp: ${previous}`)
      }
    }
    for (const [file, pairs] of this.#offsetsNotFound) {
      stderr.line(`The following indexed offsets are not found in :${file}`)
      for (const [index, log] of pairs) stderr.line(`Indexed offset: ${index}, found log offset: ${log}`)
    }
    for (const [file, offsets] of this.#nonConsecutive) {
      stderr.line(`Non-consecutive offsets in ${file}`)
      for (const [offset, next] of sorted(offsets)) stderr.line(`  ${offset} is followed by ${next}`)
    }
  }
}

function of<T>(map: Map<string, T>, file: string, empty: () => T): T {
  const path = resolve(file)
  let value = map.get(path)
  if (value === undefined) {
    value = empty()
    map.set(path, value)
  }
  return value
}

function noPairs(): Pair[] {
  return []
}

function sorted(offsets: ReadonlyMap<Int64, Int64>): Pair[] {
  return [...offsets].sort(([a], [b]) => (a < b ? -1 : 1))
}
