/**
 * A second thread that compresses for a producer (compression-worker.ts), and how it ends: never in the midst of native code.
 */
import { createRequire } from 'node:module'
import { spareCores, startThread } from '../os/worker-thread.ts'
import { lendZstdContext, takeZstdContextBack } from '../record/compression/compression.ts'
import type { CompressionHelper } from '../record/compression/compression-queue.ts'
import { CompressionSlots } from '../record/compression/compression-slots.ts'
import type { CompressionWorkerData } from './compression-worker.ts'

/** dist/ from the launcher, a bundle, a bundle in a folder of dist/, and the source. */
const PLACES = ['../dist/', './', '../', '../../dist/'].map((folder) => `${folder}compression_worker.cjs`)
/** Batches on their way: enough that neither thread waits while the other one is held up. */
const SLOTS = 4
/** Of batches larger than this there are half as many. */
const LARGE = 1024 * 1024
/** What it is at when the process ends gets so long. */
const SETTLE_MS = 1000
/** The thread's own objects are few; what codecs return is not counted. */
const HEAP_MB = 32

/** What ends the threads that run. */
const running = new Set<(ms: number) => void>()

/**
 * Starts a second thread that compresses; undefined where no core is left for it, or no thread to be had.
 *
 * @param plainCapacity bytes of the largest batch that it is given
 */
export async function startCompressionThread(
  plainCapacity: number,
  file = workerFile(),
): Promise<CompressionHelper | undefined> {
  if (file === undefined || running.size >= spareCores()) return undefined
  const slots = CompressionSlots.create(plainCapacity > LARGE ? SLOTS / 2 : SLOTS, plainCapacity)
  const zstdContext = lendZstdContext()
  const end = (ms: number) => {
    if (!running.delete(end)) return
    if (running.size === 0) process.removeListener('exit', settleAll)
    if (slots.end(ms) && zstdContext) takeZstdContextBack()
  }
  if (running.size === 0) process.once('exit', settleAll)
  running.add(end)
  const data: CompressionWorkerData = { slots: slots.shared, zstdContext }
  const thread = await startThread(file, data, HEAP_MB).catch(() => undefined)
  if (thread === undefined) {
    end(0)
    return undefined
  }
  return {
    slots,
    get gone() {
      return thread.gone
    },
    end: () => end(0),
  }
}

/** Ended in the midst of a job, native code would take the whole process down with a message of its own. */
function settleAll(): void {
  for (const end of running) end(SETTLE_MS)
}

function workerFile(): string | undefined {
  const require = createRequire(import.meta.url)
  for (const place of PLACES) {
    try {
      return require.resolve(place)
    } catch {}
  }
  return undefined
}
