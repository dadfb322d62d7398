/**
 * `.tkafka-ends`: where each partition's log ended when it was last closed here, so that an older copy of its folder is told.
 *
 * Bytes: lines `\nFOLDER TOPICID EPOCH END;\n`, each appended with one write; the last line of a partition counts. EPOCH is this
 * node's BrokerEpoch: what a broker did since with the log nobody noted here, so a line from before it tells nothing (the
 * broker's own checkpoints do). What a full disk tore off has no semicolon and tells nothing.
 * Invariant: a log was synced up to the END that stands here. It is evidence and nothing else: no error of this file stops
 * anybody, and without it all works but that one thing. Not believed where nobody knows how the partition was left: in a copy
 * of a directory in use this file may be younger than a log.
 * Crash: the line is missing, and an older one tells of a smaller end. Nothing is synced; a power cut leaves the directory to a
 * whole check, which begins this file anew.
 */
import { join } from 'node:path'
import { writeFully } from '../../os/file-system.ts'
import type { Os } from '../../os/os.ts'
import { isFileError } from '../side-file.ts'

export const NOTED_ENDS_FILE = '.tkafka-ends'

/** Above this the file is written anew with the newest line of each partition; a start reads it in less than a millisecond. */
const REWRITE_ABOVE_BYTES = 64 * 1024
/** Of the newest lines, then. A directory with more partitions forgets those that were written to longest ago. */
const KEPT_BYTES = 48 * 1024

/** What the metadata says of whose lines count. */
export interface NotedFor {
  /** This node's BrokerEpoch; -1 where it never registered. */
  brokerEpoch(): number
  isTopic(topicId: string): boolean
}

interface Read {
  readonly ino: number
  readonly size: number
  readonly mtimeMs: number
  /** By `FOLDER TOPICID EPOCH`, oldest first. */
  readonly ends: Map<string, number>
}

export class NotedEnds {
  readonly #os: Os
  readonly #path: string
  readonly #noted: NotedFor
  #read: Read | undefined
  #pending = ''

  constructor(os: Os, dir: string, noted: NotedFor) {
    this.#os = os
    this.#path = join(dir, NOTED_ENDS_FILE)
    this.#noted = noted
  }

  /** A stat, where the file is as it was; 0 where nothing was noted. `name` is the folder's. */
  end(name: string, topicId: string): number {
    try {
      return this.#ends().get(this.#key(name, topicId)) ?? 0
    } catch (error) {
      if (!isFileError(error)) throw error
      return 0
    }
  }

  /** A log was closed, all of it synced. It is written with the others by `write`. */
  closed(name: string, topicId: string, end: number): void {
    if (end > 0 && end !== this.end(name, topicId)) this.#pending += `\n${this.#key(name, topicId)} ${end};\n`
  }

  /** Only for a process that is alone in the gate. */
  write(): void {
    const text = this.#pending
    this.#pending = ''
    if (text === '') return
    try {
      const size = this.#os.fs.stat(this.#path)?.size ?? 0
      if (size + text.length > REWRITE_ABOVE_BYTES) this.#rewrite(text)
      else this.#put('a', text)
    } catch (error) {
      if (!isFileError(error)) throw error
    }
  }

  /** Nobody knows how the logs were left: what was noted is not relied on any more. */
  forget(): void {
    this.#pending = ''
    try {
      if ((this.#os.fs.stat(this.#path)?.size ?? 0) > 0) this.#put('w', '')
    } catch (error) {
      if (!isFileError(error)) throw error
    }
  }

  #key(name: string, topicId: string): string {
    return `${name} ${topicId} ${this.#noted.brokerEpoch()}`
  }

  #ends(): ReadonlyMap<string, number> {
    const { fs } = this.#os
    const stat = fs.stat(this.#path)
    if (stat === undefined || stat.size === 0) return NOTHING
    const { ino, size, mtimeMs } = stat
    const known = this.#read
    if (known?.ino === ino && known.size === size && known.mtimeMs === mtimeMs) return known.ends
    const ends = parse(fs.readFile(this.#path, 2 * REWRITE_ABOVE_BYTES).toString('latin1'))
    this.#read = { ino, size, mtimeMs, ends }
    return ends
  }

  #rewrite(text: string): void {
    const ends = this.#readable()
    for (const [key, end] of parse(text)) {
      ends.delete(key)
      ends.set(key, end)
    }
    const lines: string[] = []
    let bytes = 0
    for (const [key, end] of [...ends].reverse()) {
      if (!this.#noted.isTopic(key.split(' ')[1])) continue
      const line = `\n${key} ${end};\n`
      bytes += line.length
      if (bytes > KEPT_BYTES) break
      lines.push(line)
    }
    this.#put('w', lines.reverse().join(''))
  }

  /** What is no such file, or too large for one, is begun anew. */
  #readable(): Map<string, number> {
    try {
      return new Map(this.#ends())
    } catch (error) {
      if (!isFileError(error)) throw error
      return new Map()
    }
  }

  #put(flags: 'a' | 'w', text: string): void {
    const { fs } = this.#os
    const fd = fs.open(this.#path, flags)
    try {
      const bytes = Buffer.from(text, 'latin1')
      writeFully(fs, fd, bytes, 0, bytes.length, null)
    } finally {
      fs.close(fd)
    }
  }
}

const NOTHING: ReadonlyMap<string, number> = new Map()

function parse(text: string): Map<string, number> {
  const ends = new Map<string, number>()
  for (const line of text.split('\n')) {
    const match = /^(\S+ \S+ -?\d+) (\d{1,15});$/.exec(line)
    if (match === null) continue
    // The order is that of the newest lines.
    ends.delete(match[1])
    ends.set(match[1], Number(match[2]))
  }
  return ends
}
