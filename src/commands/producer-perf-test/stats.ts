/** The numbers of producer-perf-test: counts, latencies and the lines that tell them, in the genuine tool's words. */
import type { Output } from '../../cli/command.ts'
import type { MachineOutput, RowShape } from '../../cli/machine-output.ts'
import type { Progress } from '../../cli/progress.ts'

/** At most about so many latencies are kept for the percentiles; of more records every n-th. */
const MAX_SAMPLES = 500_000

export const PRODUCER_PERFORMANCE: RowShape = {
  kind: 'producer-performance',
  columns: [
    'scope',
    'records',
    'bytes',
    'durationMs',
    'averageLatencyMs',
    'maxLatencyMs',
    'p50LatencyMs',
    'p95LatencyMs',
    'p99LatencyMs',
    'p999LatencyMs',
  ],
}

/** Where the numbers go: lines of text, or rows where `--output` asks for them. */
export interface PerfOutput {
  readonly stdout: Output
  readonly machine: MachineOutput | undefined
  readonly progress: Progress
}

export class ProducerPerfStats {
  readonly #now: () => number
  readonly #start: number
  readonly #steadyState: boolean
  readonly #reportingIntervalMs: number
  readonly #sampling: number
  readonly #latencies: Int32Array
  #samples = 0
  #count = 0
  #bytes = 0
  #maxLatency = 0
  #totalLatency = 0
  #windowStart: number
  #windowCount = 0
  #windowBytes = 0
  #windowMaxLatency = 0
  #windowTotalLatency = 0
  /** False while another one tells of the same records. */
  prints = true

  constructor(numRecords: number, reportingIntervalMs: number, steadyState: boolean, now: () => number) {
    this.#now = now
    this.#start = now()
    this.#windowStart = this.#start
    this.#reportingIntervalMs = reportingIntervalMs
    this.#steadyState = steadyState
    this.#sampling = Math.max(1, Math.floor(numRecords / Math.min(numRecords, MAX_SAMPLES)))
    this.#latencies = new Int32Array(Math.min(Math.floor(numRecords / this.#sampling) + 1, 2 * MAX_SAMPLES))
  }

  get count(): number {
    return this.#count
  }

  /** One acknowledged record. */
  record(latencyMs: number, bytes: number, nowMs: number, output: PerfOutput): void {
    if (this.#count % this.#sampling === 0 && this.#samples < this.#latencies.length)
      this.#latencies[this.#samples++] = latencyMs
    this.#count++
    this.#bytes += bytes
    this.#totalLatency += latencyMs
    this.#maxLatency = Math.max(this.#maxLatency, latencyMs)
    this.#windowCount++
    this.#windowBytes += bytes
    this.#windowTotalLatency += latencyMs
    this.#windowMaxLatency = Math.max(this.#windowMaxLatency, latencyMs)
    if (nowMs - this.#windowStart < this.#reportingIntervalMs) return
    if (this.prints) this.#printWindow(nowMs, output)
    this.#windowStart = nowMs
    this.#windowCount = 0
    this.#windowBytes = 0
    this.#windowMaxLatency = 0
    this.#windowTotalLatency = 0
  }

  #printWindow(nowMs: number, output: PerfOutput): void {
    output.progress.aside(() => this.#writeWindow(nowMs, output))
  }

  #writeWindow(nowMs: number, { stdout, machine }: PerfOutput): void {
    if (machine !== undefined) {
      machine.row({
        scope: 'interval',
        records: this.#windowCount,
        bytes: this.#windowBytes,
        durationMs: nowMs - this.#windowStart,
        averageLatencyMs: this.#windowTotalLatency / this.#windowCount,
        maxLatencyMs: this.#windowMaxLatency,
        p50LatencyMs: null,
        p95LatencyMs: null,
        p99LatencyMs: null,
        p999LatencyMs: null,
      })
      stdout.flush()
      return
    }
    const seconds = (nowMs - this.#windowStart) / 1000
    if (this.#steadyState && this.#count === this.#windowCount) stdout.line('In steady state.')
    stdout.line(
      `${this.#windowCount} records sent, ${(this.#windowCount / seconds).toFixed(1)} records/sec ` +
        `(${(this.#windowBytes / seconds / 1048576).toFixed(2)} MB/sec), ` +
        `${(this.#windowTotalLatency / this.#windowCount).toFixed(1)} ms avg latency, ` +
        `${this.#windowMaxLatency.toFixed(1)} ms max latency.`,
    )
    stdout.flush()
  }

  printTotal({ stdout, machine }: PerfOutput): void {
    const durationMs = this.#now() - this.#start
    const seconds = durationMs / 1000
    const [p50, p95, p99, p999] = this.#percentiles(0.5, 0.95, 0.99, 0.999)
    if (machine !== undefined) {
      machine.row({
        scope: this.#steadyState ? 'steady-state' : 'total',
        records: this.#count,
        bytes: this.#bytes,
        durationMs,
        averageLatencyMs: this.#count === 0 ? null : this.#totalLatency / this.#count,
        maxLatencyMs: this.#maxLatency,
        p50LatencyMs: p50,
        p95LatencyMs: p95,
        p99LatencyMs: p99,
        p999LatencyMs: p999,
      })
      return
    }
    stdout.line(
      `${this.#count}${this.#steadyState ? ' steady state' : ''} records sent, ` +
        `${(this.#count / seconds).toFixed(6)} records/sec (${(this.#bytes / seconds / 1048576).toFixed(2)} MB/sec), ` +
        `${(this.#totalLatency / this.#count).toFixed(2)} ms avg latency, ${this.#maxLatency.toFixed(2)} ms max latency, ` +
        `${p50} ms 50th, ${p95} ms 95th, ${p99} ms 99th, ${p999} ms 99.9th.`,
    )
  }

  #percentiles(...shares: number[]): number[] {
    const sorted = this.#latencies.subarray(0, this.#samples).sort()
    return shares.map((share) => sorted[Math.min(Math.trunc(share * sorted.length), sorted.length - 1)] ?? 0)
  }
}
