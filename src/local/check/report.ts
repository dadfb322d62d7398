/** Where the parts of a check put what they find, and what they counted. */
import type { CheckOptions, CheckSummary, Finding } from '../../client/admin/check-admin.ts'
import type { DataDirKind } from '../directory/data-dir.ts'

export interface Place {
  readonly topic: string | null
  readonly partition: number | null
}

export const NO_PARTITION: Place = { topic: null, partition: null }

export class CheckReport {
  topics = 0
  partitions = 0
  files = 0
  bytes = 0
  batches = 0
  records = 0
  findings: Finding[] = []
  /** In place of a command that cannot write here, what can be done. */
  #instead: string | undefined

  /** Nothing is written to directories of this kind, so what mends them is no command of tkafka. */
  mendElsewhere(kind: DataDirKind['kind']): void {
    if (kind === 'zookeeper')
      this.#instead =
        'bring it back from a copy; a broker of its own Kafka recovers what it can (tkafka only reads here)'
    else if (kind === 'nameless' || kind === 'without-metadata')
      this.#instead =
        'first what keeps tkafka from writing here (any command that writes names it), then tkafka repair'
  }

  /** What was found after `from` findings, handed over in order. */
  tell(options: CheckOptions, from: number): void {
    for (const finding of this.findings.slice(from)) options.found(finding)
  }

  error(
    place: Place,
    kind: string,
    file: string,
    position: number | null,
    problem: string,
    meaning: string,
  ): void {
    this.add(place, { severity: 'error', kind, file, position, problem, meaning, mend: repairCommand(place) })
  }

  note(place: Place, kind: string, file: string, problem: string, meaning: string, mend: string): void {
    this.add(place, { severity: 'note', kind, file, position: null, problem, meaning, mend })
  }

  add({ topic, partition }: Place, { severity, kind, ...found }: Omit<Finding, keyof Place>): void {
    const isCommand = /\btkafka repair\b|--reset-offsets/.test(found.mend)
    const rest = isCommand && this.#instead !== undefined ? { ...found, mend: this.#instead } : found
    // In the order of Finding, in which rows of JSON have them.
    this.findings.push({ severity, kind, topic, partition, ...rest })
  }

  summary(): CheckSummary {
    const { topics, partitions, files, bytes, batches, records } = this
    const errors = this.findings.filter(({ severity }) => severity === 'error').length
    return {
      topics,
      partitions,
      files,
      bytes,
      batches,
      records,
      errors,
      notes: this.findings.length - errors,
    }
  }
}

export function repairCommand({ topic }: Place): string {
  return topic === null ? 'tkafka repair' : `tkafka repair --topic ${topic}`
}
