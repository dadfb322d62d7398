/**
 * The records of `__cluster_metadata-0`. Value of a record: uvarint frame version 1, uvarint api key, uvarint
 * record version, the flexible message; the key is null.
 */
import { ByteReader } from '../bytes/byte-reader.ts'
import type { ByteWriter } from '../bytes/byte-writer.ts'
import { count } from '../count.ts'
import { CorruptRecordError } from '../errors.ts'
import { codecOf, type MessageObject } from './codec.ts'
import { METADATA_SCHEMAS } from './generated/metadata.ts'
import type { MessageInputOf, MessageOf, MessageSchema } from './schema.ts'

type Schemas = (typeof METADATA_SCHEMAS)[number]
type NameOf<S> = S extends MessageSchema<infer _F, infer N> ? N : never

/** A record to be written: `{ type: 'TopicRecord', name, topicId }`; fields with a default may be left out. */
export type MetadataRecord = {
  [S in Schemas as NameOf<S>]: { readonly type: NameOf<S> } & MessageInputOf<S>
}[NameOf<Schemas>]

/** A record as it was read: every field is there. */
export type StoredMetadataRecord = {
  [S in Schemas as NameOf<S>]: { readonly type: NameOf<S> } & MessageOf<S>
}[NameOf<Schemas>]

export type MetadataRecordType = MetadataRecord['type']
export type StoredMetadataRecordOf<T extends MetadataRecordType> = Extract<StoredMetadataRecord, { type: T }>

/** Resource types of ConfigRecord. */
export const CONFIG_RESOURCE = {
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const
export type ConfigResourceType = (typeof CONFIG_RESOURCE)[keyof typeof CONFIG_RESOURCE]

/** The highest metadata.version level that this program knows (4.4-IV2). */
export const LATEST_METADATA_VERSION = 33

const FRAME_VERSION = 1
const NO_OP_API_KEY = 20

const byApiKey: MessageSchema[] = []
const byName = new Map<string, MessageSchema>()
for (const schema of METADATA_SCHEMAS) {
  byApiKey[schema.apiKey] = schema
  byName.set(schema.name, schema)
}

/**
 * Decodes the value of a metadata record. `record` is undefined where it says nothing (NoOp) or is of a type that is
 * not known; `newer` then or beside it tells in words what is newer than this program. A newer version of a known
 * type is read as the newest known one where its bytes allow that (versions mostly add tagged fields), else skipped.
 * Throws CorruptRecordError on bytes that cannot be right.
 */
export function decodeMetadataRecord(
  buffer: Buffer,
  start: number,
  end: number,
): { record: StoredMetadataRecord | undefined; newer: string | undefined } {
  const reader = new ByteReader(buffer, start, end)
  const frameVersion = reader.uvarint()
  if (frameVersion !== FRAME_VERSION) {
    if (frameVersion === 0) throw new CorruptRecordError('metadata frame version 0', start)
    return { record: undefined, newer: `metadata frame version ${frameVersion}` }
  }
  const apiKey = reader.uvarint()
  const version = reader.uvarint()
  if (apiKey === NO_OP_API_KEY && version === 0) return NOTHING
  const schema = byApiKey[apiKey]
  if (schema === undefined) return { record: undefined, newer: `metadata record type ${apiKey}` }
  const record: MessageObject = { type: schema.name }
  if (version <= schema.highestVersion) {
    codecOf(schema, version).decode(reader, record)
    if (reader.remaining > 0) {
      throw new CorruptRecordError(
        `${count(reader.remaining, 'byte')} behind the ${schema.name}`,
        reader.position,
      )
    }
    return { record: record as unknown as StoredMetadataRecord, newer: undefined }
  }
  const newer = `${schema.name} version ${version}`
  try {
    codecOf(schema, schema.highestVersion).decode(reader, record)
  } catch {
    return { record: undefined, newer }
  }
  return { record: reader.remaining > 0 ? undefined : (record as unknown as StoredMetadataRecord), newer }
}

const NOTHING = { record: undefined, newer: undefined } as const

/** Appends the value of a record. Throws RangeError where the record has a field that the version does not have. */
export function encodeMetadataRecord(writer: ByteWriter, record: MetadataRecord, version: number): void {
  const schema = byName.get(record.type)
  if (schema === undefined) throw new RangeError(`no metadata record ${record.type}`)
  writer.uvarint(FRAME_VERSION).uvarint(schema.apiKey).uvarint(version)
  codecOf(schema, version).encode(writer, record)
}

/** How many of the levels, in rising order, this metadata.version level has reached. */
const levelsReached = (metadataVersion: number, ...levels: number[]): number =>
  levels.filter((level) => metadataVersion >= level).length

/** The version of a record type that brokers at this metadata.version level write and read. */
export function metadataRecordVersion(type: MetadataRecordType, metadataVersion: number): number {
  switch (type) {
    case 'PartitionRecord':
    case 'PartitionChangeRecord':
      return levelsReached(metadataVersion, 17, 23)
    case 'RegisterBrokerRecord':
      return levelsReached(metadataVersion, 7, 8, 17, 30)
    case 'BrokerRegistrationChangeRecord':
      return levelsReached(metadataVersion, 7, 17, 30)
    default:
      return 0
  }
}

/** Whether brokers at this level understand Begin/End/AbortTransaction records (3.6-IV1). */
export function metadataTransactionsSupported(metadataVersion: number): boolean {
  return metadataVersion >= 13
}
