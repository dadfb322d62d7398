import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  GROUP_RECORDS,
  SHARE_GROUP_RECORDS,
  SHARE_STATE_RECORDS,
  STREAMS_GROUP_RECORDS,
  TRANSACTION_LOG_RECORDS,
} from '../../src/message/coordinator-record.ts'
import { METADATA_SCHEMAS } from '../../src/message/generated/metadata.ts'
import { REMOTE_LOG_METADATA_SCHEMAS } from '../../src/message/generated/remote-log-metadata.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'
import { unpackCase } from '../support/cases.ts'
import { type DumpResult, dumpLog, genuineDumpLog } from '../support/dump-log.ts'
import { type Fixture, fixtureNames, unpackFixture } from '../support/fixtures.ts'
import { sampleFramedValues, sampleRecords } from '../support/sample-messages.ts'

const DECODERS: readonly (readonly [RegExp, string])[] = [
  [/^__consumer_offsets-/, '--offsets-decoder'],
  [/^__transaction_state-/, '--transaction-log-decoder'],
  [/^__share_group_state-/, '--share-group-state-decoder'],
  [/^__cluster_metadata-/, '--cluster-metadata-decoder'],
]

/** Every mode that fits a file. */
function casesOf(file: string): string[][] {
  const files = ['--files', file]
  const suffix = path.extname(file)
  if (suffix === '.index' || suffix === '.timeindex') {
    return [files, [...files, '--verify-index-only'], [...files, '--index-sanity-check']]
  }
  if ((suffix !== '.log' && suffix !== '.checkpoint') || fs.statSync(file).size === 0) return [files]
  const folder = path.basename(path.dirname(file))
  const decoder = DECODERS.find(([pattern]) => pattern.test(folder))?.[1] ?? '--cluster-metadata-decoder'
  return [
    files,
    [...files, '--deep-iteration'],
    [...files, '--deep-iteration', '--skip-record-metadata'],
    [...files, '--print-data-log'],
    [...files, '--print-data-log', '--skip-record-metadata'],
    [...files, '--max-bytes', '300'],
    [...files, decoder],
    [...files, decoder, '--skip-record-metadata'],
  ]
}

/** Runs that are to be compared, gathered first: one JVM answers them all. */
const runs: { readonly title: string; readonly args: readonly string[] }[] = []
let genuine: DumpResult[]

function add(title: string, ...cases: readonly (readonly string[])[]): void {
  for (const args of cases) runs.push({ title, args })
}

/** Where the genuine tool dies we go on, and what it printed until then is the beginning of ours. */
async function expectTheSame(title: string): Promise<void> {
  const differences: unknown[] = []
  for (const [i, { args }] of runs.entries()) {
    if (runs[i].title !== title) continue
    const want = genuine[i]
    const got = await dumpLog(args)
    const same =
      want.status === 0
        ? got.status === 0 && got.stdout === want.stdout && got.stderr === want.stderr
        : got.stdout.startsWith(want.stdout)
    if (!same) differences.push(differenceOf(args, want, got))
  }
  expect(differences.slice(0, 3)).toEqual([])
}

function differenceOf(args: readonly string[], want: DumpResult, got: DumpResult): unknown {
  const [wanted, printed] = [want, got].map(({ stdout, stderr }) => `${stdout}${stderr}`.split('\n'))
  const line = wanted.findIndex((text, i) => text !== printed[i])
  return { args: args.join(' '), want: [want.status, wanted[line]], got: [got.status, printed[line]] }
}

/** Directories that people really had, and two made by hand. */
const CASES = ['jbod-two-log-dirs', 'three-node-cluster-one-node', 'transactions-cut', 'zookeeper-0.11']

const fixtures: Fixture[] = []
const times = new Map<string, number>()
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-dump-'))

beforeAll(async () => {
  for (const name of fixtureNames()) {
    const fixture = unpackFixture(name)
    fixtures.push(fixture)
    addFilesIn(name, fixture.dir)
  }
  for (const name of CASES) addFilesIn(name, unpackCase(name))
  addSamples()
  genuine = await genuineDumpLog(runs.map(({ args }) => args))
})

function addFilesIn(name: string, dir: string): void {
  const files = fs
    .readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
  for (const file of files) {
    times.set(file, fs.statSync(file).mtimeMs)
    add(name, ...casesOf(file))
  }
  const known = files.filter((file) => /\.(log|snapshot|txnindex)$/.test(file))
  add(name, ['--files', known.join(',')])
}

afterAll(() => {
  for (const fixture of fixtures) fixture.remove()
  fs.rmSync(dir, { recursive: true, force: true })
})

test.each([...fixtureNames(), ...CASES])(
  'every file of %s is dumped as by genuine Kafka, in every mode',
  (name) => expectTheSame(name),
)

test('files are left as they were', () => {
  for (const [file, time] of times) expect([file, fs.statSync(file).mtimeMs]).toEqual([file, time])
})

const SAMPLES: readonly (readonly [string, string, readonly SampleRecord[]])[] = [
  ['__consumer_offsets', '--offsets-decoder', [...sampleRecords(GROUP_RECORDS), unknownType()]],
  ['share groups', '--offsets-decoder', sampleRecords(SHARE_GROUP_RECORDS)],
  ['streams groups', '--offsets-decoder', sampleRecords(STREAMS_GROUP_RECORDS)],
  [
    '__transaction_state',
    '--transaction-log-decoder',
    [...sampleRecords(TRANSACTION_LOG_RECORDS), unknownType()],
  ],
  ['__share_group_state', '--share-group-state-decoder', sampleRecords(SHARE_STATE_RECORDS)],
  ['__cluster_metadata', '--cluster-metadata-decoder', valuesOnly(sampleFramedValues(METADATA_SCHEMAS))],
  [
    '__remote_log_metadata',
    '--remote-log-metadata-decoder',
    valuesOnly(sampleFramedValues(REMOTE_LOG_METADATA_SCHEMAS)),
  ],
]

interface SampleRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
}

function unknownType(): SampleRecord {
  return { key: Buffer.from([0, 99, 0, 0]), value: Buffer.from([0, 0]) }
}

function valuesOnly(values: readonly Buffer[]): SampleRecord[] {
  return values.map((value) => ({ key: null, value }))
}

const NOT_UTF8 = [
  'eda080',
  'f0908d',
  'e280',
  'c3',
  'f4908080',
  'fffe41',
  'e0808041',
  'eda08041',
  'f09f98',
  'c080',
  'f8888080',
]

function addSamples(): void {
  for (const [name, decoder, records] of SAMPLES) add(name, ['--files', log(name, records), decoder])
  const texts = valuesOnly(NOT_UTF8.map((hex) => Buffer.from(hex, 'hex')))
  add('utf8', ['--files', log('utf8', texts), '--print-data-log'])
  const numbers = [1, 0xff].map((byte) => ({ key: Buffer.alloc(4, byte), value: Buffer.alloc(9, byte) }))
  const files = ['--files', log('numbers', numbers)]
  const java = 'org.apache.kafka.tools.api'
  add(
    'classes',
    [
      ...files,
      '--key-decoder-class',
      `${java}.IntegerDecoder`,
      '--value-decoder-class',
      `${java}.LongDecoder`,
    ],
    [...files, '--key-decoder-class'],
    [...files, '--key-decoder-class', `${java}.LongDecoder`],
    [...files, '--value-decoder-class', 'no.such.Decoder'],
  )
}

function log(name: string, records: readonly SampleRecord[]): string {
  const batches = records.map(({ key, value }, offset) => {
    const builder = new RecordBatchBuilder({})
    builder.append(1700000000000, key, value)
    const batch = Buffer.from(builder.build())
    batch.writeBigInt64BE(BigInt(offset), 0)
    return batch
  })
  const folder = path.join(dir, name)
  fs.mkdirSync(folder)
  const file = path.join(folder, '00000000000000000000.log')
  fs.writeFileSync(file, Buffer.concat(batches))
  return file
}

test.each(SAMPLES.map(([name]) => name))('every record type at every version: %s', (name) =>
  expectTheSame(name),
)

test('bytes that are no UTF-8 give as many replacement characters as in Java', () => expectTheSame('utf8'))

test('decoder classes', () => expectTheSame('classes'))
