/**
 * The records of `__cluster_metadata-0`. Value of a record: uvarint frame version 1, uvarint api key, uvarint
 * record version, the flexible message; the key is null.
 */
import type { METADATA_SCHEMAS } from './metadata-schemas.ts'
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

/** Resource types of ConfigRecord. */
export const CONFIG_RESOURCE = {
  TOPIC: 2,
  BROKER: 4,
  BROKER_LOGGER: 8,
  CLIENT_METRICS: 16,
  GROUP: 32,
} as const
export type ConfigResourceType = (typeof CONFIG_RESOURCE)[keyof typeof CONFIG_RESOURCE]
