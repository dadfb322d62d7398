/**
 * `.tkafka-making`: partitions whose folders are being made just now.
 *
 * Bytes: lines `+TOPIC-ID FIRST` before the metadata names a topic's partitions from FIRST on, `-TOPIC-ID FIRST` once
 * their folders are whole; each written with one write as "\nLINE\n", so that what a full disk tore off cannot run into
 * the next one. Anything else means nothing.
 * Invariant: as long as a folder may be half-made because its maker was killed, a line names it and none takes it back.
 * A process that is alone in the directory when it enters or leaves finishes what is named and empties the file.
 * Crash: before the metadata names the topic: the line says nothing. After: the folders are finished. Not synced: what
 * a power cut leaves half-made holds nothing, and a broker, our next writer or `tkafka repair` makes what is missing.
 */
import { join } from 'node:path'
import { unlessDiskFull } from '../../log/full-disk.ts'
import type { MetadataRecord } from '../../message/metadata-records.ts'
import { writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'

const MAKING_FILE = '.tkafka-making'

export interface PartitionsInMaking {
  readonly topicId: string
  /** This partition and all behind it. */
  readonly first: number
}

/**
 * Call with the records of a change before they are appended. One look at them where they make no partitions. Throws
 * where the disk is too full to take the note: what cannot be noted is not begun, or nobody would finish it.
 */
export function announcePartitions(os: Os, dir: string, records: readonly MetadataRecord[]): void {
  const first = new Map<string, number>()
  for (const record of records) {
    if (record.type !== 'PartitionRecord') continue
    const { topicId, partitionId } = record
    first.set(topicId, Math.min(partitionId, first.get(topicId) ?? partitionId))
  }
  if (first.size === 0) return
  note(os, dir, [...first].map(([id, from]) => `\n+${id} ${from}\n`).join(''))
}

/** Where the note does not fit, the next process that is alone looks at folders that are whole once more. */
export function partitionsMade(os: Os, dir: string, topicId: string, first: number): void {
  unlessDiskFull(() => note(os, dir, `\n-${topicId} ${first}\n`))
}

/** What was announced and not taken back. One stat where there is nothing. */
export function partitionsInMaking(os: Os, dir: string): PartitionsInMaking[] {
  const path = join(dir, MAKING_FILE)
  if ((os.fs.stat(path)?.size ?? 0) === 0) return []
  const open = new Map<string, PartitionsInMaking>()
  for (const [, sign, topicId, first] of os.fs
    .readFile(path)
    .toString('latin1')
    .matchAll(/^([+-])(\S{22}) (\d+)$/gm)) {
    if (sign === '+') open.set(`${topicId} ${first}`, { topicId, first: Number(first) })
    else open.delete(`${topicId} ${first}`)
  }
  return [...open.values()]
}

/** Alone, when all that was in the making is whole. Needs no space. */
export function forgetPartitionsInMaking(os: Os, dir: string): void {
  const path = join(dir, MAKING_FILE)
  if ((os.fs.stat(path)?.size ?? 0) > 0) os.fs.close(os.fs.open(path, 'w'))
}

function note(os: Os, dir: string, text: string): void {
  const fd = os.fs.open(join(dir, MAKING_FILE), 'a')
  try {
    const bytes = Buffer.from(text)
    writeFully(os.fs, fd, bytes, 0, bytes.length, null)
  } finally {
    os.fs.close(fd)
  }
}
