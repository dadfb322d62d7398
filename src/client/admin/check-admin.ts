/**
 * Checking and mending what is stored, for `tkafka check` and `tkafka repair`: only a data directory has it, a cluster
 * keeps its files to itself.
 */

/** Something that is not as it should be. */
export interface Finding {
  /** error: records, settings or offsets are lost, hidden or at risk. note: harmless, but told. */
  readonly severity: 'error' | 'note'
  /** Its kind, for programs: `bad-batch`, `torn-tail`, `bad-index`, ... */
  readonly kind: string
  /** null where it is no partition's. */
  readonly topic: string | null
  readonly partition: number | null
  /** Path of the file, or of the folder. */
  readonly file: string
  /** Byte position in the file; null where it is about the file as a whole. */
  readonly position: number | null
  readonly problem: string
  /** What follows from it for who reads, writes or starts a broker. */
  readonly meaning: string
  /** The command that mends it, or what a person can do. */
  readonly mend: string
}

/** What was looked at. */
export interface CheckSummary {
  readonly topics: number
  readonly partitions: number
  readonly files: number
  readonly bytes: number
  readonly batches: number
  readonly records: number
  readonly errors: number
  readonly notes: number
}

export interface CheckOptions {
  /** Only these topics; then nothing is looked at but their partitions. */
  readonly topics?: (name: string) => boolean
  /** What `topics` was made of, in the words of who asked. */
  readonly asked?: string
  readonly found: (finding: Finding) => void
  /** Called now and then: what is being looked at, bytes read and to be read. */
  readonly progress?: (what: string, done: number, total: number) => void
}

/** Something that a repair did, or would do. */
export interface RepairStep {
  /** cut, filled, given-up, rebuilt, set-aside, written, removed-mark. */
  readonly action: string
  readonly topic: string | null
  readonly partition: number | null
  readonly file: string
  readonly position: number | null
  readonly what: string
  /** Where the bytes are that were taken out; null where none were. */
  readonly kept: string | null
}

export interface RepairOptions {
  readonly topics?: (name: string) => boolean
  readonly asked?: string
  /** Tells what would be done, and changes nothing. */
  readonly dryRun: boolean
  readonly done: (step: RepairStep) => void
  /** What is wrong and cannot be mended here. */
  readonly left: (finding: Finding) => void
  readonly progress?: (what: string, done: number, total: number) => void
}

export interface CheckAdmin {
  /** Reads only: every batch, index, checkpoint, metadata record and group record. */
  check(options: CheckOptions): Promise<CheckSummary>
  /** Mends what `check` finds. Bytes that are taken out are kept in files that end in `.broken`. */
  repair(options: RepairOptions): Promise<void>
}
