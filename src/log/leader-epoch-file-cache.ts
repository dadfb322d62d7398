/**
 * leader-epoch-checkpoint: lines `epoch startOffset`, both growing. Written as all checkpoints are (checkpoint-file.ts),
 * before the first batch of a new epoch; a crash in between leaves an epoch that begins at the log's end, which is
 * right for the next append.
 */
import { join } from 'node:path'
import type { FileSystem } from '../os/file-system.ts'
import { readCheckpoint, writeCheckpoint } from './checkpoint-file.ts'
import { SideFileError } from './side-file.ts'

export const LEADER_EPOCH_FILE = 'leader-epoch-checkpoint'

export interface EpochEntry {
  readonly epoch: number
  readonly startOffset: number
}

export class LeaderEpochFileCache {
  readonly path: string
  readonly #fs: FileSystem
  readonly #warn: ((line: string) => void) | undefined
  #entries: EpochEntry[] | undefined
  #damaged = false

  constructor(fs: FileSystem, dir: string, warn?: (line: string) => void) {
    this.#fs = fs
    this.#warn = warn
    this.path = join(dir, LEADER_EPOCH_FILE)
  }

  get entries(): readonly EpochEntry[] {
    this.#entries ??= this.#load()
    return this.#entries
  }

  /** The file is there and can be read. */
  get isKnown(): boolean {
    return this.#read() !== undefined
  }

  /** The file is there and is no checkpoint. A writer replaces it first by what the log says. */
  get isDamaged(): boolean {
    return this.entries !== undefined && this.#damaged
  }

  get latestEpoch(): number | undefined {
    return this.entries[this.entries.length - 1]?.epoch
  }

  /** -1 when unknown. */
  epochFor(offset: number): number {
    const entries = this.entries
    for (let i = entries.length - 1; i >= 0; i--)
      if (entries[i].startOffset <= offset) return entries[i].epoch
    return -1
  }

  forget(): void {
    this.#entries = undefined
  }

  /** Notes that `epoch` begins at `startOffset`, when it is newer than what is there. */
  assign(epoch: number, startOffset: number): void {
    const latest = this.latestEpoch
    if (latest !== undefined && epoch <= latest) return
    this.#write([...this.entries.filter((entry) => entry.startOffset < startOffset), { epoch, startOffset }])
  }

  /** Drops epochs that begin at or behind the log's end. */
  truncateFromEnd(endOffset: number): void {
    const kept = this.entries.filter((entry) => entry.startOffset < endOffset)
    if (kept.length < this.entries.length) this.#write(kept)
  }

  /** Drops epochs that end at or below the log's start; the one that holds it now begins there. */
  truncateFromStart(startOffset: number): void {
    const at = this.entries.findLastIndex((entry) => entry.startOffset <= startOffset)
    if (at < 0 || (at === 0 && this.entries[0].startOffset === startOffset)) return
    this.#write([{ epoch: this.entries[at].epoch, startOffset }, ...this.entries.slice(at + 1)])
  }

  replace(entries: readonly EpochEntry[]): void {
    const same =
      !this.isDamaged &&
      this.isKnown &&
      entries.length === this.entries.length &&
      entries.every(
        (e, i) => e.epoch === this.entries[i].epoch && e.startOffset === this.entries[i].startOffset,
      )
    if (!same) this.#write(entries)
  }

  #load(): EpochEntry[] {
    const entries: EpochEntry[] = []
    const rows = this.#read()
    this.#damaged = rows === undefined && this.#fs.stat(this.path) !== undefined
    for (const [epoch, startOffset] of rows ?? []) {
      const entry = { epoch: Number(epoch), startOffset: Number(startOffset) }
      if (Number.isSafeInteger(entry.epoch) && Number.isSafeInteger(entry.startOffset)) entries.push(entry)
      else this.#damaged = true
    }
    return entries
  }

  /** A file that cannot be read counts as damaged: the batches tell their epochs, too. */
  #read(): string[][] | undefined {
    try {
      return readCheckpoint(this.#fs, this.path)
    } catch (error) {
      if (!(error instanceof SideFileError)) throw error
      return undefined
    }
  }

  #write(entries: readonly EpochEntry[]): void {
    writeCheckpoint(
      this.#fs,
      this.path,
      entries.map((entry) => [entry.epoch, entry.startOffset]),
    )
    this.#entries = [...entries]
    if (this.#damaged) this.#warn?.(`${this.path}: was damaged; rebuilt from the log`)
    this.#damaged = false
  }
}
