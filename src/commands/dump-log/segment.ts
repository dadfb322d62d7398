/** Data of a segment (.log) or of a metadata snapshot (.checkpoint): its batches, and on request their records. */

import { basename } from 'node:path'
import type { Int64 } from '../../bytes/int64.ts'
import { CorruptRecordError, TerseError } from '../../errors.ts'
import type { FileSystem } from '../../os/file-system.ts'
import { MAGIC_POSITION, sizeAt } from '../../record/batch-header.ts'
import { type InnerMessages, innerMessages } from '../../record/legacy-inner.ts'
import {
  isWrapperAt,
  keyLengthPosition,
  legacyCrcAt,
  legacyCrcProblem,
  legacyTimestampAt,
} from '../../record/legacy-message.ts'
import { incrementSequence, NO_SEQUENCE } from '../../record/record.ts'
import { RecordBatch } from '../../record/record-batch.ts'
import type { RecordView } from '../../record/record-view.ts'
import { readHeaders } from '../../record/record-walk.ts'
import { batchEvent, legacyMessageEvent } from './batch.ts'
import { controlInfo } from './control.ts'
import type { RecordDecoder } from './decoders/record-decoder.ts'
import type { BatchEvent, DumpPrinter, LegacyMessageEvent, RecordEvent } from './event.ts'
import { addInt64, DumpFile, offsetInName, problem, type StoredBatch } from './file.ts'
import type { DumpReports } from './reports.ts'

export interface SegmentDumpOptions {
  /** Records too, not batches alone. */
  readonly isDeep: boolean
  /** Shows keys and values; absent: neither. */
  readonly decoder: RecordDecoder | undefined
  /** Without each record's offset, time and sizes, and without what control records say. */
  readonly skipRecordMetadata: boolean
  /** How much of the file is looked at. */
  readonly maxBytes: number
}

export const MAX_INT = 0x7fffffff
const NO_HEADERS: readonly string[] = []

export function dumpSegment(
  fs: FileSystem,
  path: string,
  options: SegmentDumpOptions,
  print: DumpPrinter,
  reports: DumpReports,
): void {
  printTitle(basename(path), print)
  const file = DumpFile.open(fs, path)
  try {
    if (options.maxBytes < 0)
      throw new TerseError(
        `Invalid size: ${options.maxBytes} in read from FileRecords(size=${file.size}, file=${file.path}, start=0, end=2147483647)`,
      )
    new SegmentDump(file, options, print, reports).run()
  } finally {
    file.close()
  }
}

function printTitle(name: string, print: DumpPrinter): void {
  if (name.endsWith('.log')) print({ type: 'log', startOffset: offsetInName(name) })
  else if (name === 'bootstrap.checkpoint') print({ type: 'bootstrapCheckpoint' })
  else printCheckpointTitle(name, print)
}

function printCheckpointTitle(name: string, print: DumpPrinter): void {
  const parts = /^(\d{20}).(\d{10})/.exec(name)
  if (parts === null) {
    throw problem(
      `For input string: "${name.slice(0, 20)}"`,
      `${name} is not named by end offset and epoch as a metadata snapshot is (00000000000000000007-0000000001.checkpoint).`,
    )
  }
  print({ type: 'checkpoint', endOffset: Number(parts[1]), epoch: Number(parts[2]) })
}

class SegmentDump {
  readonly #file: DumpFile
  readonly #options: SegmentDumpOptions
  readonly #print: DumpPrinter
  readonly #reports: DumpReports
  #lastOffset = -1

  constructor(file: DumpFile, options: SegmentDumpOptions, print: DumpPrinter, reports: DumpReports) {
    this.#file = file
    this.#options = options
    this.#print = print
    this.#reports = reports
  }

  run(): void {
    const { maxBytes, isDeep } = this.#options
    const end = Math.min(maxBytes, this.#file.size)
    let position = 0
    for (;;) {
      const stored = this.#file.batchAt(position, end)
      if (stored === undefined) break
      if (stored.buffer.readInt8(stored.at + 16) < 2) {
        const event = legacyMessageEvent(stored, this.#file.path)
        this.#print(event)
        if (isDeep) this.#legacyRecords(stored, event)
      } else {
        const event = batchEvent(stored, this.#file.path)
        this.#print(event)
        if (isDeep) this.#records(stored, event)
      }
      position += stored.size
    }
    if (position < end && maxBytes === MAX_INT) {
      this.#print({ type: 'invalidBytes', bytes: end - position, name: basename(this.#file.path) })
    }
  }

  /** A batch of which nothing is left but its header (compaction keeps it) has no records. */
  #records({ buffer, at, position, size }: StoredBatch, batch: BatchEvent): void {
    const view = new RecordBatch(buffer, at, at + size)
    const isCompressed = batch.compression !== 'none'
    // As the genuine tool: of a compressed batch that turns out damaged no record is shown.
    const held: RecordEvent[] = []
    let failure: unknown
    const emit = (event: RecordEvent) => (isCompressed ? held.push(event) : this.#emit(event))
    const baseOffset = Number(batch.baseOffset)
    try {
      view.walk((record) => {
        const { offset, key, value } = record
        const event: RecordEvent = {
          type: 'record',
          offset,
          timestampType: batch.timestampType,
          timestamp: record.exactTimestamp,
          keySize: key === null ? -1 : key.length,
          valueSize: value === null ? -1 : value.length,
          sequence:
            batch.baseSequence === NO_SEQUENCE
              ? NO_SEQUENCE
              : incrementSequence(batch.baseSequence, offset - baseOffset),
          headerKeys: headerKeys(record),
        }
        try {
          emit({ ...event, ...this.#contents(batch.isControl, offset, key, value) })
        } catch (error) {
          // The record is shown as far as it can be.
          failure = error
          emit(event)
          return false
        }
      })
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      throw problem(
        error.detail,
        `The batch at position ${position} of ${this.#file.path} (offset ${batch.baseOffset}, ${size} bytes) cannot be read.`,
      )
    }
    for (const event of held) this.#emit(event)
    if (failure !== undefined) throw failure
  }

  /** What a record says: throws a TerseError where it is not what it should be. */
  #contents(
    isControl: boolean,
    offset: number,
    key: Buffer | null,
    value: Buffer | null,
  ): Pick<RecordEvent, 'control' | 'key' | 'value'> {
    const { skipRecordMetadata, decoder } = this.#options
    if (!isControl) return decoder?.decode(offset, key, value) ?? {}
    return skipRecordMetadata ? {} : { control: controlInfo(key, value) }
  }

  #legacyRecords({ buffer, at, position, size }: StoredBatch, message: LegacyMessageEvent): void {
    if (message.compression === 'none') {
      this.#legacyRecord(buffer, at, size, message.offset, message)
      return
    }
    let inner: InnerMessages
    try {
      inner = innerMessages(buffer, at, size, true)
    } catch (error) {
      if (!(error instanceof CorruptRecordError)) throw error
      throw problem(
        error.detail,
        `The compressed message at position ${position} of ${this.#file.path} (offset ${message.offset}, ${size} bytes) cannot be read.`,
      )
    }
    const { bytes, positions, offsets } = inner
    positions.forEach((innerAt, i) => {
      if (isWrapperAt(bytes, innerAt)) {
        throw problem(
          'Inner messages must not be compressed',
          `One in the compressed message at position ${position} of ${this.#file.path} is.`,
        )
      }
      this.#legacyRecord(bytes, innerAt, sizeAt(bytes, innerAt), offsets[i], message)
    })
  }

  /** A message, or one in the wrapper `stored`, which says of what type its time is. */
  #legacyRecord(buffer: Buffer, at: number, size: number, offset: Int64, stored: LegacyMessageEvent): void {
    const keyAt = keyLengthPosition(buffer, at)
    const key = legacyBytes(buffer, keyAt, at + size)
    const value = legacyBytes(buffer, keyAt + 4 + (key?.length ?? 0), at + size)
    const shown = this.#options.decoder?.decode(Number(offset), key, value)
    const isOld = buffer[at + MAGIC_POSITION] === 0
    const isAppendTime = stored.timestampType === 'LogAppendTime' && !isOld
    this.#emit({
      type: 'record',
      offset,
      timestampType: stored.timestampType,
      timestamp: isAppendTime ? stored.timestamp : legacyTimestampAt(buffer, at),
      keySize: key?.length ?? -1,
      valueSize: value?.length ?? -1,
      legacy: {
        isValid: legacyCrcProblem(buffer, at, size) === undefined,
        crc: legacyCrcAt(buffer, at),
      },
      key: shown?.key,
      value: shown?.value,
    })
  }

  #emit(event: RecordEvent): void {
    const offset = Number(event.offset)
    if (event.offset !== addInt64(this.#lastOffset, 1)) {
      this.#reports.nonConsecutive(this.#file.path, this.#lastOffset, offset)
    }
    this.#lastOffset = offset
    this.#print(event)
  }
}

function legacyBytes(buffer: Buffer, at: number, end: number): Buffer | null {
  const length = at + 4 <= end ? buffer.readInt32BE(at) : Number.NaN
  if (length < 0) return null
  if (!(at + 4 + length <= end)) throw new CorruptRecordError('a length reaches beyond its message', at)
  return buffer.subarray(at + 4, at + 4 + length)
}

const headerKeys = ({ buffer, headersStart, headersCount, end }: RecordView): readonly string[] =>
  headersCount === 0
    ? NO_HEADERS
    : readHeaders(buffer, headersStart, headersCount, end).map((header) => header.key)
