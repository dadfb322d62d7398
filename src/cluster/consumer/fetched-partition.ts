/** What brokers sent of one partition and nobody has read yet, as the log that a consumer reads. */
import { readInt32 } from '../../bytes/int32.ts'
import { AbortedBatches } from '../../client/consumer/aborted-batches.ts'
import type { PartitionLog, ReadLimits } from '../../client/consumer/partition-log.ts'
import { CorruptRecordError, TerseError } from '../../errors.ts'
import { ZERO_UUID } from '../../message/uuid.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import { LOG_OVERHEAD, MAGIC_POSITION, sizeAt } from '../../record/batch-header.ts'
import type { AbortedTransaction, FetchedData } from '../../record/fetched-data.ts'
import { LegacyBatches } from '../../record/legacy-batches.ts'
import { isLegacyAt } from '../../record/legacy-message.ts'
import { readLegacy } from '../../record/legacy-reader.ts'
import { RecordBatch } from '../../record/record-batch.ts'

/** The batches of one partition in one response: buffer[at, end). */
interface Chunk {
  readonly buffer: Buffer
  at: number
  readonly end: number
  /** Behind the last whole batch. */
  readonly nextOffset: number
  /** Batches before this position were checked. */
  checked: number
  aborted: readonly AbortedTransaction[]
  /** Who sent it. */
  readonly from: string
}

export interface ArrivedBatches {
  readonly records: Buffer | null
  readonly aborted: readonly AbortedTransaction[]
  readonly from: string
}

export class FetchedPartition implements PartitionLog, TopicPartition {
  readonly topic: string
  readonly partition: number
  topicId: string
  /** By the newest metadata; -1: none. */
  leader = -1
  leaderEpoch = -1
  /** A follower that the leader sent us to (client.rack). */
  replica: number | undefined
  logEndOffset = Number.NaN
  lastStableOffset = Number.NaN
  /** Where the next fetch begins; NaN until it is known where to start. */
  fetchOffset = Number.NaN
  /** Leader epoch of the batch before it; -1 when unknown. */
  fetchEpoch = -1
  /** There is another leader, whose log may lack what was read. */
  isUnsure = false
  /** Grows with each change of position: what was asked for before counts no more. */
  turn = 0
  /** Nobody wants what is behind it. */
  stopAt: number | undefined
  /** No more is wanted. */
  over = false
  buffered = 0
  readonly #checkCrcs: boolean
  readonly #onRead: () => void
  readonly #chunks: Chunk[] = []
  /** Offset behind the last batch that was found good. */
  #checkedTo = 0
  /** Thrown behind what is buffered. */
  #failure: Error | undefined
  /** What messages of formats 0 and 1 become. */
  #legacy: LegacyBatches | undefined

  constructor(topic: string, partition: number, topicId: string, checkCrcs: boolean, onRead: () => void) {
    this.topic = topic
    this.partition = partition
    this.topicId = topicId
    this.#checkCrcs = checkCrcs
    this.#onRead = onRead
  }

  /** Whether more may be asked for. */
  get isWanted(): boolean {
    if (this.over || this.#failure !== undefined || Number.isNaN(this.fetchOffset)) return false
    return this.stopAt === undefined || this.fetchOffset < this.stopAt
  }

  /** Whether it is a partition of this topic; before 2.8 topics have no ids. */
  isOf(topicId: string): boolean {
    return topicId === this.topicId || topicId === ZERO_UUID || this.topicId === ZERO_UUID
  }

  /** Metadata of an older epoch come from a broker that is behind. */
  learn({ leader, leaderEpoch }: { readonly leader: number; readonly leaderEpoch: number }): void {
    if (leaderEpoch >= 0 && leaderEpoch < this.leaderEpoch) return
    if (this.leaderEpoch >= 0 && leaderEpoch > this.leaderEpoch) this.isUnsure = true
    this.leader = leader
    this.leaderEpoch = leaderEpoch
  }

  /** Forgets what was fetched, and goes on there; NaN: it is not known yet where. */
  startAt(offset: number, epoch = -1): void {
    this.turn++
    this.#chunks.length = 0
    this.buffered = 0
    this.#failure = undefined
    this.over = false
    this.fetchOffset = offset
    this.fetchEpoch = epoch
  }

  /**
   * The broker's answer to a fetch at `fetchOffset`. Returns false where nothing was in it.
   * @throws TerseError, CorruptRecordError for what would come again and again, and lead nowhere
   */
  arrived({ records, aborted, from }: ArrivedBatches): boolean {
    if (records === null || records.length === 0) return false
    let end = 0
    let nextOffset = this.fetchOffset
    for (let next = wholeBatchEnd(records, 0); next > 0; next = wholeBatchEnd(records, end)) {
      nextOffset = nextOffsetAt(records, end)
      this.fetchEpoch = isLegacyAt(records, end) ? -1 : new RecordBatch(records, end).partitionLeaderEpoch
      end = next
    }
    if (end === 0) {
      // As a broker gives at least one whole batch, however large.
      const where = `${this.topic}-${this.partition}=${this.fetchOffset}`
      throw new TerseError(
        `Failed to make progress reading messages at ${where}. Received a non-empty fetch response from the server, but no complete records were found.`,
      )
    }
    if (nextOffset <= this.fetchOffset) {
      const detail = `its last offset is ${nextOffset - 1} where records from ${this.fetchOffset} on were asked for`
      throw new CorruptRecordError(detail, 0, from)
    }
    this.fetchOffset = nextOffset
    this.buffered += end
    this.#chunks.push({ buffer: records, at: 0, end, nextOffset, checked: 0, aborted, from })
    return true
  }

  /** To be thrown behind what is buffered. */
  failed(error: Error): void {
    this.#failure ??= error
  }

  refresh(): void {}

  read(offset: number, maxBytes: number, { into }: ReadLimits): FetchedData | undefined {
    let chunk = this.#chunks[0]
    while (chunk !== undefined && chunk.nextOffset <= offset) {
      this.#drop(chunk)
      chunk = this.#chunks[0]
    }
    if (chunk === undefined) {
      const failure = this.#failure
      this.#failure = undefined
      if (failure !== undefined) throw failure
      return undefined
    }
    this.#skip(chunk, offset)
    if (isLegacyAt(chunk.buffer, chunk.at)) return this.#readLegacy(chunk, offset, maxBytes, into)
    // In pieces that fit into the memory of who takes them: what was checked is in the processor's cache when it is shown.
    const end = this.#check(chunk, chunk.at + Math.min(maxBytes, into?.length ?? maxBytes))
    const { buffer, at, aborted, from } = chunk
    // A damaged batch behind them does not say where they end.
    const nextOffset = end === chunk.end ? chunk.nextOffset : this.#checkedTo
    return { buffer, start: at, end, file: from, position: at, storedSize: end - at, nextOffset, aborted }
  }

  /** A batch whose header says where it ends is stepped over whole. */
  skipCorrupt(offset: number): number {
    const chunk = this.#chunks[0]
    if (chunk === undefined) {
      this.fetchOffset = Math.max(this.fetchOffset, offset + 1)
      return offset + 1
    }
    const nextOffset = nextOffsetAt(chunk.buffer, chunk.at)
    chunk.at += sizeAt(chunk.buffer, chunk.at)
    chunk.checked = chunk.at
    if (chunk.at >= chunk.end) this.#drop(chunk)
    return Math.max(offset + 1, nextOffset)
  }

  #drop(chunk: Chunk): void {
    this.#chunks.shift()
    this.buffered -= chunk.end
    this.#onRead()
  }

  /** Messages of formats 0 and 1, up to the first batch behind them. @throws CorruptRecordError */
  #readLegacy(chunk: Chunk, offset: number, maxBytes: number, into: Buffer | undefined): FetchedData {
    const { buffer, at, end, from, aborted } = chunk
    this.#legacy ??= new LegacyBatches()
    const batches = this.#legacy
    batches.begin(into)
    const most = Math.min(maxBytes, into?.length ?? maxBytes)
    const length = Math.min(end - at, Math.max(most, sizeAt(buffer, at)))
    const run = readLegacy(
      {
        buffer: buffer.subarray(at, at + length),
        length,
        position: at,
        end,
        baseOffset: 0,
        nextBase: Number.POSITIVE_INFINITY,
      },
      {
        offset,
        limit: undefined,
        checkCrcs: this.#checkCrcs,
        hasNoGaps: () => false,
        behindGap: () => undefined,
      },
      batches,
    )
    if (run.problem !== undefined) throw new CorruptRecordError(run.problem, at, from)
    const { storedSize, nextOffset } = run
    return {
      buffer: batches.buffer,
      start: 0,
      end: batches.end,
      file: from,
      position: at,
      storedSize,
      nextOffset: Math.max(offset, nextOffset),
      aborted,
    }
  }

  /** Over batches that were read before. Whether a transaction in them was ended counts for those behind. */
  #skip(chunk: Chunk, offset: number): void {
    const { buffer, end } = chunk
    const aborted = chunk.aborted.length === 0 ? undefined : new AbortedBatches(chunk.aborted)
    while (chunk.at < end && nextOffsetAt(buffer, chunk.at) <= offset) {
      if (!isLegacyAt(buffer, chunk.at)) aborted?.hides(new RecordBatch(buffer, chunk.at, end))
      chunk.at += sizeAt(buffer, chunk.at)
    }
    if (aborted !== undefined) chunk.aborted = aborted.rest()
  }

  /** Returns the end of the batches that are good and end before `limit`, the first one in any case. @throws CorruptRecordError */
  #check(chunk: Chunk, limit: number): number {
    const { buffer, end } = chunk
    let { at } = chunk
    while (at < end) {
      const batch = new RecordBatch(buffer, at, end)
      if (at > chunk.at && (batch.end > limit || isLegacyAt(buffer, at))) break
      if (this.#checkCrcs && at >= chunk.checked) {
        try {
          batch.ensureValid()
        } catch (error) {
          if (at > chunk.at || !(error instanceof CorruptRecordError)) break
          throw error.inFile(chunk.from, 0)
        }
      }
      at = batch.end
      this.#checkedTo = batch.nextOffset
      chunk.checked = Math.max(chunk.checked, at)
    }
    return at
  }
}

/** Of what follows the batch or message at `at`. */
function nextOffsetAt(buffer: Buffer, at: number): number {
  const batch = new RecordBatch(buffer, at)
  return isLegacyAt(buffer, at) ? batch.baseOffset + 1 : batch.nextOffset
}

/** Behind the batch or message at `at`; 0 when it is not whole. */
function wholeBatchEnd(records: Buffer, at: number): number {
  if (records.length - at <= Math.max(LOG_OVERHEAD, MAGIC_POSITION)) return 0
  const size = readInt32(records, at + LOG_OVERHEAD - 4)
  const end = at + LOG_OVERHEAD + size
  return size < 14 || end > records.length ? 0 : end
}
