/**
 * Another program as the source of lines: its standard output is read as a pipe would be, and how it ended is asked for, which the
 * reader of a pipe never learns. Its standard input and standard error are ours.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { TerseError } from '../errors.ts'
import type { InputChunks } from './standard-input.ts'
import { systemErrorText } from './system-error.ts'

export class SourceProcess implements InputChunks {
  readonly #name: string
  readonly #child: ChildProcess
  /** How it ended: undefined is well. */
  readonly #ended: Promise<string | undefined>
  #rest: Buffer | undefined
  #atEnd = false
  #wake: (() => void) | undefined

  constructor(command: string, args: readonly string[]) {
    this.#name = command
    this.#child = spawn(command, args, { stdio: ['inherit', 'pipe', 'inherit'] })
    this.#ended = new Promise((resolve) => {
      this.#child.on('error', (error) =>
        resolve(`could not be started: ${systemErrorText(error) ?? error.message}`),
      )
      this.#child.on('close', (code, signal) => {
        if (code === 0) resolve(undefined)
        else resolve(signal === null ? `ended with status ${code}` : `was ended by ${signal}`)
      })
    })
    const wake = () => this.#wake?.()
    const end = () => {
      this.#atEnd = true
      wake()
    }
    this.#child.stdout?.on('readable', wake).on('end', end).on('error', end).on('close', end)
    this.#child.on('error', end)
  }

  read(buffer: Buffer, start: number, end: number): number {
    const chunk: Buffer | null = this.#rest ?? this.#child.stdout?.read() ?? null
    this.#rest = undefined
    if (chunk === null) return this.#atEnd ? 0 : -1
    const n = chunk.copy(buffer, start, 0, Math.min(chunk.length, end - start))
    if (n < chunk.length) this.#rest = chunk.subarray(n)
    return n
  }

  async ready(timeoutMs?: number, signal?: AbortSignal): Promise<boolean> {
    const has = () => this.#rest !== undefined || this.#atEnd || (this.#child.stdout?.readableLength ?? 0) > 0
    if (has() || signal?.aborted === true) return has()
    await new Promise<void>((resolve) => {
      const timer = timeoutMs === undefined ? undefined : setTimeout(resolve, timeoutMs)
      const done = () => {
        clearTimeout(timer)
        resolve()
      }
      this.#wake = done
      signal?.addEventListener('abort', done, { once: true })
    })
    this.#wake = undefined
    return has()
  }

  /** Nothing more is read: one that still writes is told to end. */
  close(): void {
    if (this.#atEnd) return
    this.#child.stdout?.destroy()
    this.#child.kill('SIGTERM')
  }

  /** To be called at its end. @throws TerseError where it did not end well, so that what came from it may not be all */
  async endedWell(): Promise<void> {
    const why = await this.#ended
    if (why !== undefined) throw new TerseError(`${this.#name} ${why}`)
  }
}
