/** Tools of Kafka's bin folder that have nothing to do here, or not yet: they say so in one line. */
import type { Command } from '../cli/command.ts'

/** Scripts go on: there is nothing to start or stop. */
export function nothingToDo(name: string, summary: string, line: string): Command {
  return {
    name,
    summary,
    parser: 'words',
    flags: [],
    run({ stdout }) {
      stdout.line(`${name}: ${line}`)
      return 0
    },
  }
}

/** What was asked for cannot be had: status 1. */
export function notHere(name: string, summary: string, line: string): Command {
  return {
    name,
    summary,
    parser: 'words',
    flags: [],
    run({ stderr }) {
      stderr.line(`${name}: ${line}`)
      return 1
    },
  }
}
