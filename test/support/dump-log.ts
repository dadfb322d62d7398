import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CommandContext, Output } from '../../src/cli/command.ts'
import { parseArguments } from '../../src/cli/parse.ts'
import { command } from '../../src/commands/dump-log.ts'
import { genuineTool } from './genuine-kafka.ts'

export interface DumpResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs our `dump-log` in this process. */
export async function dumpLog(args: readonly string[]): Promise<DumpResult> {
  const stdout = new Collector()
  const stderr = new Collector()
  const options = await parseArguments(command, args)
  const context = { command, options, stdout, stderr, env: {} } as unknown as CommandContext<string>
  const status = (await command.run(context)) ?? 0
  return { status, stdout: stdout.text, stderr: stderr.text }
}

class Collector implements Output {
  readonly isTerminal = false
  readonly columns = 80
  text = ''

  write(text: string | Uint8Array): void {
    this.text += typeof text === 'string' ? text : Buffer.from(text).toString()
  }

  line(text: string): void {
    this.write(`${text}\n`)
  }

  flush(): void {}
}

/** Runs the genuine tool, all argument lists in one JVM. */
export async function genuineDumpLog(cases: readonly (readonly string[])[]): Promise<DumpResult[]> {
  const loop = path.join(path.dirname(fileURLToPath(import.meta.url)), 'DumpLoop.java')
  const answer = await genuineTool(loop, [], cases.map((args) => `${args.join('\t')}\n`).join(''))
  if (answer.code !== 0) throw new Error(answer.stderr)
  return answer.stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [status, stdout, stderr] = line.split('\t')
      const text = (base64: string) => Buffer.from(base64, 'base64').toString()
      return { status: Number(status), stdout: text(stdout), stderr: text(stderr) }
    })
}
