/** `tkafka` without a tool: the suite at a glance, the version, or what was meant by a name that is no tool. */
import { dirname, join } from 'node:path'
import { type Colours, colours } from './cli/colour.ts'
import { BrokenPipeError, FdOutput, OutputError } from './cli/output.ts'
import { KAFKA_VERSION } from './kafka-version.ts'
import { nearNames } from './names/near-names.ts'
import { standardStreams } from './os/standard-streams.ts'
import { systemOs } from './os/system-os.ts'

declare const __TKAFKA_VERSION__: string

declare global {
  /** The launcher's way to run a bundle. */
  var __tkafkaLoad: ((bundle: string) => unknown) | undefined
}

const GROUPS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
  [
    'Topics and settings',
    [
      ['topics', 'create, list, describe, alter and delete topics'],
      ['configs', 'settings of topics, brokers, groups, clients and users'],
      ['delete-records', 'delete records up to an offset'],
      ['log-dirs', 'how much each partition holds on disk'],
      ['reassign-partitions', 'move partitions between replicas'],
      ['leader-election', 'elect leaders'],
    ],
  ],
  [
    'Records',
    [
      ['console-producer', 'lines from standard input into a topic'],
      ['console-consumer', 'records of topics to standard output'],
      ['get-offsets', 'first, last and timed offsets of partitions'],
      ['dump-log', 'what is in a log segment, an index, a snapshot'],
      ['producer-perf-test', 'how fast producing goes'],
      ['consumer-perf-test', 'how fast consuming goes'],
      ['e2e-latency', 'how long a record takes from end to end'],
      ['verifiable-producer', 'a producer that reports as JSON'],
      ['verifiable-consumer', 'a consumer that reports as JSON'],
    ],
  ],
  [
    'Groups',
    [
      ['consumer-groups', 'list, describe, reset and delete consumer groups'],
      ['groups', 'groups of every kind'],
      ['share-groups', 'share groups'],
      ['streams-groups', 'streams groups'],
    ],
  ],
  [
    'Directory and cluster',
    [
      ['status', 'which directory, why that one, clean or not, who holds it'],
      ['storage', 'format a directory, tell about it'],
      ['log-cleaner', 'retention and compaction, for cron'],
      ['check', 'read all of a directory and tell what is wrong'],
      ['repair', 'mend what check finds'],
      ['explain', 'why a topic was cleaned, or was not'],
      ['cluster', 'id and end points of the cluster'],
      ['features', 'feature levels'],
      ['metadata-quorum', 'the metadata log'],
      ['transactions', 'list, describe and abort transactions'],
      ['acls', 'access control'],
      ['client-metrics', 'telemetry subscriptions'],
      ['delegation-tokens', 'delegation tokens'],
      ['broker-api-versions', 'what a broker understands'],
      ['completion', 'tool, flag, topic and group names for bash, zsh, fish'],
    ],
  ],
]

function main(args: readonly string[]): number {
  const stdout = new FdOutput(1, standardStreams)
  const stderr = new FdOutput(2, standardStreams)
  let status = 0
  try {
    status = run(withoutDataDir(args), stdout, stderr)
    stdout.flush()
    return status
  } catch (error) {
    // A reader that went away has what it wanted.
    if (error instanceof BrokenPipeError) return status
    if (!(error instanceof OutputError)) throw error
    stderr.line(error.message)
    return 1
  } finally {
    stderr.flush()
  }
}

function run([word, next]: readonly string[], stdout: FdOutput, stderr: FdOutput): number {
  if (word === undefined) {
    // As the genuine tools do without arguments: the way in, and a failure.
    stderr.line(overview(colours(stderr, process.env)))
    return 1
  }
  if (word === '--version' || word === 'version') {
    stdout.line(`tkafka ${__TKAFKA_VERSION__} (tools of Kafka ${KAFKA_VERSION})`)
    return 0
  }
  if (word === '--help-json') {
    const catalogue = join(dirname(import.meta.url), '..', 'completions', 'commands.json')
    stdout.write(systemOs.fs.readUserFile(catalogue))
    return 0
  }
  if (word === '--help' || word === '-h' || (word === 'help' && next === undefined)) {
    stdout.line(overview(colours(stdout, process.env)))
    return 0
  }
  if (word === 'help' && isBuilt(toolName(next))) {
    helpOf(toolName(next))
    return 0
  }
  stderr.line(
    word.startsWith('-')
      ? `tkafka: ${word} is no flag of tkafka; a tool comes first: tkafka topics --list`
      : unknownTool(word === 'help' ? next : word),
  )
  return 1
}

/** `help topics` is `topics --help`. */
function helpOf(tool: string): void {
  const bundle = join(dirname(import.meta.url), `${tool}.cjs`)
  globalThis.__tkafkaArgs = [tool, '--help']
  if (globalThis.__tkafkaLoad === undefined) throw new Error(`${bundle} is loaded by bin/tkafka`)
  globalThis.__tkafkaLoad(bundle)
}

/** Without what stands around it in the names of Kafka's scripts. */
function toolName(word: string): string {
  return word.replace(/^kafka-/, '').replace(/\.(sh|bat)$/, '')
}

function unknownTool(word: string): string {
  const name = toolName(word)
  const built = GROUPS.flatMap(([, tools]) => tools.map(([tool]) => tool)).filter(isBuilt)
  if (built.includes(name)) return `tkafka: no tool ${word}: tkafka ${name} is its name here`
  if (GROUPS.some(([, tools]) => tools.some(([tool]) => tool === name))) {
    return `tkafka: ${name} is not built yet; tkafka --help lists what is`
  }
  const near = nearNames(name, built)
  const hint = near.length === 0 ? 'tkafka --help lists the tools' : `did you mean ${near.join(' or ')}?`
  return `tkafka: no tool ${word}; ${hint}`
}

function overview(paint: Colours): string {
  const lines = [
    'tkafka: the kafka-*.sh tools straight on a Kafka log directory, with no broker and no JVM.',
    '',
    'Usage: tkafka [--data-dir DIR] TOOL [FLAGS]      tkafka TOOL --help',
  ]
  for (const [title, tools] of GROUPS) {
    const built = tools.filter(([tool]) => isBuilt(tool))
    if (built.length === 0) continue
    lines.push('', paint.bold(`${title}:`))
    lines.push(...built.map(([tool, what]) => `  ${paint.cyan(tool.padEnd(20))} ${what}`))
  }
  lines.push(
    '',
    'The directory: --data-dir, else TKAFKA_DATA_DIR, else ~/.local/share/tkafka. It is made on the first write.',
    '',
    paint.bold('Examples:'),
    '  tkafka topics --create --topic quakes --partitions 3',
    '  cat quakes.txt | tkafka console-producer --topic quakes',
    '  tkafka console-consumer --topic quakes --from-beginning --group readers',
  )
  return lines.join('\n')
}

/** Each tool has its bundle beside this one. */
function isBuilt(tool: string): boolean {
  return systemOs.fs.stat(join(dirname(import.meta.url), `${tool}.cjs`)) !== undefined
}

function withoutDataDir(args: readonly string[]): readonly string[] {
  const at = args.indexOf('--data-dir')
  return args.filter((word, i) => (at < 0 || (i !== at && i !== at + 1)) && !word.startsWith('--data-dir='))
}

process.exitCode = main(globalThis.__tkafkaArgs ?? process.argv.slice(2))
