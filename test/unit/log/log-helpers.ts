import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { LogConfig } from '../../../src/log/log-config.ts'
import { DEFAULT_LOG_CONFIG } from '../../../src/log/log-config.ts'
import { UnifiedLog } from '../../../src/log/unified-log.ts'
import type { UnifiedLogOptions } from '../../../src/log/unified-log-options.ts'
import type { Os } from '../../../src/os/os.ts'
import { systemOs } from '../../../src/os/system-os.ts'
import { RecordBatch } from '../../../src/record/record-batch.ts'
import type { RecordBatchOptions } from '../../../src/record/record-batch-builder.ts'
import { RecordBatchBuilder } from '../../../src/record/record-batch-builder.ts'

/** A new folder under the system's, removed when the file's tests are done. */
export function temporaryDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-log-'))
  directories.push(dir)
  return dir
}

const directories: string[] = []
afterAll(() => {
  for (const log of opened) log.close()
  for (const dir of directories) rmSync(dir, { recursive: true, force: true })
})

export const TOPIC_ID = 'J6Cn6pRbT7uJxQ2P5kzgWw'
const opened: UnifiedLog[] = []

export interface TestLogOptions extends Partial<UnifiedLogOptions> {
  readonly os?: Os
  readonly changes?: Partial<LogConfig>
}

/** A log `t-0` in `logDir`. */
export function openLog(logDir: string, options: TestLogOptions = {}): UnifiedLog {
  const { os, changes, ...rest } = options
  const log = UnifiedLog.open(os ?? systemOs, join(logDir, 't-0'), {
    topic: 't',
    partition: 0,
    config: { ...DEFAULT_LOG_CONFIG, ...changes },
    leaderEpoch: 0,
    readOnly: false,
    topicId: TOPIC_ID,
    ...rest,
  })
  opened.push(log)
  return log
}

export interface TestRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly timestamp?: number
}

/** One batch of records; timestamps default to 1000. */
export function batchOf(records: readonly (TestRecord | string)[], options: RecordBatchOptions = {}): Buffer {
  const builder = new RecordBatchBuilder(options)
  for (const record of records) {
    const {
      key = null,
      value = null,
      timestamp = 1000,
    } = typeof record === 'string' ? { value: record } : record
    builder.append(
      timestamp,
      key === null ? null : Buffer.from(key),
      value === null ? null : Buffer.from(value),
    )
  }
  return builder.build()
}

export function appendUnderLock(log: UnifiedLog, ...batches: Buffer[]) {
  log.lockSync()
  try {
    const bytes = Buffer.concat(batches)
    return log.append(bytes, 0, bytes.length)
  } finally {
    log.unlock()
  }
}

/** offset:value of every record from `offset` to the end. */
export function readAll(
  log: UnifiedLog,
  offset = log.logStartOffset,
  isolation: 'read_uncommitted' | 'read_committed' = 'read_uncommitted',
  maxBytes = 1024 * 1024,
): string[] {
  const lines: string[] = []
  let next = offset
  for (;;) {
    const { buffer, start, end, nextOffset } = log.read(next, maxBytes, { isolation })
    if (start === end) return lines
    for (let at = start; at < end; ) {
      const batch = new RecordBatch(buffer, at, end)
      for (const record of batch.records()) {
        if (record.offset >= next && !batch.isControl) lines.push(`${record.offset}:${record.value}`)
      }
      at = batch.end
    }
    next = nextOffset
  }
}
