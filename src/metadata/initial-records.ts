/**
 * What the first controller of a directory writes into an empty metadata log, and a registration of this node, so
 * that a clean shutdown marker has a broker epoch to name.
 */
import { CONFIG_RESOURCE, LATEST_METADATA_VERSION, type MetadataRecord } from '../message/metadata-records.ts'
import { imageRecords } from './image-records.ts'
import { OWN_OFFSET } from './metadata-batch-encoder.ts'
import type { MetadataImage } from './metadata-image.ts'
import { EMPTY_PARTS } from './metadata-replay.ts'

const NEW_DIRECTORY_LEVEL = 30
/** What a directory begins with unasked: what `storage format` of Kafka 4.3 finalizes, which brokers 4.3 and 4.4 boot. */
const FORMAT_FEATURES: ReadonlyMap<string, number> = new Map([
  ['metadata.version', NEW_DIRECTORY_LEVEL],
  ['eligible.leader.replicas.version', 1],
  ['group.version', 1],
  ['share.version', 1],
  ['streams.version', 1],
  ['transaction.version', 2],
])

/** Ranges that a broker of Kafka 4.4 registers with. */
const SUPPORTED_FEATURES: readonly (readonly [string, number, number])[] = [
  ['metadata.version', 7, LATEST_METADATA_VERSION],
  ['kraft.version', 0, 1],
  ['eligible.leader.replicas.version', 0, 1],
  ['group.version', 0, 1],
  ['share.version', 0, 2],
  ['streams.version', 0, 1],
  ['transaction.version', 0, 2],
]

/** The records of a fresh bootstrap.checkpoint. */
export function formatFeatureRecords(): MetadataRecord[] {
  return [...imageRecords({ ...EMPTY_PARTS, features: FORMAT_FEATURES })]
}

export interface InitialRecords {
  readonly records: readonly MetadataRecord[]
  readonly metadataVersion: number
}

/** `image` is that of the bootstrap checkpoint; where that is missing, the features are those of a new directory. */
export function initialRecords(image: MetadataImage, incarnationId: string): InitialRecords {
  const known = image.features.size > 0
  const features = known ? image.features : FORMAT_FEATURES
  const metadataVersion = features.get('metadata.version') ?? NEW_DIRECTORY_LEVEL
  const records: MetadataRecord[] = known ? [...imageRecords(image.parts)] : formatFeatureRecords()
  const configured = image.config(CONFIG_RESOURCE.BROKER, '', 'min.insync.replicas') !== undefined
  if ((features.get('eligible.leader.replicas.version') ?? 0) > 0 && !configured) {
    records.push({
      type: 'ConfigRecord',
      resourceType: CONFIG_RESOURCE.BROKER,
      resourceName: '',
      name: 'min.insync.replicas',
      value: '1',
    })
  }
  records.push(registerBroker(image, metadataVersion, incarnationId))
  return { records, metadataVersion }
}

/** Fenced, without end points: the node is at rest; a broker registers anew when it starts. */
export function registerBroker(
  identity: { readonly nodeId: number; readonly directoryId: string | undefined },
  metadataVersion: number,
  incarnationId: string,
): MetadataRecord {
  return {
    type: 'RegisterBrokerRecord',
    brokerId: identity.nodeId,
    incarnationId,
    brokerEpoch: OWN_OFFSET,
    endPoints: [],
    features: SUPPORTED_FEATURES.map(([name, minSupportedVersion, maxSupportedVersion]) => ({
      name,
      minSupportedVersion,
      maxSupportedVersion,
    })),
    rack: null,
    fenced: true,
    ...(metadataVersion >= 17 && identity.directoryId !== undefined && { logDirs: [identity.directoryId] }),
  }
}
