/**
 * `.tkafka-image` beside the metadata log: what the log said at one offset, laid out so that a command takes out of it
 * only what it asks for (one topic of ten thousand, or all names), instead of replaying every record at each start.
 * Never needed and never trusted beyond its checksums: readers pass over one that is missing, damaged, of another
 * version, or does not fit the log, and replay the log. Kafka does not know the file.
 *
 * Bytes (little-endian): `TKIMAGE` and the version (8), length and CRC-32C of the head (4, 4), the head (JSON, see
 * `StoredHead`), a CRC-32C (4) for each 4096 bytes of the body, the body: the sections in SECTIONS' order.
 * It fits the log when the last batch in it is still the one that it names, at the place that it names; or, where the
 * log begins anew behind a checkpoint, when that checkpoint is there.
 * Invariant: under its name it is whole or damaged by more than a crash: temp and rename. It is not synced: what a power
 * cut makes of it the checksums tell. Written by stored-image-writer.ts under the metadata lock.
 */
import { crc32c } from '../bytes/crc32c.ts'
import { readUInt32LE } from '../bytes/int32.ts'
import { type FileSystem, readFully } from '../os/file-system.ts'
import { RECORD_BATCH_OVERHEAD, RecordBatch } from '../record/record-batch.ts'
import type { MetadataImageParts, PartitionImage } from './metadata-image.ts'
import { type MetadataLogFiles, STORED_IMAGE_FILE, segmentFileName } from './metadata-log-files.ts'

export const STORED_IMAGE_MAGIC = 'TKIMAGE'
export const STORED_IMAGE_VERSION = 1
export const CHECKED_BLOCK = 4096

export const SECTIONS = [
  // Topics in order of their names: ASCII and a line end each; where each begins (uint32, one more at the end).
  'names',
  'nameStarts',
  // Their ids, 22 characters each; the topics' numbers (uint32) in order of the ids.
  'ids',
  'byId',
  // Where each topic's partitions begin in `partitions` (uint32, one more at the end): a shape's number (uint32) each.
  'partitionStarts',
  'partitions',
  // All that partitions are apart from their numbers, each kind once: JSON, and where each begins.
  'shapes',
  'shapeStarts',
  // Settings of topics by the topic's name, as above; JSON arrays of names and values in turn, and where each begins.
  'configNames',
  'configNameStarts',
  'configs',
  'configStarts',
] as const
export type Section = (typeof SECTIONS)[number]

/** Where the log stood: behind the last batch of a segment, or (lastBatchPosition -1) at the checkpoint's end. */
export interface StoredPlace {
  readonly endOffset: number
  readonly epoch: number
  readonly baseOffset: number
  readonly position: number
  readonly lastBatchPosition: number
  readonly lastBatchCrc: number
  readonly checkpointEnd: number
  readonly checkpointSize: number
  /** Bytes of log behind that checkpoint. */
  readonly replayedBytes: number
}

/** What is small, as arrays of map entries; salts and keys of SCRAM credentials as base64. */
export interface StoredHead {
  readonly place: StoredPlace
  readonly lastTimestamp: number
  readonly lengths: readonly number[]
  /** CRC-32C of the table of CRCs. */
  readonly check: number
  readonly nextProducerId: number
  readonly kraftVersion: number
  readonly zkMigrationState: number
  readonly voters: unknown
  readonly brokers: unknown
  readonly controllers: unknown
  readonly features: unknown
  /** Key, entity, values. */
  readonly quotas: readonly (readonly [string, unknown, unknown])[]
  readonly scram: readonly (readonly [string, StoredScram])[]
  readonly acls: unknown
  readonly tokens: unknown
  /** Settings of what is no topic, or of a topic with a name that is no plain ASCII. */
  readonly otherConfigs: readonly (readonly [number, unknown])[]
}

interface StoredScram {
  readonly name: string
  readonly mechanism: number
  readonly iterations: number
  readonly salt: string
  readonly storedKey: string
  readonly serverKey: string
}

/** A checksum did not fit: the log is replayed instead. */
export class BadStoredImage extends Error {}

export class StoredImage {
  readonly head: StoredHead
  readonly size: number
  readonly topicCount: number
  readonly configCount: number
  readonly #bytes: Buffer
  readonly #crcs: number
  readonly #body: number
  readonly #starts: Record<Section, number>
  readonly #lengths: Record<Section, number>
  readonly #checked: Uint8Array
  readonly #replay: () => MetadataImageParts
  #whole: MetadataImageParts | undefined
  readonly #shapes = new Map<number, readonly unknown[]>()

  /**
   * The stored image, if there is one that fits the log.
   * @param replay the image at `place` from the log itself, asked for where damage shows later
   */
  static open(
    fs: FileSystem,
    folder: string,
    files: MetadataLogFiles,
    replay: (place: StoredPlace) => MetadataImageParts,
  ): StoredImage | undefined {
    if (!files.hasStoredImage) return undefined
    const bytes = readFile(fs, `${folder}/${STORED_IMAGE_FILE}`)
    const head = bytes && readHead(bytes)
    if (head === undefined || !fits(fs, folder, files, head.place)) return undefined
    return new StoredImage(bytes as Buffer, head, () => replay(head.place))
  }

  private constructor(bytes: Buffer, head: StoredHead, replay: () => MetadataImageParts) {
    this.head = head
    this.size = bytes.length
    this.#bytes = bytes
    this.#replay = replay
    const [crcs, body] = bodyOf(bytes, head)
    this.#crcs = crcs
    this.#body = body
    this.#checked = new Uint8Array((body - crcs) / 4)
    const starts: Partial<Record<Section, number>> = {}
    const lengths: Partial<Record<Section, number>> = {}
    let at = body
    SECTIONS.forEach((section, i) => {
      starts[section] = at
      lengths[section] = head.lengths[i]
      at += head.lengths[i]
    })
    this.#starts = starts as Record<Section, number>
    this.#lengths = lengths as Record<Section, number>
    this.topicCount = this.#lengths.byId / 4
    this.configCount = this.#lengths.configStarts / 4 - 1
  }

  /** What `stored` takes out of the file, or, once damage has shown, `replayed` out of the log's own image. */
  either<T>(stored: () => T, replayed: (image: MetadataImageParts) => T): T {
    if (this.#whole === undefined) {
      try {
        return stored()
      } catch (error) {
        if (!(error instanceof BadStoredImage)) throw error
        this.#whole = this.#replay()
      }
    }
    return replayed(this.#whole)
  }

  /** All lines of a section of names. */
  lines(section: Section): string[] {
    const text = this.text(section, 0, this.#lengths[section])
    const lines = text.split('\n')
    lines.pop()
    return lines
  }

  text(section: Section, start: number, end: number): string {
    const from = this.#check(section, start, end)
    return this.#bytes.toString('latin1', from, from + end - start)
  }

  json(section: 'shapes' | 'configs', index: number): unknown {
    const [start, end] = this.range(`${section.slice(0, -1)}Starts` as Section, index)
    const from = this.#check(section, start, end)
    return JSON.parse(this.#bytes.toString('utf8', from, from + end - start))
  }

  uint32(section: Section, index: number): number {
    return readUInt32LE(this.#bytes, this.#check(section, index * 4, index * 4 + 4))
  }

  /** From one entry of a section of beginnings to the next. */
  range(section: Section, index: number): [number, number] {
    return [this.uint32(section, index), this.uint32(section, index + 1)]
  }

  /** The place of a name among sorted lines, -1 when it is not there. */
  find(names: 'names' | 'configNames', name: string): number {
    const starts = names === 'names' ? 'nameStarts' : 'configNameStarts'
    let low = 0
    let high = names === 'names' ? this.topicCount : this.configCount
    while (low < high) {
      const middle = (low + high) >>> 1
      const [start, end] = this.range(starts, middle)
      const found = this.text(names, start, end - 1)
      if (found === name) return middle
      if (found < name) low = middle + 1
      else high = middle
    }
    return -1
  }

  findId(id: string): number {
    let low = 0
    let high = this.topicCount
    while (low < high) {
      const middle = (low + high) >>> 1
      const topic = this.uint32('byId', middle)
      const found = this.text('ids', topic * 22, topic * 22 + 22)
      if (found === id) return topic
      if (found < id) low = middle + 1
      else high = middle
    }
    return -1
  }

  partitionsOf(topic: number): PartitionImage[] {
    const [start, end] = this.range('partitionStarts', topic)
    return Array.from({ length: end - start }, (_, partition) => {
      const number = this.uint32('partitions', start + partition)
      let shape = this.#shapes.get(number)
      if (shape === undefined) {
        shape = this.json('shapes', number) as unknown[]
        this.#shapes.set(number, shape)
      }
      return partitionOfShape(partition, shape)
    })
  }

  /** Place in the file of bytes whose checksums are right. */
  #check(section: Section, start: number, end: number): number {
    const from = this.#starts[section] + start
    if (end > this.#lengths[section]) throw new BadStoredImage(section)
    const first = Math.floor((from - this.#body) / CHECKED_BLOCK)
    const last = Math.floor((from + Math.max(0, end - start - 1) - this.#body) / CHECKED_BLOCK)
    for (let block = first; block <= last; block++) {
      if (this.#checked[block] === 1) continue
      const at = this.#body + block * CHECKED_BLOCK
      const crc = crc32c(this.#bytes, at, Math.min(at + CHECKED_BLOCK, this.#bytes.length))
      if (crc !== readUInt32LE(this.#bytes, this.#crcs + block * 4)) throw new BadStoredImage(section)
      this.#checked[block] = 1
    }
    return from
  }
}

/** All of a partition but its number. */
export function shapeOf(partition: PartitionImage): readonly unknown[] {
  const { leader, leaderEpoch, partitionEpoch, leaderRecoveryState, replicas, isr } = partition
  const { removingReplicas, addingReplicas, elr, lastKnownElr, directories } = partition
  return [
    leader,
    leaderEpoch,
    partitionEpoch,
    leaderRecoveryState,
    replicas,
    isr,
    removingReplicas,
    addingReplicas,
    elr,
    lastKnownElr,
    directories,
  ]
}

function partitionOfShape(partition: number, shape: readonly unknown[]): PartitionImage {
  return {
    partition,
    leader: shape[0] as number,
    leaderEpoch: shape[1] as number,
    partitionEpoch: shape[2] as number,
    leaderRecoveryState: shape[3] as number,
    replicas: shape[4] as number[],
    isr: shape[5] as number[],
    removingReplicas: shape[6] as number[],
    addingReplicas: shape[7] as number[],
    elr: shape[8] as number[],
    lastKnownElr: shape[9] as number[],
    directories: shape[10] as string[],
  }
}

/** 100,000 topics take 10 MB. What is larger is none of ours, and nobody needs it. */
const MAX_IMAGE_SIZE = 256 << 20

function readFile(fs: FileSystem, path: string): Buffer | undefined {
  let fd: number
  try {
    fd = fs.open(path, 'r')
  } catch {
    return undefined
  }
  try {
    const { size } = fs.fstat(fd)
    if (size > MAX_IMAGE_SIZE) return undefined
    const bytes = Buffer.allocUnsafe(size)
    return readFully(fs, fd, bytes, 0, bytes.length, 0) === bytes.length ? bytes : undefined
  } catch {
    return undefined
  } finally {
    fs.close(fd)
  }
}

/** Undefined for what is damaged, shorter than it says, or of another version. */
function readHead(bytes: Buffer): StoredHead | undefined {
  if (bytes.length < 16 || bytes.toString('latin1', 0, 7) !== STORED_IMAGE_MAGIC) return undefined
  if (bytes[7] !== STORED_IMAGE_VERSION) return undefined
  const end = 16 + readUInt32LE(bytes, 8)
  if (end > bytes.length || crc32c(bytes, 16, end) !== readUInt32LE(bytes, 12)) return undefined
  const head = JSON.parse(bytes.toString('utf8', 16, end)) as StoredHead
  const [crcs, body] = bodyOf(bytes, head)
  const whole = body + sum(head.lengths) === bytes.length && crc32c(bytes, crcs, body) === head.check
  return whole ? head : undefined
}

/** Where the CRCs and where the body begin. */
function bodyOf(bytes: Buffer, head: StoredHead): [number, number] {
  const crcs = 16 + readUInt32LE(bytes, 8)
  return [crcs, crcs + Math.ceil(sum(head.lengths) / CHECKED_BLOCK) * 4]
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

function fits(fs: FileSystem, folder: string, files: MetadataLogFiles, place: StoredPlace): boolean {
  // One that a broker made later: it may have dropped what this one stands on.
  if (files.checkpoints.some(({ endOffset }) => endOffset > place.endOffset)) return false
  if (place.lastBatchPosition < 0) {
    const checkpoint = files.checkpoints.find(
      ({ endOffset, epoch }) => endOffset === place.endOffset && epoch === place.epoch,
    )
    return checkpoint !== undefined && fs.stat(`${folder}/${checkpoint.name}`)?.size === place.checkpointSize
  }
  if (!files.segments.includes(place.baseOffset)) return false
  let fd: number
  try {
    fd = fs.open(`${folder}/${segmentFileName(place.baseOffset)}`, 'r')
  } catch {
    return false
  }
  try {
    const header = Buffer.alloc(RECORD_BATCH_OVERHEAD)
    if (readFully(fs, fd, header, 0, header.length, place.lastBatchPosition) < header.length) return false
    const batch = new RecordBatch(header, 0)
    return (
      batch.magic === 2 &&
      batch.crc === place.lastBatchCrc &&
      batch.sizeInBytes === place.position - place.lastBatchPosition &&
      fs.fstat(fd).size >= place.position &&
      batch.nextOffset === place.endOffset &&
      batch.partitionLeaderEpoch === place.epoch
    )
  } catch {
    return false
  } finally {
    fs.close(fd)
  }
}
