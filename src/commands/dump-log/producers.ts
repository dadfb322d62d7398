/** Producer snapshots (.snapshot) and indexes of aborted transactions (.txnindex). */

import { basename, dirname, join, resolve } from 'node:path'
import { crc32c } from '../../bytes/crc32c.ts'
import { readExactInt64 } from '../../bytes/int64.ts'
import { TerseError } from '../../errors.ts'
import type { FileSystem } from '../../os/file-system.ts'
import type { DumpPrinter } from './event.ts'
import { offsetInName, readWhole } from './file.ts'

const SNAPSHOT_VERSION = 1
const SNAPSHOT_HEADER_SIZE = 10
const CRC_POSITION = 2
const ENTRIES_POSITION = 6
const PRODUCER_SIZE = 46
const ABORTED_SIZE = 34

/** Layout in log/producer-snapshot.ts; here a damaged one is told apart. */
export function dumpProducerSnapshot(fs: FileSystem, path: string, print: DumpPrinter): void {
  const bytes = readWhole(fs, path)
  const version = bytes.length < 2 ? undefined : bytes.readInt16BE(0)
  if (version !== undefined && version !== SNAPSHOT_VERSION) {
    throw new TerseError(
      `Snapshot failed schema validation: Snapshot contained an unknown file version ${version}`,
    )
  }
  const count = bytes.length < SNAPSHOT_HEADER_SIZE ? -1 : bytes.readInt32BE(ENTRIES_POSITION)
  if (count < 0 || SNAPSHOT_HEADER_SIZE + count * PRODUCER_SIZE > bytes.length) {
    throw new TerseError(
      `Snapshot failed schema validation: ${path} has ${bytes.length} bytes for ${count < 0 ? 'no' : count} producers`,
    )
  }
  const stored = bytes.readUInt32BE(CRC_POSITION)
  const computed = crc32c(bytes, ENTRIES_POSITION, bytes.length)
  if (stored !== computed) {
    throw new TerseError(
      `Snapshot is corrupt (CRC is no longer valid). Stored crc: ${stored}. Computed crc: ${computed}`,
    )
  }
  for (let n = 0; n < count; n++) printProducer(bytes, SNAPSHOT_HEADER_SIZE + n * PRODUCER_SIZE, print)
}

function printProducer(bytes: Buffer, at: number, print: DumpPrinter): void {
  const lastSequence = bytes.readInt32BE(at + 10)
  const lastOffset = readExactInt64(bytes, at + 14)
  const offsetDelta = bytes.readInt32BE(at + 22)
  const timestamp = readExactInt64(bytes, at + 26)
  const currentTxnFirstOffset = readExactInt64(bytes, at + 38)
  print({
    type: 'producer',
    producerId: readExactInt64(bytes, at),
    producerEpoch: bytes.readInt16BE(at + 8),
    coordinatorEpoch: bytes.readInt32BE(at + 34),
    currentTxnFirstOffset: currentTxnFirstOffset < 0 ? undefined : currentTxnFirstOffset,
    lastTimestamp: timestamp,
    lastBatch:
      lastOffset < 0
        ? undefined
        : {
            firstSequence: decrementSequence(lastSequence, offsetDelta),
            lastSequence,
            lastOffset,
            offsetDelta,
            timestamp,
          },
  })
}

/** Sequences go round from 0 to 2^31 - 1. */
function decrementSequence(sequence: number, decrement: number): number {
  return sequence < decrement ? sequence - decrement + 0x80000000 : sequence - decrement
}

/** A segment without an aborted transaction has no such file: nothing is printed then. */
export function dumpTransactionIndex(fs: FileSystem, path: string, print: DumpPrinter): void {
  offsetInName(basename(path))
  if (fs.stat(path) === undefined) {
    const log = join(dirname(path), `${basename(path).split('.')[0]}.log`)
    if (fs.stat(log) !== undefined) return
  }
  const bytes = readWhole(fs, path)
  for (let at = 0; at + ABORTED_SIZE <= bytes.length; at += ABORTED_SIZE) {
    // The genuine tool looks at the first byte only.
    const version = bytes.readInt8(at)
    if (version > 0) {
      throw new TerseError(
        `Unexpected aborted transaction version ${version} in transaction index ${resolve(path)}, current version is 0`,
      )
    }
    print({
      type: 'abortedTransaction',
      version,
      producerId: readExactInt64(bytes, at + 2),
      firstOffset: readExactInt64(bytes, at + 10),
      lastOffset: readExactInt64(bytes, at + 18),
      lastStableOffset: readExactInt64(bytes, at + 26),
    })
  }
}
