/** Events of the verifiable tools: one JSON object a line, which test harnesses read as it comes. */
import type { Output } from '../../cli/command.ts'

/** Prints `{"timestamp":..,"name":..,...}` and hands it on at once. */
export function printEvent(
  stdout: Output,
  name: string,
  fields: Readonly<Record<string, unknown>> = {},
): void {
  stdout.line(JSON.stringify({ timestamp: Date.now(), name, ...fields }))
  stdout.flush()
}
