/**
 * NNN.snapshot: producer state at offset NNN. int16 version 1, uint32 CRC-32C of byte 6 to the end, int32 count, then
 * per producer 46 bytes: int64 id, int16 epoch, int32 last sequence, int64 last offset, int32 offset delta, int64
 * timestamp, int32 coordinator epoch, int64 first offset of its open transaction or -1.
 *
 * Invariant: whole or not there (temp, fsync, rename: KAFKA-9892). A damaged one is passed over for an older one.
 */
import { join } from 'node:path'
import { crc32c } from '../../bytes/crc32c.ts'
import { readInt16, readInt32, readUInt32, writeInt16, writeInt32 } from '../../bytes/int32.ts'
import { type Int64, readExactInt64, readInt64, writeInt64 } from '../../bytes/int64.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { writeFileAtomically } from '../checkpoint-file.ts'
import { offsetName, SNAPSHOT_SUFFIX } from '../segment/log-files.ts'
import { isFileError } from '../side-file.ts'

export interface BatchMetadata {
  readonly lastSequence: number
  readonly lastOffset: number
  /** lastOffset minus the batch's first offset. */
  readonly offsetDelta: number
  readonly timestamp: Int64
}

export interface ProducerStateEntry {
  readonly producerId: number
  epoch: number
  coordinatorEpoch: number
  lastTimestamp: Int64
  /** -1: no transaction is open. */
  currentTxnFirstOffset: number
  /** At most the last five, oldest first. Behind a snapshot only the last one is known. */
  batches: BatchMetadata[]
}

const HEADER_SIZE = 10
const ENTRY_SIZE = 46

export function snapshotFile(dir: string, offset: number): string {
  return join(dir, offsetName(offset) + SNAPSHOT_SUFFIX)
}

/** undefined when the bytes are no snapshot (damaged, or of an unknown version). */
export function decodeSnapshot(bytes: Buffer): ProducerStateEntry[] | undefined {
  if (bytes.length < HEADER_SIZE || readInt16(bytes, 0) !== 1) return undefined
  const count = readInt32(bytes, 6)
  if (count < 0 || HEADER_SIZE + count * ENTRY_SIZE !== bytes.length) return undefined
  if (crc32c(bytes, 6) !== readUInt32(bytes, 2)) return undefined
  const entries: ProducerStateEntry[] = []
  for (let at = HEADER_SIZE; at < bytes.length; at += ENTRY_SIZE) {
    const lastOffset = readInt64(bytes, at + 14)
    const timestamp = readExactInt64(bytes, at + 26)
    entries.push({
      producerId: readInt64(bytes, at),
      epoch: readInt16(bytes, at + 8),
      coordinatorEpoch: readInt32(bytes, at + 34),
      lastTimestamp: timestamp,
      currentTxnFirstOffset: readInt64(bytes, at + 38),
      batches:
        lastOffset < 0
          ? []
          : [
              {
                lastSequence: readInt32(bytes, at + 10),
                lastOffset,
                offsetDelta: readInt32(bytes, at + 22),
                timestamp,
              },
            ],
    })
  }
  return entries
}

export function encodeSnapshot(entries: Iterable<ProducerStateEntry>, count: number): Buffer {
  const bytes = Buffer.alloc(HEADER_SIZE + count * ENTRY_SIZE)
  writeInt16(bytes, 0, 1)
  writeInt32(bytes, 6, count)
  let at = HEADER_SIZE
  for (const entry of entries) {
    const last = entry.batches[entry.batches.length - 1]
    writeInt64(bytes, at, entry.producerId)
    writeInt16(bytes, at + 8, entry.epoch)
    writeInt32(bytes, at + 10, last?.lastSequence ?? -1)
    writeInt64(bytes, at + 14, last?.lastOffset ?? -1)
    writeInt32(bytes, at + 22, last?.offsetDelta ?? 0)
    writeInt64(bytes, at + 26, entry.lastTimestamp)
    writeInt32(bytes, at + 34, entry.coordinatorEpoch)
    writeInt64(bytes, at + 38, entry.currentTxnFirstOffset)
    at += ENTRY_SIZE
  }
  writeInt32(bytes, 2, crc32c(bytes, 6))
  return bytes
}

/** undefined when missing, damaged or not to be read: the log tells the same. */
export function readSnapshot(fs: FileSystem, dir: string, offset: number): ProducerStateEntry[] | undefined {
  try {
    return decodeSnapshot(fs.readFile(snapshotFile(dir, offset)))
  } catch (error) {
    if (!isFileError(error)) throw error
    return undefined
  }
}

export function writeSnapshot(
  fs: FileSystem,
  dir: string,
  offset: number,
  entries: ReadonlyMap<number, ProducerStateEntry>,
): void {
  const bytes = encodeSnapshot(entries.values(), entries.size)
  writeFileAtomically(fs, snapshotFile(dir, offset), bytes, join(dir, '.tkafka-snapshot.tmp'), false)
}
