/** dump-log with --output: one row of JSON or TSV per event. */
import type { CommandContext } from '../../cli/command.ts'
import { type Cell, machineOutput, type Row } from '../../cli/machine-output.ts'
import type { Decoded } from './decoders/record-decoder.ts'
import type { BatchEvent, DumpEvent, DumpPrinter, RecordEvent } from './event.ts'

/**
 * What `--output` prints: a row for all that is found, with `file` and a `type`: log, checkpoint, bootstrapCheckpoint,
 * batch, message, record, invalidBytes, emptyIndex, saneIndex, indexEntry, timeIndexEntry, abortedTransaction, producer.
 * The columns are those of tsv; JSON has the other fields of each type, too.
 */
const SHAPE = {
  kind: 'log-entry',
  columns: [
    'file',
    'type',
    'position',
    'offset',
    'lastOffset',
    'timestamp',
    'size',
    'producerId',
    'key',
    'keyEncoding',
    'value',
    'valueEncoding',
  ],
} as const

export interface RowPrinter {
  readonly print: DumpPrinter
  /** Behind the last event. `complete` false: something failed. */
  end(complete: boolean): void
}

/** Undefined when text is asked for. */
export function rowPrinter(context: CommandContext<'output'>): RowPrinter | undefined {
  const output = machineOutput(context, SHAPE)
  if (output === undefined) return undefined
  let file = ''
  let hasRows = false
  return {
    print(event) {
      if (event.type === 'file') file = event.file
      else {
        hasRows = true
        output.row({ file, ...rowOf(event) })
      }
    },
    end(complete) {
      if (complete || hasRows) output.end(complete)
    },
  }
}

function rowOf(event: Exclude<DumpEvent, { type: 'file' }>): Row {
  switch (event.type) {
    case 'batch':
      return batchRow(event)
    case 'record':
      return recordRow(event)
    case 'emptyIndex':
    case 'saneIndex':
      return { type: event.type }
    case 'invalidBytes':
      return { type: event.type, size: event.bytes }
    case 'producer':
      return {
        ...event,
        currentTxnFirstOffset: event.currentTxnFirstOffset ?? null,
        lastBatch: event.lastBatch ?? null,
      }
    default:
      return { ...event }
  }
}

function batchRow(batch: BatchEvent): Row {
  const { type, position, baseOffset, lastOffset, maxTimestamp, deleteHorizonMs = null, ...rest } = batch
  return { type, position, offset: baseOffset, lastOffset, timestamp: maxTimestamp, deleteHorizonMs, ...rest }
}

function recordRow(record: RecordEvent): Row {
  const { type, offset, timestampType, timestamp, keySize, valueSize, sequence, headerKeys } = record
  return {
    type,
    offset,
    timestampType,
    timestamp,
    keySize,
    valueSize,
    sequence,
    headerKeys,
    controlType: record.control?.controlType,
    control: record.control?.data === undefined ? undefined : parsed(record.control.data),
    ...contents('key', record.key, keySize),
    ...contents('value', record.value, valueSize),
  }
}

/**
 * Text where the bytes are UTF-8, else base64 and a field that says so; what a decoder made JSON of as that. Left out
 * where contents are not asked for.
 */
function contents(name: 'key' | 'value', decoded: Decoded | undefined, size: number): Row {
  if (decoded === undefined) return size < 0 ? { [name]: null } : {}
  const { text, json, bytes } = decoded
  if (json) return { [name]: parsed(text) }
  if (bytes === undefined || Buffer.from(bytes.toString('utf8')).equals(bytes)) {
    return { [name]: bytes?.toString('utf8') ?? text }
  }
  return { [name]: bytes.toString('base64'), [`${name}Encoding`]: 'base64' }
}

/** Numbers that JavaScript would round become strings. */
function parsed(json: string): Cell {
  const exact = json.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g, (token) =>
    token.startsWith('"') || Number.isSafeInteger(Number(token)) ? token : `"${token}"`,
  )
  return JSON.parse(exact) as Cell
}
