/**
 * Records whose value is framed by itself (uvarint frame version 1, uvarint api key, uvarint version, the message) and
 * that have no key: the metadata log's, as JSON, and those of tiered storage, as the genuine decoder prints them.
 */
import { ByteReader } from '../../../bytes/byte-reader.ts'
import { TerseError } from '../../../errors.ts'
import { codecOf, type MessageObject } from '../../../message/codec.ts'
import { exact } from '../../../message/exact.ts'
import { METADATA_SCHEMAS } from '../../../message/generated/metadata.ts'
import { REMOTE_LOG_METADATA_SCHEMAS } from '../../../message/generated/remote-log-metadata.ts'
import type { MessageSchema } from '../../../message/schema.ts'
import { messageJson } from './message-json.ts'
import type { DecodedRecord, RecordDecoder } from './record-decoder.ts'

interface FramedMessage {
  readonly layout: MessageSchema
  readonly version: number
  readonly message: MessageObject
}

export function clusterMetadataDecoder(): RecordDecoder {
  const layouts = byApiKey(METADATA_SCHEMAS)
  return {
    decode(offset, _key, value): DecodedRecord {
      try {
        const { layout, version, message } = readFramed(layouts, value)
        const data = messageJson(layout.fields, version, message)
        const type = enumName(layout.name)
        return { value: { text: `{"type":"${type}","version":${version},"data":${data}}`, json: true } }
      } catch (error) {
        if (!(error instanceof TerseError)) throw error
        return { value: { text: `Error at ${offset}, skipping. ${error.message}` } }
      }
    },
  }
}

export function remoteLogMetadataDecoder(): RecordDecoder {
  const layouts = byApiKey(REMOTE_LOG_METADATA_SCHEMAS.map(exact))
  return {
    decode(offset, _key, value): DecodedRecord {
      try {
        return { value: { text: remoteText(readFramed(layouts, value)) } }
      } catch (error) {
        if (!(error instanceof TerseError)) throw error
        return { value: { text: `Error at offset ${offset}, skipping. ${error.message}` } }
      }
    },
  }
}

function byApiKey(layouts: readonly MessageSchema[]): ReadonlyMap<number, MessageSchema> {
  return new Map(layouts.map((layout) => [layout.apiKey, layout]))
}

function readFramed(layouts: ReadonlyMap<number, MessageSchema>, value: Buffer | null): FramedMessage {
  // Without a value there is no frame version to read either.
  const reader = new ByteReader(value ?? Buffer.alloc(0))
  const frameVersion = uvarint(reader, 'frame version')
  if (frameVersion === 0) {
    throw new TerseError(
      'Could not deserialize metadata record with frame version 0. Note that upgrades from the preview release of KRaft in 2.8 to newer versions are not supported.',
    )
  }
  if (frameVersion !== 1) {
    throw new TerseError(
      `Could not deserialize metadata record due to unknown frame version ${frameVersion}(only frame version 1 is supported)`,
    )
  }
  const apiKey = uvarint(reader, 'type')
  const version = uvarint(reader, 'version')
  const layout = layouts.get(apiKey)
  if (layout === undefined) throw new TerseError(`Unknown metadata id ${apiKey}`)
  const message: MessageObject = {}
  try {
    codecOf(layout, Math.min(version, layout.highestVersion)).decode(reader, message)
  } catch (error) {
    if (!(error instanceof TerseError)) throw error
    throw new TerseError(`Failed to deserialize record with type ${apiKey}`)
  }
  if (reader.remaining > 0) {
    throw new TerseError(`Found ${reader.remaining} byte(s) of garbage after ${apiKey}`)
  }
  return { layout, version, message }
}

/** An int16, stored as a uvarint; of bytes that are none Java makes what it makes of them, so that both say the same. */
function uvarint(reader: ByteReader, name: string): number {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    if (reader.remaining === 0 || shift > 28) throw new TerseError(`Error while reading ${name}`)
    const byte = reader.uint8()
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  if (value > 0x7fff) throw new TerseError(`Value for ${name} was too large.`)
  return (value << 16) >> 16
}

/** RegisterBrokerRecord as REGISTER_BROKER_RECORD. */
function enumName(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
}

const SEGMENT_STATES = [
  'COPY_SEGMENT_STARTED',
  'COPY_SEGMENT_FINISHED',
  'DELETE_SEGMENT_STARTED',
  'DELETE_SEGMENT_FINISHED',
]
const DELETE_STATES = ['DELETE_PARTITION_MARKED', 'DELETE_PARTITION_STARTED', 'DELETE_PARTITION_FINISHED']

function remoteText({ layout, message }: FramedMessage): string {
  switch (layout.name) {
    case 'RemoteLogSegmentMetadataRecord':
      return segmentText(message)
    case 'RemoteLogSegmentMetadataUpdateRecord':
      return object('RemoteLogSegmentMetadataUpdate', {
        remoteLogSegmentId: segmentId(message.remoteLogSegmentId as MessageObject),
        customMetadata: customMetadata(message),
        state: state(SEGMENT_STATES, message.remoteLogSegmentState),
        eventTimestampMs: message.eventTimestampMs,
        brokerId: message.brokerId,
      })
    case 'RemotePartitionDeleteMetadataRecord':
      return object('RemotePartitionDeleteMetadata', {
        topicPartition: topicIdPartition(message.topicIdPartition as MessageObject),
        state: state(DELETE_STATES, message.remotePartitionDeleteState),
        eventTimestampMs: message.eventTimestampMs,
        brokerId: message.brokerId,
      })
    default:
      return object('RemoteLogSegmentMetadataSnapshot', {
        segmentId: message.segmentId,
        startOffset: message.startOffset,
        endOffset: message.endOffset,
        maxTimestampMs: message.maxTimestampMs,
        segmentLeaderEpochs: leaderEpochs(message),
        segmentSizeInBytes: message.segmentSizeInBytes,
        customMetadata: customMetadata(message),
        state: state(SEGMENT_STATES, message.remoteLogSegmentState),
        txnIdxEmpty: message.txnIndexEmpty,
      })
  }
}

function segmentText(message: MessageObject): string {
  const { startOffset, endOffset } = message as { startOffset: bigint; endOffset: bigint }
  if (startOffset < 0n) {
    throw new TerseError(
      `Unexpected start offset = ${startOffset}. StartOffset for a remote segment cannot be negative`,
    )
  }
  if (endOffset < startOffset) {
    throw new TerseError(
      `Unexpected end offset = ${endOffset}. EndOffset for a remote segment cannot be less than startOffset = ${startOffset}`,
    )
  }
  return object('RemoteLogSegmentMetadata', {
    remoteLogSegmentId: segmentId(message.remoteLogSegmentId as MessageObject),
    startOffset,
    endOffset,
    brokerId: message.brokerId,
    maxTimestampMs: message.maxTimestampMs,
    eventTimestampMs: message.eventTimestampMs,
    segmentLeaderEpochs: leaderEpochs(message),
    segmentSizeInBytes: message.segmentSizeInBytes,
    customMetadata: customMetadata(message),
    state: state(SEGMENT_STATES, message.remoteLogSegmentState),
    txnIdxEmpty: message.txnIndexEmpty,
  })
}

function object(name: string, fields: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(fields).map(([field, value]) => `${field}=${String(value)}`)
  return `${name}{${texts.join(', ')}}`
}

function segmentId(id: MessageObject): string {
  return object('RemoteLogSegmentId', {
    topicIdPartition: topicIdPartition(id.topicIdPartition as MessageObject),
    id: id.id,
  })
}

function topicIdPartition({ id, name, partition }: MessageObject): string {
  return `${String(id)}:${String(name)}-${String(partition)}`
}

function customMetadata({ customMetadata }: MessageObject): string {
  return customMetadata === null
    ? 'Optional.empty'
    : `Optional[CustomMetadata{${(customMetadata as Buffer).length} bytes}]`
}

/** A sorted map: of an epoch that is there twice the last counts. */
function leaderEpochs(message: MessageObject): string {
  const entries = message.segmentLeaderEpochs as readonly { leaderEpoch: number; offset: bigint }[]
  if (entries.length === 0) throw new TerseError('segmentLeaderEpochs can not be null or empty')
  const sorted = [...new Map(entries.map(({ leaderEpoch, offset }) => [leaderEpoch, offset]))]
  sorted.sort(([a], [b]) => a - b)
  return `{${sorted.map(([epoch, offset]) => `${epoch}=${offset}`).join(', ')}}`
}

function state(names: readonly string[], id: unknown): string {
  return names[id as number] ?? 'null'
}
