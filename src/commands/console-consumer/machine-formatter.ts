/**
 * Records for programs (`console-consumer --output`): every field of a record, so that console-producer --input jsonl
 * makes the same record of it again. Bytes that are not UTF-8 are base64, and the field beside says so.
 */

import { isUtf8 } from 'node:buffer'
import type { Output } from '../../cli/command.ts'
import {
  type Cell,
  MachineOutput,
  type OutputFormat,
  type Row,
  type RowShape,
} from '../../cli/machine-output.ts'
import type { VisitedBatch } from '../../client/consumer.ts'
import { visitHeaders } from '../../client/stored-headers.ts'
import { TerseError } from '../../errors.ts'
import { RecordView } from '../../record/record-view.ts'
import { DefaultMessageFormatter } from '../formatters/default-message-formatter.ts'
import { decoded, type Format, shown } from '../formatters/field-formats.ts'
import type { FormatterProperties, MessageFormatter } from '../formatters/message-formatter.ts'
import type { OutputBuffer } from '../formatters/output-buffer.ts'

export const RECORD_SHAPE: RowShape = {
  kind: 'record',
  columns: [
    'topic',
    'partition',
    'offset',
    'timestamp',
    'timestampType',
    'leaderEpoch',
    'key',
    'keyEncoding',
    'value',
    'valueEncoding',
    'headers',
  ],
}

export interface Formats {
  readonly key: Format | undefined
  readonly value: Format | undefined
}

/** Rows of records as json, jsonl or tsv. */
export class MachineFormatter implements MessageFormatter {
  readonly problems: readonly string[] = []
  readonly #machine: MachineOutput
  readonly #formats: Formats
  #batch: VisitedBatch | undefined
  #output: OutputBuffer | undefined

  constructor(format: OutputFormat, formats: Formats, stdout: Output) {
    this.#formats = formats
    const write = (text: string | Uint8Array) => {
      if (this.#output !== undefined && typeof text === 'string') this.#output.text(text)
      else stdout.write(text)
    }
    const port: Output = {
      isTerminal: false,
      columns: 80,
      write,
      line: (text) => write(`${text}\n`),
      flush: () => stdout.flush(),
    }
    this.#machine = new MachineOutput(format, 'console-consumer', RECORD_SHAPE, port)
  }

  batch(batch: VisitedBatch, output: OutputBuffer): void {
    this.#batch = batch
    this.#output = output
  }

  record(record: RecordView): void {
    const { offset, buffer, key, value, headersStart, headersCount } = record
    const { topic, partition, timestampType, leaderEpoch } = this.#batch as VisitedBatch
    const where = `${topic}-${partition}, offset ${offset}`
    const row: Record<string, Cell> = {
      topic,
      partition,
      offset,
      timestamp: record.exactTimestamp,
      timestampType,
      leaderEpoch: leaderEpoch < 0 ? null : leaderEpoch,
    }
    field(row, where, 'key', key, this.#formats.key)
    field(row, where, 'value', value, this.#formats.value)
    const headers: Row[] = []
    visitHeaders(buffer, headersStart, headersCount, (start, end, headerStart, headerEnd) => {
      const header: Record<string, Cell> = {}
      field(header, where, 'key', buffer.subarray(start, end), undefined)
      const content = headerEnd < 0 ? null : buffer.subarray(headerStart, headerEnd)
      field(header, where, 'value', content, undefined)
      headers.push(header)
    })
    row.headers = headers
    this.#machine.row(row)
  }

  /** Behind the last record, when everything before was flushed. */
  end(complete: boolean): void {
    this.#output = undefined
    this.#machine.end(complete)
  }
}

/** Sets `key` and `keyEncoding` (or value's). @throws TerseError for bytes that are not of the format asked for */
function field(
  row: Record<string, Cell>,
  where: string,
  name: string,
  bytes: Buffer | null,
  format: Format | undefined,
): void {
  if (bytes === null) {
    row[name] = null
    row[`${name}Encoding`] = null
    return
  }
  const encoding = format ?? (isUtf8(bytes) ? 'utf8' : 'base64')
  row[name] = inFormat(where, name, bytes, encoding, decoded) as Cell
  row[`${name}Encoding`] = encoding
}

/** Text with keys and values in a format: they are put into words first, then Kafka's formatter prints them. */
export class FormattedText implements MessageFormatter {
  readonly problems: readonly string[]
  readonly #inner: DefaultMessageFormatter
  readonly #formats: Formats
  /** The record in words. */
  readonly #shown = new RecordView()
  #batch: VisitedBatch | undefined

  constructor(properties: FormatterProperties, formats: Formats) {
    this.#inner = new DefaultMessageFormatter(properties)
    this.#formats = formats
    this.problems = this.#inner.problems
  }

  batch(batch: VisitedBatch, output: OutputBuffer): void {
    this.#batch = batch
    this.#inner.batch(batch, output)
  }

  record(record: RecordView, output: OutputBuffer): void {
    const { offset, buffer, headersStart, headersCount } = record
    const where = `${this.#batch?.topic}-${this.#batch?.partition}, offset ${offset}`
    const key = inWords(where, 'key', record.key, this.#formats.key)
    const value = inWords(where, 'value', record.value, this.#formats.value)
    let headersEnd = headersStart
    visitHeaders(buffer, headersStart, headersCount, (_start, _end, start, end) => {
      headersEnd = end < 0 ? start : end
    })
    const shown = this.#shown
    shown.index = record.index
    shown.offset = offset
    shown.timestamp = record.timestamp
    shown.wideTimestamp = record.wideTimestamp
    shown.headersCount = headersCount
    const headers = buffer.subarray(headersStart, headersEnd)
    shown.buffer = Buffer.concat([key ?? NO_BYTES, value ?? NO_BYTES, headers])
    shown.keyEnd = key === null ? -1 : key.length
    shown.valueStart = key === null ? 0 : key.length
    shown.headersStart = shown.valueStart + (value === null ? 0 : value.length)
    shown.valueEnd = value === null ? -1 : shown.headersStart
    shown.end = shown.buffer.length
    this.#inner.record(shown, output)
  }
}

const NO_BYTES = Buffer.alloc(0)

function inWords(
  where: string,
  name: string,
  bytes: Buffer | null,
  format: Format | undefined,
): Buffer | null {
  if (bytes === null || format === undefined) return bytes
  return Buffer.from(inFormat(where, name, bytes, format, shown))
}

/** `where` is the record's partition and offset. */
function inFormat<T>(
  where: string,
  name: string,
  bytes: Buffer,
  format: Format,
  put: (bytes: Buffer, format: Format) => T,
): T {
  try {
    return put(bytes, format)
  } catch (error) {
    if (!(error instanceof TerseError)) throw error
    throw new TerseError(
      `${where}: --${name}-format ${format}: ${error.message}; --skip-message-on-error passes over such records, --${name}-format base64 shows any`,
    )
  }
}
