/**
 * `.tkafka-offsets` in the folder of a partition of `__consumer_offsets`: what its records said up to one offset, so that a million commits
 * need not be read again by every command.
 *
 * Bytes: int32 magic, int16 version, int64 end offset, int64 base offset and uint32 CRC of the last batch before it, int32 number of groups,
 * the groups, uint32 CRC-32C of all before. A group: id, int8 type (-1 none), protocol type, int32 number of offsets; an offset: topic, int32
 * partition, int64 offset, int32 leader epoch, metadata, int64 commit timestamp, topic id ('' none), int64 record offset. Text: uvarint, UTF-8.
 *
 * Invariant: it belongs to the log that has just this batch at just this place, and reaches as far as compaction did; anything else (a
 * broken file, a log that was replaced, shortened or compacted since) makes it worthless, and the log is read from its start. Compaction
 * takes it away before it changes the log. It never covers an open transaction.
 * Crash: written to a temp file and renamed, so it is the old one or the new one; a power cut may leave rubbish, which the checksum tells,
 * or a snapshot ahead of a log that lost its end, which the batch tells.
 */
import path from 'node:path'
import { ByteReader } from '../../bytes/byte-reader.ts'
import { ByteWriter } from '../../bytes/byte-writer.ts'
import { crc32c } from '../../bytes/crc32c.ts'
import { topicPartitionKey } from '../../names/topic-partition.ts'
import { type FileSystem, openTemporary, writeFully } from '../../os/file-system.ts'
import { type GroupType, OffsetPartitionState } from './offset-partition-state.ts'

const FILE = '.tkafka-offsets'
const MAGIC = 0x744b6f66
const VERSION = 1
const TYPES: readonly GroupType[] = ['Classic', 'Consumer', 'Share', 'Streams']
const HEAD_SIZE = 14

/** The end offset that the snapshot claims, unchecked; 0 when there is none. */
export function snapshotEndOffset(fs: FileSystem, partitionDir: string): number {
  try {
    const fd = fs.open(path.join(partitionDir, FILE), 'r')
    try {
      const head = Buffer.alloc(HEAD_SIZE)
      if (fs.read(fd, head, 0, HEAD_SIZE, 0) < HEAD_SIZE) return 0
      const reader = new ByteReader(head)
      return reader.int32() === MAGIC && reader.int16() === VERSION ? reader.int64() : 0
    } finally {
      fs.close(fd)
    }
  } catch {
    return 0
  }
}

/** The state at the snapshot's end; undefined when there is no sound one. Whether it belongs to the log is the caller's to check. */
export function readOffsetSnapshot(fs: FileSystem, partitionDir: string): OffsetPartitionState | undefined {
  try {
    const bytes = fs.readFile(path.join(partitionDir, FILE))
    const end = bytes.length - 4
    return end > HEAD_SIZE && bytes.readUInt32BE(end) === crc32c(bytes, 0, end)
      ? decode(bytes, end)
      : undefined
  } catch {
    return undefined
  }
}

export function writeOffsetSnapshot(fs: FileSystem, partitionDir: string, state: OffsetPartitionState): void {
  const bytes = encode(state)
  const file = path.join(partitionDir, FILE)
  const temporary = `${file}.tmp`
  const fd = openTemporary(fs, temporary)
  try {
    writeFully(fs, fd, bytes, 0, bytes.length, null)
  } finally {
    fs.close(fd)
  }
  fs.rename(temporary, file)
}

/** Before the log is compacted. */
export function removeOffsetSnapshot(fs: FileSystem, partitionDir: string): void {
  const file = path.join(partitionDir, FILE)
  if (fs.stat(file) !== undefined) fs.unlink(file)
}

function encode(state: OffsetPartitionState): Buffer {
  const writer = new ByteWriter(64 + state.size * 128).int32(MAGIC).int16(VERSION).int64(state.nextOffset)
  writer
    .int64(state.lastBatch?.baseOffset ?? -1)
    .uint32(state.lastBatch?.crc ?? 0)
    .int32(state.groups.size)
  for (const [groupId, group] of state.groups) {
    text(writer, groupId).int8(group.type === undefined ? -1 : TYPES.indexOf(group.type))
    text(writer, group.protocolType).int32(group.offsets.size)
    for (const offset of group.offsets.values()) {
      text(writer, offset.topic).int32(offset.partition).int64(offset.offset).int32(offset.leaderEpoch)
      text(writer, offset.metadata).int64(offset.commitTimestamp)
      text(writer, offset.topicId ?? '').int64(offset.recordOffset)
    }
  }
  const body = writer.view()
  return writer.uint32(crc32c(body, 0, body.length)).toBuffer()
}

function decode(bytes: Buffer, end: number): OffsetPartitionState | undefined {
  const reader = new ByteReader(bytes, 0, end)
  if (reader.int32() !== MAGIC || reader.int16() !== VERSION) return undefined
  const state = new OffsetPartitionState()
  state.nextOffset = reader.int64()
  state.lastBatch = { baseOffset: reader.int64(), crc: reader.uint32() }
  for (let groups = reader.int32(); groups > 0; groups--) {
    const groupId = readText(reader)
    const type = TYPES[reader.int8()]
    const protocolType = readText(reader)
    const offsets = new Map()
    for (let count = reader.int32(); count > 0; count--) {
      const topic = readText(reader)
      const partition = reader.int32()
      const offset = reader.int64()
      const leaderEpoch = reader.int32()
      const metadata = readText(reader)
      const commitTimestamp = reader.int64()
      const topicId = readText(reader) || undefined
      const recordOffset = reader.int64()
      const stored = {
        topic,
        partition,
        offset,
        leaderEpoch,
        metadata,
        commitTimestamp,
        topicId,
        recordOffset,
      }
      offsets.set(topicPartitionKey(topic, partition), stored)
    }
    state.groups.set(groupId, { type, protocolType, offsets })
  }
  return state
}

function text(writer: ByteWriter, value: string): ByteWriter {
  return writer.uvarint(Buffer.byteLength(value)).utf8(value)
}

function readText(reader: ByteReader): string {
  return reader.utf8(reader.uvarint())
}
