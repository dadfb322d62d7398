/**
 * `tkafka broker-api-versions`: scripts wait for a broker with it, so a directory answers: one line for its node, and
 * the requests whose work tkafka does here, as a broker of the same Kafka lists them.
 */
import { defineCommand, type Flag } from '../cli/command.ts'
import { outputFlag } from '../cli/machine-output.ts'
import { printApiVersions } from './broker-api-versions/print.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'

const FLAGS = [
  { ...BOOTSTRAP_SERVER, argName: 'server(s) to use for bootstrapping' },
  COMMAND_CONFIG,
  outputFlag,
] as const satisfies readonly Flag[]

export const command = defineCommand({
  name: 'broker-api-versions',
  summary: 'This tool helps to retrieve broker version information.',
  flags: FLAGS,
  examples: ['tkafka broker-api-versions'],
  run: (context) => printApiVersions(context),
})
