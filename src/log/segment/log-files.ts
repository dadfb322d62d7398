/** Names of the files and folders of a partition's log, as Kafka gives them. */
import { join } from 'node:path'

export const LOG_SUFFIX = '.log'
export const INDEX_SUFFIX = '.index'
export const TIME_INDEX_SUFFIX = '.timeindex'
export const TXN_INDEX_SUFFIX = '.txnindex'
export const SNAPSHOT_SUFFIX = '.snapshot'
export const DELETED_SUFFIX = '.deleted'
export const CLEANED_SUFFIX = '.cleaned'
export const SWAP_SUFFIX = '.swap'
/** Ours: bytes set aside by a repair. */
export const BROKEN_SUFFIX = '.broken'

/** Ours: held while a partition is written. */
export const PARTITION_LOCK_FILE = '.tkafka-lock'
/** Ours: held by a cleaner while its `.cleaned` files are in the making, so that nobody takes them for leftovers. */
export const CLEANER_LOCK_FILE = '.tkafka-cleaner-lock'

/** Ours: which old segments go with the swap that is under way (segment-files.ts). */
export const SWAP_LIST_FILE = '.tkafka-swapping'

export type SegmentFileKind = 'log' | 'index' | 'timeindex' | 'txnindex' | 'snapshot'

export interface SegmentFileName {
  readonly baseOffset: number
  readonly kind: SegmentFileKind
  readonly state: 'live' | 'deleted' | 'cleaned' | 'swap'
}

const SEGMENT_FILE = /^(\d{20})\.(log|index|timeindex|txnindex|snapshot)(?:\.(deleted|cleaned|swap))?$/

export function offsetName(offset: number): string {
  return String(offset).padStart(20, '0')
}

export function logFile(dir: string, baseOffset: number): string {
  return join(dir, offsetName(baseOffset) + LOG_SUFFIX)
}

/** undefined for anything that is no file of a segment. */
export function parseSegmentFileName(name: string): SegmentFileName | undefined {
  const match = SEGMENT_FILE.exec(name)
  if (match === null) return undefined
  const baseOffset = Number(match[1])
  if (!Number.isSafeInteger(baseOffset)) return undefined
  return {
    baseOffset,
    kind: match[2] as SegmentFileKind,
    state: (match[3] ?? 'live') as SegmentFileName['state'],
  }
}

export interface PartitionDirName {
  readonly topic: string
  readonly partition: number
  /** delete: on its way out; stray: set aside by a broker; future: being moved. Only `live` is to be read. */
  readonly state: 'live' | 'delete' | 'stray' | 'future'
}

const MARKED_DIR = /^(.+)-(\d+)\.([0-9a-f]{32})-(delete|stray|future)$/

/**
 * Takes `topic-3` apart at its last dash; suffixes are looked for first, since a topic's name may hold dots and
 * dashes and even look like one of them (KAFKA-5232). undefined when the name is no partition's.
 */
export function parsePartitionDirName(name: string): PartitionDirName | undefined {
  const marked = MARKED_DIR.exec(name)
  if (marked !== null) {
    return {
      topic: marked[1],
      partition: Number(marked[2]),
      state: marked[4] as PartitionDirName['state'],
    }
  }
  const dash = name.lastIndexOf('-')
  if (dash <= 0 || !/^\d+$/.test(name.slice(dash + 1))) return undefined
  return { topic: name.slice(0, dash), partition: Number(name.slice(dash + 1)), state: 'live' }
}

/**
 * Whether a broker starts where there is such a folder: it takes every folder for a partition's and refuses all others
 * ("Found directory lost+found ..."), plain files it passes over. LocalLog.parseTopicPartitionName of Kafka 4.4.
 */
export function brokerTakesFolder(name: string): boolean {
  if (name === REMOTE_INDEX_CACHE) return true
  const marked = /-(?:delete|future|stray)$/.test(name)
  if (marked && !/^\S+-\S+\.\S+-[a-z]+$/.test(name)) return false
  const plain = marked ? name.slice(0, name.lastIndexOf('.')) : name
  const dash = plain.lastIndexOf('-')
  const partition = plain.slice(dash + 1)
  if (dash <= 0 || !/^\+?\d+$/.test(partition)) return false
  return Number(partition) < 2 ** 31
}

/** Kept by a broker with tiered storage. */
const REMOTE_INDEX_CACHE = 'remote-log-index-cache'
