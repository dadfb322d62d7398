/** `tkafka` without a tool: the suite at a glance, the version, or what was meant by a name that is no tool. */
import { dirname, join } from 'node:path'
import { type Colours, colours } from './cli/colour.ts'
import { BrokenPipeError, FdOutput, OutputError } from './cli/output.ts'
import { ABSENT_TOOL_NAMES, TOOL_AREAS } from './commands/index.ts'
import { KAFKA_VERSION } from './kafka-version.ts'
import { nearNames } from './names/near-names.ts'
import { standardStreams } from './os/standard-streams.ts'
import { systemOs } from './os/system-os.ts'

declare const __TKAFKA_VERSION__: string

declare global {
  /** The launcher's way to run a bundle. */
  var __tkafkaLoad: ((bundle: string) => unknown) | undefined
  /** Whose line the bundle of absent tools is to say. */
  var __tkafkaAbsentTool: string | undefined
}

function main(args: readonly string[]): number {
  const stdout = new FdOutput(1, standardStreams)
  const stderr = new FdOutput(2, standardStreams)
  let status = 0
  try {
    status = run(withoutPlace(args), stdout, stderr)
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
  const absent = toolName(word === 'help' ? next : word)
  if (ABSENT_TOOL_NAMES.includes(absent) && (word === 'help' || word === absent)) {
    if (word === 'help') globalThis.__tkafkaArgs = [absent, '--help']
    globalThis.__tkafkaAbsentTool = absent
    load('absent-tools')
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
  globalThis.__tkafkaArgs = [tool, '--help']
  load(tool)
}

/** Runs another bundle, which ends the process. */
function load(name: string): void {
  const bundle = join(dirname(import.meta.url), `${name}.cjs`)
  if (globalThis.__tkafkaLoad === undefined) throw new Error(`${bundle} is loaded by bin/tkafka`)
  globalThis.__tkafkaLoad(bundle)
}

/** Without what stands around it in the names of Kafka's scripts. */
function toolName(word: string): string {
  return word.replace(/^kafka-/, '').replace(/\.(sh|bat)$/, '')
}

function unknownTool(word: string): string {
  const name = toolName(word)
  const listed = TOOL_AREAS.flatMap(({ tools }) => tools.map((tool) => tool.name))
  const built = listed.filter(isBuilt)
  if (built.includes(name)) return `tkafka: no tool ${word}: tkafka ${name} is its name here`
  if (listed.includes(name)) {
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
    'Usage: tkafka [--data-dir DIR | --profile NAME] TOOL [FLAGS]      tkafka TOOL --help',
  ]
  for (const { title, tools } of TOOL_AREAS) {
    const built = tools.filter(({ name }) => isBuilt(name))
    if (built.length === 0) continue
    lines.push('', paint.bold(`${title}:`))
    lines.push(...built.map(({ name, line }) => `  ${paint.cyan(name.padEnd(20))} ${line}`))
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

/** The words that are none of the flags which stand before a tool. */
function withoutPlace(args: readonly string[]): readonly string[] {
  return ['--data-dir', '--profile'].reduce((words: readonly string[], flag) => {
    const at = words.indexOf(flag)
    return words.filter((word, i) => (at < 0 || (i !== at && i !== at + 1)) && !word.startsWith(`${flag}=`))
  }, args)
}

process.exitCode = main(globalThis.__tkafkaArgs ?? process.argv.slice(2))
