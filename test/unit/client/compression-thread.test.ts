import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCompressionThread } from '../../../src/client/compression-thread.ts'
import { BatchWriter } from '../../../src/record/batch-writer.ts'
import {
  compress,
  decompress,
  lendZstdContext,
  takeZstdContextBack,
} from '../../../src/record/compression/compression.ts'
import {
  type CompressionHelper,
  CompressionQueue,
} from '../../../src/record/compression/compression-queue.ts'
import type { Codec } from '../../../src/record/record.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import { recordOf } from '../../../src/record/record-slices.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
let folder: string
let worker: string

beforeAll(async () => {
  // Where native packages are found from.
  fs.mkdirSync(`${root}node_modules/.cache`, { recursive: true })
  folder = fs.mkdtempSync(`${root}node_modules/.cache/tkafka-worker-`)
  worker = path.join(folder, 'worker.cjs')
  await build({
    absWorkingDir: root,
    entryPoints: ['src/client/compression-worker.ts'],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['snappy', 'lz4-napi', '@cloudpss/zstd'],
    define: { 'import.meta.url': '__filename' },
    outfile: worker,
    logLevel: 'warning',
  })
})

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

/** Lines in batches, over two partitions, with the thread from the second batch on; the values that come out. */
async function produce(codec: Codec, helper: CompressionHelper | undefined) {
  const queue = new CompressionQueue(() => Promise.resolve(helper), 1)
  const numbers = { producerId: 1, producerEpoch: 0, baseSequence: 0 }
  const writers = [0, 1].map(
    () => new BatchWriter({ codec, compression: queue, batchSize: 4000, ...numbers }),
  )
  const lines = Array.from({ length: 3000 }, (_, i) => `${i}:${(i * 7919) % 1000}:${'ab'.repeat(i % 300)}`)
  for (const [i, line] of lines.entries()) {
    writers[i % 2].appendSlices(recordOf(9, null, Buffer.from(line)))
    if (i % 100 === 0) await new Promise(setImmediate)
  }
  for (const writer of writers) writer.endBatch()
  const values = writers.map((writer) => {
    writer.closeBatch()
    const found: string[] = []
    for (let at = 0; at < writer.end; ) {
      const batch = new RecordBatch(writer.buffer, at, writer.end)
      expect([batch.baseSequence, batch.baseOffset]).toEqual([found.length, found.length])
      for (const record of batch.records()) found.push((record.value as Buffer).toString())
      at += batch.sizeInBytes
    }
    return found
  })
  queue.end()
  expect(values).toEqual([0, 1].map((n) => lines.filter((_, i) => i % 2 === n)))
}

describe.skipIf(os.availableParallelism() < 2)('the thread that compresses', () => {
  it.each(['gzip', 'lz4', 'zstd'] as const)(
    'compresses batches with %s beside the producer',
    async (codec) => {
      const helper = (await startCompressionThread(100_000, worker)) as CompressionHelper
      const put = helper.slots.put.bind(helper.slots)
      let jobs = 0
      helper.slots.put = (...args) => {
        jobs++
        put(...args)
      }
      await produce(codec, helper)
      expect(jobs).toBeGreaterThan(3)
    },
  )

  it('cannot be had from a file that is not there, or that fails or ends at once', async () => {
    const failing = path.join(folder, 'failing.cjs')
    const silent = path.join(folder, 'silent.cjs')
    fs.writeFileSync(failing, "throw new Error('no codec here')")
    fs.writeFileSync(silent, '')
    for (const file of [path.join(folder, 'absent.cjs'), failing, silent]) {
      expect(await startCompressionThread(1000, file)).toBeUndefined()
    }
    await produce('lz4', undefined)
  })

  it('loses nothing when it dies', async () => {
    const dying = path.join(folder, 'dying.cjs')
    // It takes the first job and is gone; then it ends by itself.
    fs.writeFileSync(
      dying,
      `const { parentPort, workerData: { slots } } = require('node:worker_threads')
       const ints = new Int32Array(slots.memory)
       parentPort.postMessage(0)
       Atomics.wait(ints, 0, 0)
       process.exit(1)`,
    )
    const helper = (await startCompressionThread(100_000, dying)) as CompressionHelper
    await produce('gzip', helper)
    while (!helper.gone) await new Promise(setImmediate)
  })

  it.skipIf(os.availableParallelism() > 4)('is one for each core that is left', async () => {
    const threads: CompressionHelper[] = []
    for (let i = 1; i < os.availableParallelism(); i++) {
      threads.push((await startCompressionThread(1000, worker)) as CompressionHelper)
    }
    expect(threads).not.toContain(undefined)
    expect(await startCompressionThread(1000, worker)).toBeUndefined()
    for (const thread of threads) thread.end()
  })

  it('has zstd’s context while it runs, which the main thread does without', async () => {
    const bytes = Buffer.from('a line that comes again and again, '.repeat(1000))
    const helper = (await startCompressionThread(1000, worker)) as CompressionHelper
    expect(lendZstdContext()).toBe(false)
    for (const level of [1, 3, 3]) expect(decompress('zstd', compress('zstd', bytes, level))).toEqual(bytes)
    helper.end()
    expect(lendZstdContext()).toBe(true)
    takeZstdContextBack()
  })
})
