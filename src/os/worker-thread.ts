/** Starts a worker thread from a file of dist/, and ends it. */
import type workerThreads from 'node:worker_threads'

/** A thread of this process that runs a file of its own. It does not keep the process alive. */
export interface WorkerThread {
  /** True once it has ended, for whatever reason. */
  readonly gone: boolean
}

// Loaded on first use: it costs milliseconds at start-up.
const threads = (): typeof workerThreads => process.getBuiltinModule('node:worker_threads')

/** Cores that the main thread leaves to others. */
export function spareCores(): number {
  return process.getBuiltinModule('node:os').availableParallelism() - 1
}

/**
 * Starts a CommonJS file on a thread and resolves once it said that it is ready; undefined where it ends before.
 *
 * @param data what its `threadData` returns; shared memory is shared, all else is copied
 * @param heapMb what its objects may take; beyond it the thread alone dies
 */
export async function startThread(
  file: string,
  data: unknown,
  heapMb: number,
): Promise<WorkerThread | undefined> {
  const { SHARE_ENV, Worker } = threads()
  const worker = new Worker(file, {
    workerData: data,
    // The types know it as any symbol.
    env: SHARE_ENV as typeof workerThreads.SHARE_ENV,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 },
  })
  let gone = false
  const ready = new Promise<boolean>((resolve) => {
    const end = () => {
      gone = true
      resolve(false)
    }
    worker.once('message', () => resolve(true))
    worker.once('error', end)
    worker.once('exit', end)
  })
  worker.unref()
  if (!(await ready)) return undefined
  return {
    get gone() {
      return gone
    },
  }
}

/** On the thread: says that it is ready, and returns what it was started with. */
export function threadData(): unknown {
  const { parentPort, workerData } = threads()
  parentPort?.postMessage(0)
  // Else the port would keep the thread alive.
  parentPort?.unref()
  return workerData
}
