/** Plans of reassign-partitions: reading and checking them, with the field and line of what is wrong; writing them. */

import { TerseError } from '../../errors.ts'
import { type TopicPartition, topicPartitionKey } from '../../names/topic-partition.ts'
import { JsonPlan } from './json-plan.ts'

export interface PlannedPartition extends TopicPartition {
  readonly replicas: readonly number[]
  /** Absent: any. */
  readonly logDirs: readonly string[] | undefined
}

/** `--topics-to-move-json-file`. @throws TerseError */
export function topicsToMove(file: string): string[] {
  const plan = new JsonPlan(file)
  if (plan.problem !== undefined)
    throw new TerseError(`The input string is not a valid JSON\n${plan.problem}`)
  checkVersion(plan)
  const topics = list(plan, 'topics').map((one, i) =>
    plan.string(plan.field(one, 'topic', `topics[${i}]`), `topics[${i}].topic`),
  )
  const twice = topics.findIndex((topic, i) => topics.indexOf(topic) < i)
  if (twice >= 0) {
    plan.fail(
      `List of topics to reassign contains duplicate entries: [${topics[twice]}]`,
      `topics[${twice}].topic`,
    )
  }
  return topics
}

/** `--reassignment-json-file`, as --verify and --cancel take it. @throws TerseError */
export function reassignment(file: string): { plan: JsonPlan; partitions: PlannedPartition[] } {
  const plan = new JsonPlan(file)
  if (plan.problem !== undefined) throw new TerseError(`${syntaxProblem(plan.text)}\n${plan.problem}`)
  checkVersion(plan)
  const partitions = list(plan, 'partitions').map((one, i) => plannedPartition(plan, one, `partitions[${i}]`))
  return { plan, partitions }
}

/** What --execute checks besides. @throws TerseError */
export function executableReassignment(file: string): PlannedPartition[] {
  const { plan, partitions } = reassignment(file)
  if (partitions.length === 0) plan.fail('Partition reassignment list cannot be empty', 'partitions')
  const empty = partitions.findIndex(({ replicas }) => replicas.length === 0)
  if (empty >= 0) plan.fail('Partition replica list cannot be empty', `partitions[${empty}].replicas`)
  const keys = partitions.map(({ topic, partition }) => topicPartitionKey(topic, partition))
  const twice = keys.findIndex((one, i) => keys.indexOf(one) < i)
  if (twice >= 0) {
    const all = [...new Set(keys.filter((one, i) => keys.indexOf(one) < i))]
    plan.fail(
      `Partition reassignment contains duplicate topic partitions: ${all.join(',')}`,
      `partitions[${twice}]`,
    )
  }
  partitions.forEach(({ replicas }, i) => {
    const again = [...new Set(replicas.filter((id, at) => replicas.indexOf(id) < at))]
    if (again.length === 0) return
    plan.fail(
      `Partition replica lists may not contain duplicate entries: ${keys[i]} contains multiple entries for ${again.join(',')}`,
      `partitions[${i}].replicas`,
    )
  })
  return partitions
}

/** A plan in the genuine tool's form. */
export function planText(partitions: readonly PlannedPartition[]): string {
  return JSON.stringify({
    version: 1,
    partitions: partitions.map(({ topic, partition, replicas, logDirs }) => ({
      topic,
      partition,
      replicas,
      log_dirs: logDirs ?? replicas.map(() => 'any'),
    })),
  })
}

function plannedPartition(plan: JsonPlan, one: unknown, path: string): PlannedPartition {
  const topic = plan.string(plan.field(one, 'topic', path), `${path}.topic`)
  const partition = plan.int(plan.field(one, 'partition', path), `${path}.partition`)
  const replicas = plan
    .array(plan.field(one, 'replicas', path), `${path}.replicas`)
    .map((id, i) => plan.int(id, `${path}.replicas[${i}]`))
  const given = (one as { log_dirs?: unknown }).log_dirs
  if (given === undefined) return { topic, partition, replicas, logDirs: undefined }
  const logDirs = plan
    .array(given, `${path}.log_dirs`)
    .map((dir, i) => plan.string(dir, `${path}.log_dirs[${i}]`))
  if (logDirs.length !== replicas.length) {
    plan.fail(
      `Size of replicas list [${replicas.join(', ')}] is different from size of log dirs list [${logDirs.join(', ')}] for partition ${topicPartitionKey(topic, partition)}`,
      `${path}.log_dirs`,
    )
  }
  return { topic, partition, replicas, logDirs }
}

function checkVersion(plan: JsonPlan): void {
  const version = (plan.value as { version?: unknown } | null)?.version
  if (version === undefined) return
  if (plan.int(version, 'version') !== 1)
    plan.fail(`Not supported version field value ${String(version)}`, 'version')
}

/** The list under a name; none when it is not there. */
function list(plan: JsonPlan, name: string): unknown[] {
  const value = (plan.value as Record<string, unknown> | null)?.[name]
  return value === undefined ? [] : plan.array(value, name)
}

/** The genuine parser's words for a text that ends too early. */
function syntaxProblem(text: string): string {
  const open: string[] = []
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{' || token === '[') open.push(token)
    else if (token === '}' || token === ']') open.pop()
  }
  if (open.length === 0) return 'The input string is not a valid JSON'
  return `Unexpected end-of-input within/between ${open.at(-1) === '{' ? 'Object' : 'Array'} entries`
}
