/**
 * `tkafka broker-api-versions`: scripts wait for a broker with it, so a directory answers: one line for its node, and
 * the requests whose work tkafka does here, as a broker of the same Kafka lists them.
 */
import { defineCommand, type Flag } from '../cli/command.ts'
import { outputFlag } from '../cli/machine-output.ts'
import { showApiVersions } from './broker-api-versions/nodes.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

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
  async run(context) {
    const { options, env } = context
    const admin = await openAdmin(context)
    try {
      await showApiVersions(context, admin, options.value('bootstrap-server') ?? env.TKAFKA_LOCAL_BOOTSTRAP)
      return 0
    } finally {
      await admin.close()
    }
  },
})
