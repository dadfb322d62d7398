/**
 * Replays metadata records into images. One replay lives as long as its log is open: it takes batch after batch and
 * hands out images on the way; what an image holds is copied before it is changed, all else is changed in place.
 *
 * A batch is atomic, so nothing between two batches is ever half-made; records between BeginTransaction and
 * EndTransaction are held back until the end is seen, and dropped at AbortTransaction.
 */
import { CorruptRecordError } from '../errors.ts'
import { CONTROL_TYPE, controlType, decodeControlValue } from '../message/control-messages.ts'
import { KRAFT_VERSION_RECORD, VOTERS_RECORD } from '../message/generated/control.ts'
import {
  decodeMetadataRecord,
  LATEST_METADATA_VERSION,
  type StoredMetadataRecord,
  type StoredMetadataRecordOf,
} from '../message/metadata-records.ts'
import type { RecordBatch } from '../record/record-batch.ts'
import type { RecordView } from '../record/record-view.ts'
import { type BrokerImage, type MetadataImageParts, scramKey, type VoterImage } from './metadata-image.ts'
import { partitionRecord, readPartitionRecord } from './partition-record-reader.ts'
import { TopicDrafts } from './topic-drafts.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends ReadonlyMap<infer A, infer B> ? Map<A, B> : T[K] }

export const EMPTY_PARTS: MetadataImageParts = {
  endOffset: 0,
  epoch: 0,
  lastTimestamp: -1,
  newerThanKnown: undefined,
  topicsByName: new Map(),
  topicsById: new Map(),
  illegalTopics: new Map(),
  configsByType: new Map(),
  brokers: new Map(),
  controllers: new Map(),
  features: new Map(),
  quotasByEntity: new Map(),
  scramByKey: new Map(),
  aclsById: new Map(),
  tokensById: new Map(),
  nextProducerId: 0,
  kraftVersion: 0,
  voters: [],
  zkMigrationState: 0,
}

type CopiedMap =
  | 'brokers'
  | 'controllers'
  | 'features'
  | 'quotasByEntity'
  | 'scramByKey'
  | 'aclsById'
  | 'tokensById'

export class MetadataReplay {
  private readonly parts: Mutable<MetadataImageParts>
  /** Maps that no image holds yet. */
  private readonly own = new Set<CopiedMap>()
  private readonly topics: TopicDrafts
  /** Records of the transaction that has begun and not ended. */
  private pending: StoredMetadataRecord[] | undefined
  private changed = true

  /** Goes on from an image. */
  constructor(from: MetadataImageParts = EMPTY_PARTS) {
    this.parts = { ...from } as Mutable<MetadataImageParts>
    this.topics = new TopicDrafts(from)
  }

  /** True while a transaction has begun and not ended: the next writer must abort it first. */
  get inTransaction(): boolean {
    return this.pending !== undefined
  }

  /** True when something was replayed since the last call of `image`. */
  get dirty(): boolean {
    return this.changed
  }

  /** Freezes what there is: later changes go to copies. */
  image(): MetadataImageParts {
    this.changed = false
    this.own.clear()
    Object.assign(this.parts, this.topics.freeze())
    return { ...this.parts }
  }

  /** After a checkpoint: where the log goes on. */
  setEnd(endOffset: number, epoch: number): void {
    this.parts.endOffset = endOffset
    this.parts.epoch = epoch
    this.changed = true
  }

  /** Remembers why writing must be refused; the first reason stays. */
  markNewer(what: string): void {
    this.parts.newerThanKnown ??= what
  }

  /**
   * Replays one batch whose checksum was checked; records below `fromOffset` are passed over.
   * @throws CorruptRecordError with the position in the batch's buffer; the replay is of no use afterwards.
   */
  batch(batch: RecordBatch, fromOffset = 0): void {
    this.changed = true
    const control = batch.isControl
    batch.walk((record) => {
      const { offset, buffer, valueStart, valueEnd } = record
      if (offset < fromOffset) return
      if (control) return this.control(record)
      if (valueEnd < 0) throw new CorruptRecordError('metadata record without a value', record.keyStart)
      // The NoOps that an idle controller writes twice a second, without a look at a schema.
      if (valueEnd - valueStart === 4 && buffer.readUInt32BE(valueStart) === 0x01140000) return
      if (this.pending === undefined && readPartitionRecord(buffer, valueStart, valueEnd)) {
        const { topicId, partition } = partitionRecord
        if (!this.topics.putPartition(topicId, partition!, valueStart)) {
          this.expectNewer(topicId, partition!.partition, valueStart)
        }
        return
      }
      const decoded = decodeMetadataRecord(buffer, valueStart, valueEnd)
      if (decoded.newer !== undefined) this.markNewer(`${decoded.newer} at offset ${offset}`)
      if (decoded.record !== undefined) this.take(decoded.record, offset, valueStart)
    })
    // A batch that only moves the log on (leader change, NoOps) makes no new topics, but a new end all the same.
    this.parts.endOffset = batch.nextOffset
    this.parts.epoch = batch.partitionLeaderEpoch
    this.parts.lastTimestamp = batch.maxTimestamp
  }

  private control({ buffer, keyStart, keyEnd, valueStart: start, valueEnd: end }: RecordView): void {
    switch (controlType(buffer, keyStart, keyEnd)) {
      case CONTROL_TYPE.KRAFT_VERSION:
        this.parts.kraftVersion = decodeControlValue(KRAFT_VERSION_RECORD, buffer, start, end).kRaftVersion
        if (this.parts.kraftVersion > 1) this.markNewer(`kraft.version ${this.parts.kraftVersion}`)
        break
      case CONTROL_TYPE.KRAFT_VOTERS:
        this.parts.voters = decodeControlValue(VOTERS_RECORD, buffer, start, end)
          .voters as readonly VoterImage[]
        break
      default:
    }
  }

  /** One record in turn; transactions are kept here. */
  private take(record: StoredMetadataRecord, offset: number, position: number): void {
    switch (record.type) {
      case 'BeginTransactionRecord':
        if (this.pending !== undefined)
          throw new CorruptRecordError('a transaction within a transaction', position)
        this.pending = []
        return
      case 'EndTransactionRecord': {
        const records = this.pending
        if (records === undefined) throw new CorruptRecordError('end of no transaction', position)
        this.pending = undefined
        for (const held of records) this.apply(held, offset, position)
        return
      }
      case 'AbortTransactionRecord':
        this.pending = undefined
        return
      default:
        if (this.pending === undefined) this.apply(record, offset, position)
        // Bytes of a held record are views on a buffer that will be used again.
        else this.pending.push(record.type === 'UserScramCredentialRecord' ? copyScram(record) : record)
    }
  }

  private apply(record: StoredMetadataRecord, offset: number, position: number): void {
    switch (record.type) {
      case 'TopicRecord':
        this.topics.topic(record)
        return
      case 'PartitionRecord':
        if (!this.topics.partition(record, position))
          this.expectNewer(record.topicId, record.partitionId, position)
        return
      case 'PartitionChangeRecord':
        if (!this.topics.partitionChange(record))
          this.expectNewer(record.topicId, record.partitionId, position)
        return
      case 'RemoveTopicRecord':
        this.topics.remove(record.topicId)
        return
      case 'ClearElrRecord':
        this.topics.clearElr(record.topicName)
        return
      case 'ConfigRecord':
        this.topics.config(record)
        return
      case 'RegisterBrokerRecord':
        this.registerBroker(record)
        return
      case 'UnregisterBrokerRecord':
        this.map('brokers').delete(record.brokerId)
        return
      case 'FenceBrokerRecord':
        this.changeBroker(record.id, { fenced: true })
        return
      case 'UnfenceBrokerRecord':
        this.changeBroker(record.id, { fenced: false })
        return
      case 'BrokerRegistrationChangeRecord':
        this.changeBroker(record.brokerId, {
          ...(record.fenced !== 0 && { fenced: record.fenced > 0 }),
          ...(record.inControlledShutdown !== 0 && { inControlledShutdown: record.inControlledShutdown > 0 }),
          ...(record.logDirs.length > 0 && { logDirs: record.logDirs }),
          ...(record.cordonedLogDirs !== null && { cordonedLogDirs: record.cordonedLogDirs }),
        })
        return
      case 'RegisterControllerRecord':
        this.map('controllers').set(record.controllerId, {
          id: record.controllerId,
          incarnationId: record.incarnationId,
          zkMigrationReady: record.zkMigrationReady,
          endPoints: record.endPoints,
          features: record.features,
        })
        return
      case 'UnregisterControllerRecord':
        this.map('controllers').delete(record.controllerId)
        return
      case 'FeatureLevelRecord':
        this.featureLevel(record.name, record.featureLevel, offset)
        return
      case 'ClientQuotaRecord':
        this.clientQuota(record)
        return
      case 'ProducerIdsRecord':
        this.parts.nextProducerId = record.nextProducerId
        return
      case 'ZkMigrationStateRecord':
        this.parts.zkMigrationState = record.zkMigrationState
        return
      default:
        this.applySecurity(record)
    }
  }

  /** Credentials, permissions and tokens. */
  private applySecurity(record: StoredMetadataRecord): void {
    switch (record.type) {
      case 'UserScramCredentialRecord': {
        const { type: _, ...credential } = copyScram(record)
        this.map('scramByKey').set(scramKey(record.name, record.mechanism), credential)
        return
      }
      case 'RemoveUserScramCredentialRecord':
        this.map('scramByKey').delete(scramKey(record.name, record.mechanism))
        return
      case 'AccessControlEntryRecord': {
        const { type: _, ...acl } = record
        this.map('aclsById').set(record.id, acl)
        return
      }
      case 'RemoveAccessControlEntryRecord':
        this.map('aclsById').delete(record.id)
        return
      case 'DelegationTokenRecord': {
        const { type: _, ...token } = record
        this.map('tokensById').set(record.tokenId, token)
        return
      }
      case 'RemoveDelegationTokenRecord':
        this.map('tokensById').delete(record.tokenId)
        return
      default:
    }
  }

  /** A partition whose topic is not there: damage, unless its record may be among those that were passed over. */
  private expectNewer(topicId: string, partition: number, position: number): void {
    if (this.parts.newerThanKnown !== undefined) return
    throw new CorruptRecordError(
      `partition ${partition} of topic ${topicId}, which the metadata does not have`,
      position,
    )
  }

  private featureLevel(name: string, level: number, offset: number): void {
    if (level === 0) this.map('features').delete(name)
    else this.map('features').set(name, level)
    if (name === 'metadata.version' && level > LATEST_METADATA_VERSION) {
      this.markNewer(`metadata.version ${level} at offset ${offset}`)
    }
  }

  private registerBroker(record: StoredMetadataRecordOf<'RegisterBrokerRecord'>): void {
    this.map('brokers').set(record.brokerId, {
      id: record.brokerId,
      epoch: record.brokerEpoch,
      incarnationId: record.incarnationId,
      endPoints: record.endPoints,
      features: record.features,
      rack: record.rack,
      isMigratingZkBroker: record.isMigratingZkBroker,
      fenced: record.fenced,
      inControlledShutdown: record.inControlledShutdown,
      logDirs: record.logDirs,
      cordonedLogDirs: record.cordonedLogDirs,
    })
  }

  private changeBroker(id: number, change: Partial<BrokerImage>): void {
    const broker = this.parts.brokers.get(id)
    if (broker !== undefined) this.map('brokers').set(id, { ...broker, ...change })
  }

  private clientQuota(record: StoredMetadataRecordOf<'ClientQuotaRecord'>): void {
    const key = record.entity
      .map((part) => JSON.stringify([part.entityType, part.entityName]))
      .sort()
      .join()
    const quotas = this.map('quotasByEntity')
    const values = new Map(quotas.get(key)?.values)
    if (record.remove) values.delete(record.key)
    else values.set(record.key, record.value)
    if (values.size === 0) quotas.delete(key)
    else quotas.set(key, { entity: record.entity, values })
  }

  /** A map that may be changed. */
  private map<K extends CopiedMap>(name: K): Mutable<MetadataImageParts>[K] {
    if (!this.own.has(name)) {
      this.own.add(name)
      this.parts[name] = new Map(this.parts[name] as ReadonlyMap<never, never>) as never
    }
    return this.parts[name]
  }
}

type Scram = StoredMetadataRecordOf<'UserScramCredentialRecord'>

function copyScram(record: Scram): Scram {
  return {
    ...record,
    salt: Buffer.from(record.salt),
    storedKey: Buffer.from(record.storedKey),
    serverKey: Buffer.from(record.serverKey),
  }
}
