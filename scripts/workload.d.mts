export interface Ran {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}
export function run(
  cli: string,
  args: readonly string[],
  options?: { stdin?: string; dataDir?: string; killAfter?: number },
): Promise<Ran>
export function workload(options: {
  cli?: string
  dataDir: string
  seed?: number
  workers?: number
  steps?: number
  log?: (line: string) => void
}): Promise<{ seed: number; workers: number; steps: number; topics: number; records: number }>
