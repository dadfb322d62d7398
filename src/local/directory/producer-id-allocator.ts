/**
 * `.tkafka-producer-ids`: what is left of the block of producer ids that was taken from the metadata.
 *
 * Bytes: one line `NEXT END BOOT`, rewritten in place with one write under an exclusive lock of this file.
 * Invariant: an id is handed out once. A block is taken by a ProducerIds record before its first id is used, so no
 * broker hands out the same. Not synced: after a power cut the line may be an older one, so the rest of a block of
 * another boot is dropped (at most 999 ids out of 2^53).
 * Crash: between taking a block and the write, the block is lost; nothing else.
 */
import { join } from 'node:path'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { readFully, writeFully } from '../../os/file-system.ts'
import { openLockFile } from '../../os/lock-file.ts'
import { waitForLock } from '../../os/lock-wait.ts'
import type { Os } from '../../os/os.ts'

export const PRODUCER_IDS_FILE = '.tkafka-producer-ids'
/** Producer ids are handed out in blocks of this size. */
export const PRODUCER_ID_BLOCK_SIZE = 1000

export interface ProducerIdSource {
  /** First id of a new block, by the metadata. */
  takeBlock(): Promise<number>
  /** First id that no block covers yet, by the metadata now. */
  nextUncovered(): number
}

/** A producer id that was never used before. Needs a session. */
export async function allocateProducerId(os: Os, dir: string, source: ProducerIdSource): Promise<number> {
  const { fs } = os
  const path = join(dir, PRODUCER_IDS_FILE)
  // Also mends its mode.
  fs.close(openLockFile(fs, path))
  const file = fs.open(path, 'r+')
  try {
    await waitForLock(os, path, () => os.locks.tryLock(file, 'exclusive'))
    const buffer = Buffer.alloc(512)
    const text = buffer.toString('latin1', 0, readFully(fs, file, buffer, 0, buffer.length, 0))
    const match = /^(\d+) (\d+) (\S+)\s*$/.exec(text)
    let next = match === null ? 0 : Number(match[1])
    let end = match === null ? 0 : Number(match[2])
    const usable = next < end && match![3] === os.bootId() && end <= source.nextUncovered()
    if (!usable) {
      next = await source.takeBlock()
      end = next + PRODUCER_ID_BLOCK_SIZE
    }
    // Padded: a shorter line must cover a longer one.
    const line = Buffer.from(`${next + 1} ${end} ${os.bootId()}`.padEnd(127) + '\n')
    writeFully(fs, file, line, 0, line.length, 0)
    return next
  } finally {
    fs.close(file)
  }
}

/** Takes a block of producer ids: image.nextProducerId is its first one. */
export function takeProducerIdBlock(image: MetadataImage): MetadataRecord {
  return {
    type: 'ProducerIdsRecord',
    brokerId: image.nodeId,
    brokerEpoch: image.brokers.get(image.nodeId)?.epoch ?? -1,
    nextProducerId: image.nextProducerId + PRODUCER_ID_BLOCK_SIZE,
  }
}
