/**
 * A checkpoint of the metadata (`EEEE-PPPP.checkpoint`): the whole image as a record log of its own. E is the offset
 * behind the last record it contains, P that record's epoch; inside, offsets count from 0.
 *
 * Bytes: a control batch with the snapshot header (and with kraft.version 1 KRaftVersion and Voters), batches of
 * records beginning with the FeatureLevel of metadata.version, a control batch with the footer. Mode 0400.
 * Invariant: under its name a checkpoint is always whole. It is written under `NAME.part`, synced, renamed, and the
 * folder synced; a crash leaves a `.part`, which nobody reads and the next writer (or a broker) removes.
 */
import { ByteWriter } from '../bytes/byte-writer.ts'
import { CONTROL_TYPE, encodeControlKey, encodeControlValue } from '../message/control-messages.ts'
import {
  KRAFT_VERSION_RECORD,
  SNAPSHOT_FOOTER_RECORD,
  SNAPSHOT_HEADER_RECORD,
  VOTERS_RECORD,
} from '../message/generated/control.ts'
import {
  encodeMetadataRecord,
  type MetadataRecord,
  metadataRecordVersion,
} from '../message/metadata-records.ts'
import { type FileSystem, writeFully } from '../os/file-system.ts'
import { RecordBatchBuilder } from '../record/record-batch-builder.ts'
import { imageRecords } from './image-records.ts'
import type { MetadataImageParts, VoterImage } from './metadata-image.ts'
import { checkpointFileName } from './metadata-log-files.ts'

const BATCH_SIZE = 256 * 1024

export interface CheckpointContent {
  readonly records: Iterable<MetadataRecord>
  readonly metadataVersion: number
  readonly epoch: number
  readonly lastContainedLogTimestamp: number
  /** Timestamp of the batches, ms. */
  readonly now: number
  readonly kraftVersion: number
  readonly voters: readonly VoterImage[]
}

/** The bytes of a checkpoint. */
export function encodeCheckpoint(content: CheckpointContent): Buffer {
  const batches: Buffer[] = []
  let nextOffset = 0
  const begin = (control: boolean) =>
    new RecordBatchBuilder({
      baseOffset: nextOffset,
      leaderEpoch: content.epoch,
      control,
      maxBytes: BATCH_SIZE,
    })
  const end = (builder: RecordBatchBuilder) => {
    nextOffset = builder.lastOffset + 1
    batches.push(builder.build())
  }
  const header = begin(true)
  const control = (builder: RecordBatchBuilder, type: number, value: Buffer) =>
    builder.append(content.now, encodeControlKey(type), value)
  control(
    header,
    CONTROL_TYPE.SNAPSHOT_HEADER,
    encodeControlValue(SNAPSHOT_HEADER_RECORD, {
      version: 0,
      lastContainedLogTimestamp: content.lastContainedLogTimestamp,
    }),
  )
  if (content.kraftVersion > 0) {
    control(
      header,
      CONTROL_TYPE.KRAFT_VERSION,
      encodeControlValue(KRAFT_VERSION_RECORD, { version: 0, kRaftVersion: content.kraftVersion }),
    )
    control(
      header,
      CONTROL_TYPE.KRAFT_VOTERS,
      encodeControlValue(VOTERS_RECORD, { version: 0, voters: content.voters }),
    )
  }
  end(header)
  let builder = begin(false)
  const writer = new ByteWriter(1024)
  for (const record of content.records) {
    writer.reset()
    encodeMetadataRecord(writer, record, metadataRecordVersion(record.type, content.metadataVersion))
    if (!builder.hasRoomFor(content.now, -1, writer.position)) {
      end(builder)
      builder = begin(false)
    }
    builder.append(content.now, null, writer.view())
  }
  if (builder.count > 0) end(builder)
  const footer = begin(true)
  control(footer, CONTROL_TYPE.SNAPSHOT_FOOTER, encodeControlValue(SNAPSHOT_FOOTER_RECORD, { version: 0 }))
  end(footer)
  return Buffer.concat(batches)
}

/** Writes the checkpoint of an image into the folder of the metadata log; returns its size. */
export function writeMetadataCheckpoint(
  fs: FileSystem,
  folder: string,
  parts: MetadataImageParts,
  now: number,
): number {
  const bytes = encodeCheckpoint({
    records: imageRecords(parts),
    metadataVersion: parts.features.get('metadata.version') ?? 0,
    epoch: parts.epoch,
    lastContainedLogTimestamp: parts.lastTimestamp,
    now,
    kraftVersion: parts.kraftVersion,
    voters: parts.voters,
  })
  writeCheckpointFile(fs, folder, checkpointFileName(parts.endOffset, parts.epoch), bytes)
  return bytes.length
}

/** Puts a checkpoint under its name: temp, fsync, nobody may write, rename, fsync of the folder. */
export function writeCheckpointFile(fs: FileSystem, folder: string, name: string, bytes: Buffer): void {
  const path = `${folder}/${name}`
  const part = `${path}.part`
  // A leftover of a crash is read only by now perhaps, and could not be opened for writing.
  if (fs.stat(part) !== undefined) fs.unlink(part)
  const fd = fs.open(part, 'wx')
  try {
    writeFully(fs, fd, bytes, 0, bytes.length, 0)
    fs.fsync(fd)
    // Read only, as Kafka leaves it, for all whom the folder lets read: users may share the directory by their group.
    fs.fchmod(fd, (fs.fstat(fd).mode & 0o444) | 0o400)
  } finally {
    fs.close(fd)
  }
  fs.rename(part, path)
  fs.fsyncDir(folder)
}
