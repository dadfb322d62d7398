/**
 * Makes a data directory from nothing: what `storage format` and the first controller would have written, with the
 * node registered and at rest, so that a genuine broker starts on it as after a clean stop.
 *
 * Bytes, in this order, each synced: bootstrap.checkpoint, the metadata log with its small files, the clean shutdown
 * marker with the registration's epoch, and last meta.properties.
 * Invariant: a directory with meta.properties is a whole one. Crash: without it nothing of the rest counts, and the
 * next run makes everything anew over what is there.
 */
import { writeFileAtomically } from '../log/checkpoint-file.ts'
import { randomUuid } from '../message/uuid.ts'
import { writeFully } from '../os/file-system.ts'
import type { Os } from '../os/os.ts'
import { imageRecords } from './image-records.ts'
import { formatFeatureRecords, initialRecords } from './initial-records.ts'
import { writeMetaProperties } from './meta-properties.ts'
import { FIRST_EPOCH } from './metadata-append.ts'
import { encodeAppend } from './metadata-batch-encoder.ts'
import { encodeCheckpoint } from './metadata-checkpoint.ts'
import { MetadataImage, type MetadataImageParts, type VoterImage } from './metadata-image.ts'
import { noteMetadataEnd } from './metadata-known-end.ts'
import {
  checkpointFileName,
  listMetadataLog,
  METADATA_LOG_FOLDER,
  segmentFileName,
} from './metadata-log-files.ts'
import { createMetadataFolder, createSegment } from './metadata-log-writer.ts'
import { EMPTY_PARTS } from './metadata-replay.ts'

export interface FormatOptions {
  /** Default 1. */
  readonly nodeId?: number
  /** Default: random ones. */
  readonly clusterId?: string
  readonly directoryId?: string
  /** What its metadata begins with: features (all of them, then), credentials. Default: those of a new directory. */
  readonly parts?: Pick<MetadataImageParts, 'features' | 'scramByKey'>
}

export interface FormattedDirectory {
  readonly clusterId: string
  readonly directoryId: string
  /** Offset of the registration; the clean shutdown marker says the same. */
  readonly brokerEpoch: number
}

/** `logDir` must exist, without meta.properties and without partitions: the caller has looked. */
export function formatDirectory(os: Os, logDir: string, options: FormatOptions = {}): FormattedDirectory {
  const { fs } = os
  const randomBytes = (size: number) => os.randomBytes(size)
  const nodeId = options.nodeId ?? 1
  const clusterId = options.clusterId ?? randomUuid(randomBytes)
  const directoryId = options.directoryId ?? randomUuid(randomBytes)
  const now = os.clock.now()

  writeFileAtomically(fs, `${logDir}/bootstrap.checkpoint`, bootstrapCheckpoint(now, options.parts))

  const image = new MetadataImage({ clusterId, nodeId, directoryId }, { ...EMPTY_PARTS, ...options.parts })
  const { records, metadataVersion } = initialRecords(image, randomUuid(randomBytes))
  const { bytes, endOffset } = encodeAppend(records, {
    baseOffset: 0,
    epoch: FIRST_EPOCH,
    timestamp: now,
    metadataVersion,
  })
  const brokerEpoch = records.findIndex((record) => record.type === 'RegisterBrokerRecord')

  const folder = `${logDir}/${METADATA_LOG_FOLDER}`
  // What an earlier, interrupted run left there may belong to another node id.
  for (const name of listMetadataLog(fs, folder) === undefined ? [] : fs.readdir(folder)) {
    if (name !== '.tkafka-lock') fs.unlink(`${folder}/${name}`)
  }
  createMetadataFolder(fs, folder, { nodeId, epoch: FIRST_EPOCH, baseOffset: 0, kraftVersion: 0 })
  createSegment(fs, folder, 0)
  const fd = fs.open(`${folder}/${segmentFileName(0)}`, 'r+')
  try {
    writeFully(fs, fd, bytes, 0, bytes.length, 0)
    fs.fsync(fd)
  } finally {
    fs.close(fd)
  }
  noteMetadataEnd(fs, folder, 0, endOffset)
  writeFileAtomically(
    fs,
    `${logDir}/.kafka_cleanshutdown`,
    Buffer.from(JSON.stringify({ version: 0, brokerEpoch })),
  )
  writeMetaProperties(fs, logDir, { version: 1, clusterId, nodeId, directoryId })
  return { clusterId, directoryId, brokerEpoch }
}

/**
 * Formats without a metadata log, as Kafka's own tool does: what a node starts with that is not the only controller (voters of a
 * dynamic quorum stand in a checkpoint, those of a static one in quorum-state, as its first start would write it), and directories
 * beside the one with the metadata. A log made here would make each of several controllers the leader of its own cluster.
 */
export function formatUnstarted(
  os: Os,
  logDir: string,
  options: Required<FormatOptions> & {
    readonly voters: readonly VoterImage[]
    /** Ids of `controller.quorum.voters`; none where that is not set. */
    readonly staticVoters: readonly number[]
  },
): void {
  const { fs } = os
  const { clusterId, nodeId, directoryId, voters, staticVoters, parts } = options
  const now = os.clock.now()
  writeFileAtomically(fs, `${logDir}/bootstrap.checkpoint`, bootstrapCheckpoint(now, parts))
  const folder = `${logDir}/${METADATA_LOG_FOLDER}`
  if (voters.length + staticVoters.length > 0 && fs.stat(folder) === undefined) fs.mkdir(folder)
  if (staticVoters.length > 0) writeFileAtomically(fs, `${folder}/quorum-state`, undecided(staticVoters))
  if (voters.length > 0) {
    const bytes = encodeCheckpoint({
      records: [],
      metadataVersion: 0,
      epoch: 0,
      lastContainedLogTimestamp: now,
      now,
      kraftVersion: 1,
      voters,
    })
    writeFileAtomically(fs, `${folder}/${checkpointFileName(0, 0)}`, bytes)
  }
  writeMetaProperties(fs, logDir, { version: 1, clusterId, nodeId, directoryId })
}

/** The quorum-state of voters who have not chosen a leader yet. */
function undecided(voterIds: readonly number[]): Buffer {
  const currentVoters = voterIds.map((voterId) => ({ voterId }))
  const nobody = { clusterId: '', leaderId: -1, leaderEpoch: 0, votedId: -1, appliedOffset: 0 }
  return Buffer.from(JSON.stringify({ ...nobody, currentVoters, data_version: 0 }))
}

/** The features that a controller starts with where the metadata log is empty. */
export function bootstrapCheckpoint(now: number, parts?: FormatOptions['parts']): Buffer {
  return encodeCheckpoint({
    records: parts === undefined ? formatFeatureRecords() : [...imageRecords({ ...EMPTY_PARTS, ...parts })],
    metadataVersion: 0,
    epoch: 0,
    lastContainedLogTimestamp: 0,
    now,
    kraftVersion: 0,
    voters: [],
  })
}
