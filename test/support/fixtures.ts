import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { keepDates, ownClock } from './test-clock.ts'

/** Log directories that genuine Kafka wrote, and what its own clients found in them (test/golden/fixtures/README.md). */
const fixturesDir = fileURLToPath(new URL('../golden/fixtures/', import.meta.url))

export interface FixtureRecord {
  readonly offset: number
  readonly timestamp: number
  readonly timestamp_type: string
  readonly key?: string | null
  readonly key_sha256?: string
  readonly key_length?: number
  readonly value?: string | null
  readonly value_sha256?: string
  readonly value_length?: number
  readonly headers?: readonly (readonly [string, string | null])[]
  readonly leader_epoch: number
}

export interface FixturePartition {
  readonly partition: number
  readonly log_start_offset: number
  readonly high_watermark: number
  readonly last_stable_offset: number
  readonly open_transactions?: unknown
  /** read_uncommitted; absent for internal topics. */
  readonly records?: readonly FixtureRecord[]
  /** Offsets that come back under read_committed, as ranges. */
  readonly read_committed?: unknown
  readonly segments?: readonly { readonly base_offset: number; readonly [file: string]: number | undefined }[]
  readonly read_error?: unknown
}

export interface FixtureTopic {
  readonly id: string
  readonly internal: boolean
  readonly partition_count: number
  readonly configs: Readonly<Record<string, string>>
  readonly partitions: readonly FixturePartition[]
}

export interface FixtureManifest {
  readonly fixture: string
  readonly shows: string
  readonly written_by: string
  readonly broker_properties: unknown
  readonly clean_shutdown: boolean
  readonly by_hand?: unknown
  readonly judge: string
  /** Where present, everything below is the state after a genuine broker's recovery. */
  readonly judge_recover?: string
  readonly cluster_id: string
  readonly node_id: number
  readonly features?: unknown
  readonly topics: Readonly<Record<string, FixtureTopic>>
  readonly groups?: Readonly<Record<string, unknown>>
  readonly configs?: Readonly<Record<string, unknown>>
  readonly quotas?: unknown
  readonly acls?: unknown
  readonly transactions?: unknown
  readonly scram?: unknown
}

export interface Fixture {
  /** The unpacked log directory, in a temp folder of its own. */
  readonly dir: string
  readonly manifest: FixtureManifest
  remove(): void
}

/** Names of all fixtures. */
export function fixtureNames(): string[] {
  return fs
    .readdirSync(fixturesDir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

export function fixtureManifest(name: string): FixtureManifest {
  return JSON.parse(fs.readFileSync(path.join(fixturesDir, name, 'manifest.json'), 'utf8'))
}

/** When all of them had been written. */
export const FIXTURES_WRITTEN = '2026-11-22'

/** Unpacks a fixture into a new temp folder, with the dates of its files as `clock` says them; call `remove` afterwards. */
export function unpackFixture(name: string, clock = ownClock()): Fixture {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), `tkafka-fixture-${name}-`))
  execFileSync('tar', ['-C', dir, '-xzf', path.join(fixturesDir, name, 'data.tar.gz')])
  keepDates(dir, clock)
  return {
    dir,
    manifest: fixtureManifest(name),
    remove: () => fs.rmSync(dir, { recursive: true, force: true }),
  }
}

/** Bytes as the manifest writes them, under `name`: base64 or null, and above 200 bytes their hash and length. */
export function manifestBytes(
  name: 'key' | 'value',
  bytes: Buffer | null,
): Record<string, string | number | null> {
  if (bytes === null) return { [name]: null }
  if (bytes.length <= 200) return { [name]: bytes.toString('base64') }
  return {
    [`${name}_sha256`]: createHash('sha256').update(bytes).digest('hex'),
    [`${name}_length`]: bytes.length,
  }
}
