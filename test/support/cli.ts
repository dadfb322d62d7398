import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa, parseCommandString } from 'execa'
import { ownClock } from './test-clock.ts'

const bin = fileURLToPath(new URL('../../bin/tkafka', import.meta.url))

export interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly status: number | undefined
  readonly signal: string | undefined
}

export interface StepOptions {
  /** Standard input; empty when absent. */
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
  /** Ends the step with SIGTERM after so long. */
  readonly stopAfterMs?: number
  /** Ends the step with SIGTERM when it aborts. */
  readonly until?: AbortSignal
}

/**
 * A story: commands of the real binary, one after another, on a data directory of their own in a folder of their own.
 * `{DATA}` and `{DIR}` in a command are these two. Words are split at spaces; `\ ` is a space inside a word.
 */
export class Story {
  readonly dir: string
  readonly data: string
  readonly #env: Record<string, string> = {}

  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-story-'))
    this.data = path.join(this.dir, 'data')
    const cache = path.join(this.dir, 'cache')
    this.#env = { TKAFKA_DATA_DIR: this.data, XDG_CACHE_HOME: cache, HOME: this.dir, ...ownClock().env }
  }

  /** Sets or takes away (undefined) a variable for the steps that follow. */
  env(name: string, value: string | undefined): this {
    if (value === undefined) delete this.#env[name]
    else this.#env[name] = value
    return this
  }

  file(name: string, text: string): this {
    fs.writeFileSync(path.join(this.dir, name), text)
    return this
  }

  /** Runs `tkafka COMMAND` and never throws for a failure. */
  async run(command: string | readonly string[], options: StepOptions = {}): Promise<Outcome> {
    const words = typeof command === 'string' ? parseCommandString(command) : command
    const args = words.map((word) => word.replaceAll('{DATA}', this.data).replaceAll('{DIR}', this.dir))
    const result = await execa(process.execPath, [bin, ...args], {
      cwd: this.dir,
      env: { ...this.#env, ...options.env },
      extendEnv: false,
      input: options.stdin ?? '',
      reject: false,
      stripFinalNewline: false,
      timeout: options.stopAfterMs,
      killSignal: 'SIGTERM',
      ...(options.until === undefined ? {} : { cancelSignal: options.until }),
    })
    return { stdout: result.stdout, stderr: result.stderr, status: result.exitCode, signal: result.signal }
  }

  /** Runs a step that has to succeed in silence on stderr; returns what it printed. */
  async says(command: string | readonly string[], options: StepOptions = {}): Promise<string> {
    const { stdout, stderr, status } = await this.run(command, options)
    if (status !== 0 || stderr !== '') {
      throw new Error(`tkafka ${String(command)} ended with ${status}: ${stderr || stdout}`)
    }
    return stdout
  }

  /** Runs a step that has to fail with 1 and nothing on stdout; returns what it said on stderr. */
  async fails(command: string | readonly string[], options: StepOptions = {}): Promise<string> {
    const { stdout, stderr, status } = await this.run(command, options)
    if (status !== 1 || stdout !== '') {
      throw new Error(`tkafka ${String(command)} ended with ${status} and printed: ${stdout}${stderr}`)
    }
    return stderr
  }

  end(): void {
    fs.rmSync(this.dir, { recursive: true, force: true })
  }
}
