/** `dump-log`: what is in a segment, an index, a snapshot. Reads only: files are opened for reading, nothing is locked. */
import { basename } from 'node:path'
import { checkRequiredArguments } from '../cli/argument-checks.ts'
import { defineCommand, type FlagName, type ToolContext } from '../cli/command.ts'
import { startProgress } from '../cli/progress.ts'
import { TerseError, UsageError } from '../errors.ts'
import { systemOs } from '../os/system-os.ts'
import { classDecoder } from './dump-log/decoders/class-decoder.ts'
import {
  offsetsDecoder,
  shareGroupStateDecoder,
  transactionLogDecoder,
} from './dump-log/decoders/coordinator-decoder.ts'
import { clusterMetadataDecoder, remoteLogMetadataDecoder } from './dump-log/decoders/framed-decoders.ts'
import type { RecordDecoder } from './dump-log/decoders/record-decoder.ts'
import type { DumpPrinter } from './dump-log/event.ts'
import { problem } from './dump-log/file.ts'
import { DUMP_LOG_FLAGS } from './dump-log/flags.ts'
import { dumpIndex, dumpTimeIndex, type IndexDumpOptions } from './dump-log/index.ts'
import { dumpProducerSnapshot, dumpTransactionIndex } from './dump-log/producers.ts'
import { DumpReports } from './dump-log/reports.ts'
import { rowPrinter } from './dump-log/rows.ts'
import { dumpSegment, type SegmentDumpOptions } from './dump-log/segment.ts'
import { textPrinter } from './dump-log/text.ts'

type Name = FlagName<typeof DUMP_LOG_FLAGS>
type Context = ToolContext<typeof DUMP_LOG_FLAGS>

export const command = defineCommand({
  name: 'dump-log',
  summary:
    'This tool helps to parse a log file and dump its contents to the console, useful for debugging a seemingly corrupt log segment.',
  flags: DUMP_LOG_FLAGS,
  examples: [
    'tkafka dump-log --files quakes-0/00000000000000000000.log --print-data-log',
    'tkafka dump-log --files __consumer_offsets-3/00000000000000000000.log --offsets-decoder',
    'tkafka dump-log --files quakes-0/00000000000000000000.index,quakes-0/00000000000000000000.timeindex',
  ],
  run,
})

const DECODER_FLAGS: readonly (readonly [Name, () => RecordDecoder])[] = [
  ['offsets-decoder', offsetsDecoder],
  ['transaction-log-decoder', transactionLogDecoder],
  ['cluster-metadata-decoder', clusterMetadataDecoder],
  ['remote-log-metadata-decoder', remoteLogMetadataDecoder],
  ['share-group-state-decoder', shareGroupStateDecoder],
]

const PRINTING_FLAGS: readonly Name[] = [
  'print-data-log',
  'key-decoder-class',
  'value-decoder-class',
  ...DECODER_FLAGS.map(([flag]) => flag),
]

function run(context: Context): number {
  const { options, stdout, stderr } = context
  if (options.raw.length === 0) throw new UsageError(command.summary)
  checkRequiredArguments(options, 'files')
  const rows = rowPrinter(context)
  const print = rows?.print ?? textPrinter(stdout, options.has('skip-record-metadata'))
  // For a person whose dump goes into a file.
  const progress = stdout.isTerminal ? undefined : startProgress(context, 'reading')
  let at = ''
  const tell = (line: string) => stderr.line(line)
  const dump = new Dump(
    options,
    stderr.isTerminal && progress !== undefined
      ? (event) => {
          if (event.type === 'batch')
            progress.update(at.split('/').slice(-2).join('/'), event.position / size(at))
          print(event)
        }
      : print,
    (line) => (progress === undefined ? tell(line) : progress.aside(() => tell(line))),
  )
  let status = 0
  for (const file of filesOf(options)) {
    at = file
    try {
      dump.file(file)
    } catch (error) {
      // The genuine tool ends here; the other files are none the worse for it.
      if (!(error instanceof TerseError)) throw error
      stdout.flush()
      stderr.line(error.message)
      status = 1
    }
  }
  progress?.stop()
  rows?.end(status === 0)
  stdout.flush()
  dump.reports.print(stderr)
  return status
}

const sizes = new Map<string, number>()

function size(file: string): number {
  const known = sizes.get(file) ?? systemOs.fs.stat(file)?.size ?? 1
  sizes.set(file, known)
  return known
}

/** As Java's split: empty names at the end do not count. Paths lose doubled and trailing slashes. */
function filesOf(options: Context['options']): string[] {
  const names = (options.value('files') ?? '').split(',')
  if (names.length > 1) while (names.at(-1) === '') names.pop()
  return names.map((name) => name.replace(/\/+/g, '/').replace(/(?<=.)\/$/, ''))
}

class Dump {
  readonly reports = new DumpReports()
  readonly #print: DumpPrinter
  readonly #warn: (line: string) => void
  readonly #options: Context['options']
  constructor(options: Context['options'], print: DumpPrinter, warn: (line: string) => void) {
    this.#options = options
    this.#print = print
    this.#warn = warn
  }

  file(file: string): void {
    const { fs } = systemOs
    this.#print({ type: 'file', file })
    const suffix = /\.[^.]*$/.exec(basename(file))?.[0] ?? ''
    if (suffix === '.log' || suffix === '.checkpoint') {
      dumpSegment(fs, file, this.#segmentOptions(), this.#print, this.reports)
    } else if (suffix === '.index') dumpIndex(fs, file, this.#indexOptions(), this.#print, this.reports)
    else if (suffix === '.timeindex') dumpTimeIndex(fs, file, this.#indexOptions(), this.#print, this.reports)
    else if (suffix === '.snapshot') dumpProducerSnapshot(fs, file, this.#print)
    else if (suffix === '.txnindex') dumpTransactionIndex(fs, file, this.#print)
    else this.#ignore(file)
  }

  #ignore(file: string): void {
    const ignored = `Ignoring unknown file ${file}`
    if (systemOs.fs.stat(file)?.isDirectory()) {
      throw problem(
        ignored,
        'It is a folder; name files in it, a segment for example: 00000000000000000000.log',
      )
    }
    this.#warn(ignored)
  }

  #indexOptions(): IndexDumpOptions {
    return {
      sanityOnly: this.#options.has('index-sanity-check'),
      verifyOnly: this.#options.has('verify-index-only'),
      maxMessageSize: this.#options.int('max-message-size') as number,
    }
  }

  #segmentOptions(): SegmentDumpOptions {
    const has = (flag: Name) => this.#options.has(flag)
    const printsContents = PRINTING_FLAGS.some(has)
    const [, special] = DECODER_FLAGS.find(([flag]) => has(flag)) ?? []
    const decoder = special?.() ?? classDecoder(this.#decoderClass('key'), this.#decoderClass('value'))
    return {
      isDeep: printsContents || has('deep-iteration'),
      decoder: printsContents ? decoder : undefined,
      skipRecordMetadata: has('skip-record-metadata'),
      maxBytes: this.#options.int('max-bytes') as number,
    }
  }

  #decoderClass(of: 'key' | 'value'): string {
    return this.#options.value(`${of}-decoder-class`) as string
  }
}
