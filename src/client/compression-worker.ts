/**
 * What the thread that compresses runs (dist/compression_worker.cjs): what comes into the slots, until there will be
 * no more.
 */
import { threadData } from '../os/worker-thread.ts'
import { compress, lendZstdContext } from '../record/compression/compression.ts'
import { CompressionSlots, type SharedSlots } from '../record/compression/compression-slots.ts'

/** What it is started with. */
export interface CompressionWorkerData {
  readonly slots: SharedSlots
  /** Whether zstd's context is its own. */
  readonly zstdContext: boolean
}

/** Behind so many, or so many bytes of them, the memory of what codecs made is released. */
const JOBS_A_TURN = 48
const BYTES_A_TURN = 4 * 1024 * 1024
/** Of arrays of 8 KB: more than the thread's young generation holds. */
const JUNK = 80

const data = threadData() as CompressionWorkerData
const slots = new CompressionSlots(data.slots)
const junk: unknown[][] = []
let next = 0

if (!data.zstdContext) lendZstdContext()
turn()

function turn(): void {
  collect()
  next = slots.work(next, JOBS_A_TURN, BYTES_A_TURN, compress)
  if (next >= 0) setImmediate(turn)
}

/**
 * What codecs return lies outside of V8's heap, which would let 32 MB of it pile up before it looked for what is no longer
 * used. A full young generation has it look at once, for a tenth of a millisecond; the event loop's next turn does the rest.
 */
function collect(): void {
  for (let i = 0; i < JUNK; i++) junk[0] = new Array(1024)
}
