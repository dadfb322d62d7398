import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command, CommandContext } from '../../src/cli/command.ts'
import { FdOutput } from '../../src/cli/output.ts'
import { parseArguments } from '../../src/cli/parse.ts'

const folder = fileURLToPath(new URL('../../src/commands/', import.meta.url))

/** Every tool by its name: the files of src/commands that export a `command`. */
export async function allCommands(): Promise<Map<string, Command>> {
  const commands = new Map<string, Command>()
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    if (!fs.readFileSync(folder + file, 'utf8').includes('export const command')) continue
    const { command } = (await import(/* @vite-ignore */ folder + file)) as { command: Command }
    commands.set(command.name, command)
  }
  return commands
}

/** An output whose bytes are kept in memory. */
function memoryOutput(fd: number): { readonly output: FdOutput; text(): string } {
  const parts: Buffer[] = []
  const output = new FdOutput(fd, {
    write(_fd, bytes, start) {
      parts.push(Buffer.from(bytes.subarray(start)))
      return bytes.length - start
    },
    nap: () => {},
    neverBlocking: () => undefined,
    putFirst: async () => true,
    isTerminal: () => false,
    columns: () => 80,
  })
  return {
    output,
    text: () => {
      output.flush()
      return Buffer.concat(parts).toString()
    },
  }
}

/** Runs a tool in this process, as main.ts would: quicker than the binary by a process's start. */
export async function runInProcess(
  command: Command,
  args: readonly string[],
  dataDir: string | undefined,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const stdout = memoryOutput(1)
  const stderr = memoryOutput(2)
  const controller = new AbortController()
  let status: number
  try {
    let options = await parseArguments(command, args)
    if (options.has('profile')) {
      const { withProfile } = await import('../../src/commands/open/profile.ts')
      options = await withProfile(command, options, env)
    }
    const context: CommandContext<string> = {
      command,
      options,
      dataDir: options.value('data-dir') ?? dataDir,
      env,
      stdout: stdout.output,
      stderr: stderr.output,
      stdin: 0,
      stdinIsTerminal: false,
      signal: controller.signal,
      interrupted: false,
      handleSignals: () => {},
      watchReader: () => {},
    }
    status = (await command.run(context)) ?? 0
  } catch (error) {
    stderr.output.line((error as Error).message)
    status = 1
  }
  return { status, stdout: stdout.text(), stderr: stderr.text() }
}
