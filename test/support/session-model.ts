import { mkdtempSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CheckedDirectory, SessionWork } from '../../src/local/directory/log-dir-session.ts'

/**
 * A directory of model partitions: `NAME.dirty` stands for a partition that was written to and not closed since.
 * A log is not needed to see whether the session keeps its promises.
 */
export const EPOCH = 42

export class ModelWork implements SessionWork {
  readonly dir: string
  checkedWhole = 0
  closedByUs: string[] = []
  epoch = EPOCH

  constructor(dir: string) {
    this.dir = dir
  }

  async prepare(): Promise<void> {}
  finish(): void {}

  brokerEpoch(): number {
    return this.epoch
  }

  async checkWhole(): Promise<CheckedDirectory> {
    this.checkedWhole++
    for (const name of dirty(this.dir)) unlinkSync(join(this.dir, `${name}.dirty`))
    return { damaged: [...this.damaged], unclosed: [] }
  }

  /** Partitions that a check of the whole directory finds damaged, until they are repaired. */
  damaged = new Set<string>()

  isDamaged(name: string): boolean {
    return this.damaged.has(name)
  }

  closePartition(name: string): boolean {
    this.closedByUs.push(name)
    rmSync(join(this.dir, `${name}.dirty`), { force: true })
    return true
  }

  closed(): void {}
  left(): void {}
}

export function makeModelDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tkafka-session-'))
  writeFileSync(join(dir, '.kafka_cleanshutdown'), `{"version":0,"brokerEpoch":${EPOCH}}`)
  return dir
}

export function touch(dir: string, name: string): void {
  writeFileSync(join(dir, `${name}.dirty`), '')
}

export function dirty(dir: string): string[] {
  return readdirSync(dir)
    .filter((f) => f.endsWith('.dirty'))
    .map((f) => f.slice(0, -'.dirty'.length))
}

export function marker(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, '.kafka_cleanshutdown'), 'utf8')
  } catch {
    return undefined
  }
}

export const RIGHT_MARKER = `{"version":0,"brokerEpoch":${EPOCH}}`
