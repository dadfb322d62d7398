// Makes src/message/generated/*.ts from the message definitions (JSON) in Kafka's own jars. The output is committed; a test of
// the Kafka-judged suite makes it again and compares, so the next release of Kafka is this one command.
//   node scripts/make-schemas.mjs [--libs FOLDER_OF_JARS] [--to FOLDER]
// Without --libs the jars are those of the judge (test/judge/setup.sh). Needs a JDK (`jar` opens the jars).
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {{ name: string, type: string, versions?: string, taggedVersions?: string, nullableVersions?: string, flexibleVersions?: string,
 *   tag?: number, ignorable?: boolean, default?: unknown, fields?: Field[] }} Field as Kafka's JSON has it
 * @typedef {{ name: string, type: string, apiKey?: number, listeners?: string[], validVersions: string, flexibleVersions: string,
 *   latestVersionUnstable?: boolean, commonStructs?: { name: string, fields: Field[] }[], fields: Field[] }} Message
 * @typedef {{ file: string, about: string, jar: string, folder: string, list?: string,
 *   only?: RegExp | ((message: Message, all: readonly Message[]) => boolean) }} Group of messages for one file
 * @typedef {{ from: number, to: number }} Versions
 * @typedef {ReadonlyMap<string, Field[]>} Structs
 */

/**
 * What each output file holds: the jar, the folder in it, the messages, and the name of their list where one is wanted.
 * @type {readonly Group[]}
 */
const FILES = [
  {
    file: 'metadata',
    about: 'The records of `__cluster_metadata-0`',
    jar: 'kafka-metadata',
    folder: 'common/metadata',
    list: 'METADATA_SCHEMAS',
  },
  {
    file: 'group-coordinator',
    about: 'Keys and values of `__consumer_offsets`',
    jar: 'kafka-group-coordinator',
    folder: 'common/message',
  },
  {
    file: 'share-coordinator',
    about: 'Keys and values of `__share_group_state`',
    jar: 'kafka-share-coordinator',
    folder: 'common/message',
  },
  {
    file: 'transaction-coordinator',
    about: 'Keys and values of `__transaction_state`',
    jar: 'kafka-transaction-coordinator',
    folder: 'common/message',
  },
  {
    file: 'remote-log-metadata',
    about: 'Records of `__remote_log_metadata` (tiered storage)',
    jar: 'kafka-storage',
    folder: 'message',
    only: /^Remote/,
    list: 'REMOTE_LOG_METADATA_SCHEMAS',
  },
  {
    file: 'control',
    about:
      'Values of control records, headers of requests and responses, and what the members of a classic consumer group tell each other',
    jar: 'kafka-clients',
    folder: 'common/message',
    only: /^(LeaderChangeMessage|SnapshotHeaderRecord|SnapshotFooterRecord|KRaftVersionRecord|VotersRecord|EndTxnMarker|RequestHeader|ResponseHeader|ConsumerProtocol\w+)$/,
  },
  {
    file: 'requests',
    about: 'What clients ask brokers, and what these answer: every version that is not in the making',
    jar: 'kafka-clients',
    folder: 'common/message',
    only: (message, all) => FOR_CLIENTS(message, all),
  },
]

/**
 * Requests that clients send to a broker, and their responses: what brokers and controllers tell each other is left out.
 * @type {(message: Message, all: readonly Message[]) => boolean}
 */
const FOR_CLIENTS = ({ type, listeners = [], apiKey }, all) =>
  type === 'request'
    ? listeners.includes('broker')
    : type === 'response' &&
      all.some((other) => other.apiKey === apiKey && other.type === 'request' && FOR_CLIENTS(other, all))

const PRIMITIVES = new Set([
  'bool',
  'int8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'wide64',
  'float64',
  'uuid',
  'string',
  'bytes',
])

/**
 * int64s of which all 64 bits may lawfully count: times that come from records or from a user, sizes of file systems, offsets that a
 * client committed, whatever they were. All others are what Kafka counts, and stay far below 2^53.
 */
const WIDE = new Set([
  'ListOffsetsRequest.Timestamp',
  'ListOffsetsResponse.Timestamp',
  'OffsetFetchResponse.CommittedOffset',
  'DescribeProducersResponse.LastTimestamp',
  'DescribeLogDirsResponse.TotalBytes',
  'DescribeLogDirsResponse.UsableBytes',
  'SaslAuthenticateResponse.SessionLifetimeMs',
  'CreateDelegationTokenRequest.MaxLifetimeMs',
  'CreateDelegationTokenResponse.ExpiryTimestampMs',
  'CreateDelegationTokenResponse.MaxTimestampMs',
  'RenewDelegationTokenRequest.RenewPeriodMs',
  'RenewDelegationTokenResponse.ExpiryTimestampMs',
  'ExpireDelegationTokenRequest.ExpiryTimePeriodMs',
  'ExpireDelegationTokenResponse.ExpiryTimestampMs',
  'DescribeDelegationTokenResponse.ExpiryTimestamp',
  'DescribeDelegationTokenResponse.MaxTimestamp',
])

/** @param {string} name */
const camelCase = (name) => name[0].toLowerCase() + name.slice(1)

/**
 * `OffsetCommitValue` is OFFSET_COMMIT_VALUE, `KRaftVersionRecord` is KRAFT_VERSION_RECORD.
 * @param {string} name
 */
const constant = (name) =>
  name
    .replace('KRaft', 'Kraft')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toUpperCase()

const args = process.argv.slice(2)
const option = (/** @type {string} */ name) =>
  args.includes(name) ? args[args.indexOf(name) + 1] : undefined
const libs = option('--libs') ?? judgeLibs()
const to = option('--to') ?? path.join(root, 'src/message/generated')
fs.mkdirSync(to, { recursive: true })
for (const group of FILES) fs.writeFileSync(path.join(to, `${group.file}.ts`), formatted(sourceOf(group)))
fs.writeFileSync(path.join(to, 'errors.ts'), formatted(errorsSource()))

/**
 * The formatter has the last word on line ends, as for all other source files.
 * @param {string} source
 */
function formatted(source) {
  const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome')
  const as = '--stdin-file-path=src/message/generated/made.ts'
  return execFileSync(process.execPath, [biome, 'format', as], { cwd: root, input: source, encoding: 'utf8' })
}

function judgeLibs() {
  return execFileSync(path.join(root, 'test/judge/setup.sh'), ['--paths'], { encoding: 'utf8' }).split(
    '\n',
  )[0]
}

/** @param {string} name */
function jarOf(name) {
  const found = fs.readdirSync(libs).find((f) => new RegExp(`^${name}-\\d[\\w.]*\\.jar$`).test(f))
  if (found === undefined) throw new Error(`${libs}: there is no ${name}-VERSION.jar`)
  return path.join(libs, found)
}

/**
 * @param {Group} group
 * @returns {Message[]}
 */
function messagesOf({ jar, folder, only }) {
  const temp = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-schemas-'))
  try {
    execFileSync('jar', ['xf', jarOf(jar), folder], { cwd: temp })
    return fs
      .readdirSync(path.join(temp, folder))
      .filter((f) => f.endsWith('.json'))
      .map((f) => JSON.parse(withoutComments(fs.readFileSync(path.join(temp, folder, f), 'utf8'))))
      .filter((message, _, all) =>
        typeof only === 'function' ? only(message, all) : only === undefined || only.test(message.name),
      )
      .sort((a, b) => (a.apiKey ?? -1) - (b.apiKey ?? -1) || (a.name < b.name ? -1 : 1))
  } finally {
    fs.rmSync(temp, { recursive: true })
  }
}

/**
 * Kafka's definitions are JSON with `//` comments, on lines of their own or behind a value.
 * @param {string} text
 */
function withoutComments(text) {
  return text.replace(
    /("(?:[^"\\]|\\.)*")|\/\/[^\n]*/g,
    (_, /** @type {string | undefined} */ string) => string ?? '',
  )
}

/** @param {Group} group */
function sourceOf(group) {
  const messages = messagesOf(group)
  const version = /-(\d[\w.]*)\.jar$/.exec(jarOf(group.jar))?.[1]
  const lines = [
    '/**',
    ` * ${group.about}.`,
    ` * Made by scripts/make-schemas.mjs from the definitions of Kafka ${version}: not to be changed by hand.`,
    ' */',
    "import { schema } from '../schema.ts'",
    '',
  ]
  for (const message of messages) lines.push(...schemaOf(message), '')
  if (group.list !== undefined) {
    lines.push(
      `export const ${group.list} = [`,
      ...messages.map(({ name }) => `  ${constant(name)},`),
      '] as const',
    )
  }
  return `${lines.join('\n')}\n`
}

function errorsSource() {
  const java = ['-cp', `${libs}/*`, path.join(root, 'scripts/ErrorsTable.java')]
  const rows = execFileSync('java', java, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const version = /-(\d[\w.]*)\.jar$/.exec(jarOf('kafka-clients'))?.[1]
  const lines = rows
    .trimEnd()
    .split('\n')
    .map((line) => {
      const [name, code, exception, retriable, ...message] = line.split('\t')
      const facts = `code: ${code}, exception: '${exception}', retriable: ${retriable}`
      return `  ${name}: { ${facts}, message: ${JSON.stringify(message.join('\t'))} },`
    })
  return `/**
 * Kafka's errors: code, simple name of the Java exception (it stands in the genuine tools' texts), whether a client may try again, and text.
 * Made by scripts/make-schemas.mjs from the Errors of Kafka ${version}: not to be changed by hand.
 */
export const KAFKA_ERRORS = {
${lines.join('\n')}
} as const\n`
}

/** @param {Message} message */
function schemaOf(message) {
  const range = rangeOf(message.validVersions)
  // What the next release may still change is not spoken.
  const versions = message.latestVersionUnstable ? { ...range, to: range.to - 1 } : range
  const flexible =
    message.flexibleVersions === 'none' ? Number.POSITIVE_INFINITY : rangeOf(message.flexibleVersions).from
  const options = [
    message.apiKey === undefined ? '' : `apiKey: ${message.apiKey}`,
    versions.from === 0 ? '' : `lowestVersion: ${versions.from}`,
    versions.to === 0 ? '' : `highestVersion: ${versions.to}`,
    flexible === 0
      ? ''
      : `flexibleSince: ${flexible === Number.POSITIVE_INFINITY ? 'Number.POSITIVE_INFINITY' : flexible}`,
  ]
  const structs = new Map((message.commonStructs ?? []).map((struct) => [struct.name, struct.fields]))
  for (const fields of [message.fields, ...structs.values()]) widen(message.name, fields)
  return [
    `export const ${constant(message.name)} = /* @__PURE__ */ schema(`,
    `  '${message.name}',`,
    `  { ${options.filter((o) => o !== '').join(', ')} },`,
    `  ${fieldsOf(message.fields, structs, versions)},`,
    ')',
  ]
}

/** @type {(message: string, fields: readonly Field[]) => void} */
function widen(message, fields) {
  for (const field of fields) {
    if (WIDE.has(`${message}.${field.name}`)) field.type = 'wide64'
    widen(message, field.fields ?? [])
  }
}

/** @type {(fields: readonly Field[], structs: Structs, valid: Versions) => string} */
function fieldsOf(fields, structs, valid) {
  return `{ ${fields.map((field) => `${camelCase(field.name)}: ${fieldOf(field, structs, valid)}`).join(', ')} }`
}

/** @type {(field: Field, structs: Structs, valid: Versions) => string} */
function fieldOf(field, structs, valid) {
  const versions = rangeOf(field.versions ?? field.taggedVersions, valid)
  // Stored batches: bytes to the codec.
  if (field.type === 'records') field.type = 'bytes'
  const type = typeOf(field.type, field.fields, structs, versions)
  const facts = []
  if (versions.from > valid.from) facts.push(`since: ${versions.from}`)
  if (versions.to < valid.to) facts.push(`until: ${versions.to}`)
  if (field.nullableVersions !== undefined) {
    const nullable = rangeOf(field.nullableVersions, valid)
    facts.push('nullable: true')
    if (nullable.from > versions.from) facts.push(`nullableSince: ${nullable.from}`)
  }
  if (field.tag !== undefined) {
    facts.push(`tag: ${field.tag}`)
    const tagged = rangeOf(field.taggedVersions, valid)
    if (tagged.from > versions.from) facts.push(`tagSince: ${tagged.from}`)
  }
  if (field.ignorable && (versions.from > valid.from || versions.to < valid.to)) facts.push('ignorable: true')
  if (field.flexibleVersions === 'none') facts.push('inflexible: true')
  const standard = defaultOf(field, structs)
  if (standard !== undefined) facts.push(`default: ${standard}`)
  return facts.length === 0 ? type : `{ type: ${type}, ${facts.join(', ')} }`
}

/** @type {(type: string, fields: readonly Field[] | undefined, structs: Structs, valid: Versions) => string} */
function typeOf(type, fields, structs, valid) {
  if (type.startsWith('[]')) return `[${typeOf(type.slice(2), fields, structs, valid)}]`
  if (PRIMITIVES.has(type)) return `'${type}'`
  const own = fields ?? structs.get(type)
  if (own === undefined) throw new Error(`a type that is not known: ${type}`)
  return `{ struct: ${fieldsOf(own, structs, valid)} }`
}

/**
 * As source text; undefined where Kafka names none and the field's own zero serves.
 * @type {(field: Field, structs: Structs) => string | undefined}
 */
function defaultOf(field, structs) {
  const { type } = field
  // Kafka's generator takes the text "null" for a default of null, and a bare null for none.
  if (field.default !== undefined && field.default !== null) {
    const text = String(field.default)
    if (text === 'null') return 'null'
    return type === 'string' ? `'${text}'` : String(type === 'bool' ? text === 'true' : Number(text))
  }
  // A struct that may be null and is not null by default: Kafka leaves it out of the bytes when all of it is zero.
  const isStruct = !type.startsWith('[]') && !PRIMITIVES.has(type)
  if (isStruct && field.tag !== undefined) return zerosOf(field.fields ?? structs.get(type) ?? [])
  return type.startsWith('[]') && field.nullableVersions !== undefined && field.tag !== undefined
    ? '[]'
    : undefined
}

/** @param {readonly Field[]} fields */
function zerosOf(fields) {
  const zero = (/** @type {Field} */ { type }) => {
    if (type.startsWith('[]')) return '[]'
    if (type === 'string' || type === 'uuid') return "''"
    return type === 'bool' ? 'false' : '0'
  }
  return `{ ${fields.map((field) => `${camelCase(field.name)}: ${zero(field)}`).join(', ')} }`
}

/**
 * `0`, `0-4` or `2+`; an open end is that of the message.
 * @param {string | undefined} text
 * @param {Versions} valid
 * @returns {Versions}
 */
function rangeOf(text, valid = { from: 0, to: Number.POSITIVE_INFINITY }) {
  if (text === undefined) return valid
  if (text.endsWith('+')) return { from: Number(text.slice(0, -1)), to: valid.to }
  const [from, end = from] = text.split('-')
  return { from: Number(from), to: Number(end) }
}
