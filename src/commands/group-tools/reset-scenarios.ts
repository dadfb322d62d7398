/** The ways to say where a reset of offsets leads to, and that only one of them may be given. */
import { checkInvalidArguments } from '../../cli/argument-checks.ts'
import type { Options } from '../../cli/command.ts'

/** Ways to say where a reset leads to, in the order in which the genuine tools find that two do not go together. */
export const RESET_SCENARIOS = [
  'to-offset',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'to-current',
  'shift-by',
  'from-file',
] as const

/** @throws UsageError where two of them are named */
export function checkResetScenarios(options: Options<(typeof RESET_SCENARIOS)[number]>): void {
  for (const scenario of RESET_SCENARIOS) {
    const others = RESET_SCENARIOS.filter((other) => other !== scenario)
    checkInvalidArguments(options, scenario, others)
  }
}
