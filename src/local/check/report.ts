/** Where the parts of a check put what they find, and what they counted. */
import type { CheckOptions, CheckSummary, Finding } from '../../client/admin/check-admin.ts'

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

  add({ topic, partition }: Place, { severity, kind, ...rest }: Omit<Finding, keyof Place>): void {
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
