/** Partitioners: by the key's murmur2 hash, in rotation, or sticky by bytes as Kafka's default does. */
import { TerseError } from '../errors.ts'
import type { RecordSlices } from '../record/record-slices.ts'
import { partitionForKey } from './murmur2.ts'
import type { Partitioner } from './producer.ts'

/**
 * Chooses partitions for slices of buffers, so that no key or value needs an object of its own. One of these serves
 * one topic of one producer.
 */
export interface SlicePartitioner {
  /** Returns 0 to partitionCount - 1. */
  choose(record: RecordSlices, partitionCount: number): number
  /** True when a key's murmur2 decides, whatever else there is. */
  readonly hashesKeys?: boolean
  /** For those that have all other records take turns, so that many can be spread at once. */
  readonly rotation?: Rotation
}

/** Whose turn it is. */
export interface Rotation {
  next(partitionCount: number): number
  moveTo(partition: number): void
}

export interface RotatingOptions {
  /** True (RoundRobinPartitioner, partitioner.ignore.keys): keys are not looked at. */
  readonly ignoreKeys: boolean
  /** Where the rotation begins; asked once, when the first record without a key comes. */
  readonly start: (partitionCount: number) => number
}

/**
 * Keyed records by murmur2; the others strictly in turn. Small inputs are spread evenly that way, where Kafka 4's own
 * default (sticky) puts all of them into one partition.
 */
export class RotatingPartitioner implements SlicePartitioner, Rotation {
  readonly rotation = this
  readonly #ignoreKeys: boolean
  readonly #start: (partitionCount: number) => number
  #next = -1

  constructor(options: RotatingOptions) {
    this.#ignoreKeys = options.ignoreKeys
    this.#start = options.start
  }

  choose(record: RecordSlices, partitionCount: number): number {
    const { key, keyStart, keyEnd } = record
    if (keyEnd >= 0 && !this.#ignoreKeys) return partitionForKey(key, keyStart, keyEnd, partitionCount)
    if (partitionCount === 1) return 0
    const chosen = this.next(partitionCount)
    this.#next = chosen + 1
    return chosen
  }

  get hashesKeys(): boolean {
    return !this.#ignoreKeys
  }

  next(partitionCount: number): number {
    if (this.#next < 0) this.#next = this.#start(partitionCount)
    // The topic may have grown since the last record.
    return this.#next % partitionCount
  }

  moveTo(partition: number): void {
    this.#next = partition
  }
}

export interface StickyOptions {
  readonly ignoreKeys: boolean
  /** Bytes (batch.size) that a partition gets before the next one is drawn. */
  readonly batchSize: number
  /** 0 <= x < 1 */
  readonly random?: () => number
}

/** Kafka 4's default: keyed records by murmur2; the others stay on one partition for batch.size bytes, then draw again. */
export class StickyPartitioner implements SlicePartitioner {
  readonly hashesKeys: boolean
  readonly #batchSize: number
  readonly #random: () => number
  #current = -1
  #bytes = 0

  constructor(options: StickyOptions) {
    this.hashesKeys = !options.ignoreKeys
    this.#batchSize = options.batchSize
    this.#random = options.random ?? Math.random
  }

  choose(record: RecordSlices, partitionCount: number): number {
    const { key, keyStart, keyEnd, valueStart, valueEnd } = record
    if (keyEnd >= 0 && this.hashesKeys) return partitionForKey(key, keyStart, keyEnd, partitionCount)
    if (this.#current < 0 || this.#bytes >= this.#batchSize || this.#current >= partitionCount) {
      this.#current = Math.floor(this.#random() * partitionCount)
      this.#bytes = 0
    }
    // Length, attributes, deltas and counts of a small record: what it adds to its batch beside key and value.
    this.#bytes +=
      RECORD_OVERHEAD + (keyEnd < 0 ? 0 : keyEnd - keyStart) + (valueEnd < 0 ? 0 : valueEnd - valueStart)
    return this.#current
  }
}

const RECORD_OVERHEAD = 8

/** A partitioner of the user's own: sees copies, so that it may keep them, and is held to its contract. */
export class UserPartitioner implements SlicePartitioner {
  readonly #topic: string
  readonly #partitioner: Partitioner

  constructor(topic: string, partitioner: Partitioner) {
    this.#topic = topic
    this.#partitioner = partitioner
  }

  choose(record: RecordSlices, partitionCount: number): number {
    const { key, keyStart, keyEnd, value, valueStart, valueEnd } = record
    let chosen: number
    try {
      chosen = this.#partitioner.partition(
        this.#topic,
        keyEnd < 0 ? null : Buffer.from(key.subarray(keyStart, keyEnd)),
        valueEnd < 0 ? null : Buffer.from(value.subarray(valueStart, valueEnd)),
        partitionCount,
      )
    } catch (error) {
      throw new TerseError(
        `The partitioner failed: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
    if (!Number.isInteger(chosen) || chosen < 0 || chosen >= partitionCount) {
      throw new TerseError(
        `The partitioner answered ${String(chosen)} for topic ${this.#topic}, which has partitions 0 to ${partitionCount - 1}.`,
      )
    }
    return chosen
  }
}
