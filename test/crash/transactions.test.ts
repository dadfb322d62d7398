import { describe, expect, it } from 'vitest'
import { decodeTransactionLogValue, TRANSACTION_STATUS } from '../../src/message/transaction-log-messages.ts'
import type { Os } from '../../src/os/os.ts'
import { RecordBatch } from '../../src/record/record-batch.ts'
import { benchSeed, isFull, printSeed } from '../faults/bench.ts'
import {
  expectAllOrNothing,
  type Fates,
  transactionDisk,
  transactions,
} from '../faults/transaction-scenarios.ts'
import { type MemoryDisk, SURVIVALS, seeded } from '../support/crash-memory-file-system.ts'

class PowerCut extends Error {}

/** Runs the work until the disk's `at`th change; returns what was promised by then and whether it came to its end. */
async function runUntil(
  disk: MemoryDisk,
  at: number,
  change: (os: Os) => Os = (os) => os,
): Promise<{ fates: Fates; ended: boolean }> {
  const fates: Fates = new Map()
  let seen: Fates | undefined
  disk.fault = () => {
    if (disk.changes > at) {
      seen ??= new Map(fates)
      throw new PowerCut('no power')
    }
    return undefined
  }
  try {
    await transactions(change(disk.os()), fates)
  } catch (error) {
    if (seen === undefined) throw error
  }
  return { fates: seen ?? fates, ended: seen === undefined }
}

describe('a transactional producer killed after any change of the disk', () => {
  it('leaves each transaction whole or not at all, offsets among it, and nothing that hangs (15)', async () => {
    const random = seeded(benchSeed)
    const broken: string[] = []
    const stride = isFull ? 1 : 7
    for (let at = isFull ? 0 : random(stride); ; at += stride) {
      const disk = transactionDisk()
      const { fates, ended } = await runUntil(disk, at)
      disk.closeAll()
      disk.fault = undefined
      await expectAllOrNothing(disk.os(), fates, 4).catch((error) =>
        broken.push(`change ${at}: ${error.message}`),
      )
      if (ended) break
    }
    expect(broken).toEqual([])
  })
})

describe('a power cut in the middle of transactions', () => {
  it('leaves each of them whole or not at all, whatever was left of what was not synced (15)', async () => {
    printSeed('power cuts in transactions')
    const random = seeded(benchSeed + 1)
    const broken: string[] = []
    const stride = isFull ? 1 : 29
    for (let at = isFull ? 0 : random(stride); ; at += stride) {
      const disk = transactionDisk()
      const { fates, ended } = await runUntil(disk, at)
      for (const how of SURVIVALS) {
        await expectAllOrNothing(disk.survive(how, random).os(), new Map(fates), 4).catch((error) =>
          broken.push(`change ${at}, ${how}: ${error.message}`),
        )
      }
      if (ended) break
    }
    expect(broken).toEqual([])
  })
})

type Barrier = 'Ongoing' | 'records' | 'PrepareCommit' | 'markers'

/** The same machine without one of the four syncs of a transaction: told by what was last written to the file. */
function without(barrier: Barrier, os: Os): Os {
  const paths = new Map<number, string>()
  const last = new Map<string, Barrier>()
  const skips = (fd: number) => last.get(paths.get(fd) ?? '') === barrier
  const { fs } = os
  return {
    ...os,
    fs: {
      ...fs,
      open: (path, flags, mode) => {
        const fd = fs.open(path, flags, mode)
        paths.set(fd, path)
        return fd
      },
      write: (fd, buffer, offset, length, position) => {
        const path = paths.get(fd) ?? ''
        if (path.endsWith('.log') && !path.includes('cluster_metadata')) {
          const batch = new RecordBatch(Buffer.from(buffer.buffer, buffer.byteOffset), offset)
          last.set(path, kindOf(path, batch))
        }
        return fs.write(fd, buffer, offset, length, position)
      },
      fdatasync: (fd) => (skips(fd) ? undefined : fs.fdatasync(fd)),
      fdatasyncAsync: (fd) => (skips(fd) ? Promise.resolve() : fs.fdatasyncAsync(fd)),
    },
  }
}

function kindOf(path: string, batch: RecordBatch): Barrier {
  if (!path.includes('__transaction_state')) return batch.isControl ? 'markers' : 'records'
  const [{ value }] = [...batch.records()]
  const status = value === null ? '' : TRANSACTION_STATUS[decodeTransactionLogValue(value).transactionStatus]
  return status === 'PrepareCommit' ? 'PrepareCommit' : 'Ongoing'
}

describe('the bench sees each of the four syncs that is missing (15)', () => {
  it.each([
    ['Ongoing', 160],
    ['records', 173],
    ['PrepareCommit', 177],
    ['markers', 181],
  ] as const)('%s', async (barrier, from) => {
    const found: string[] = []
    for (let at = from; found.length === 0 && at < 400; at++) {
      const disk = transactionDisk()
      const { fates } = await runUntil(disk, at, (os) => without(barrier, os))
      for (let seed = 1; seed < 8 && found.length === 0; seed++) {
        for (const how of ['drop', 'reorder'] as const) {
          await expectAllOrNothing(disk.survive(how, seeded(seed)).os(), new Map(fates), 4).catch((error) =>
            found.push(`change ${at}, ${how}, ${seed}: ${error.message}`),
          )
        }
      }
    }
    expect(found).not.toEqual([])
  })
})
