/** `tkafka delete-records`: moves the log start of partitions up to an offset. */

import { checkRequiredArguments } from '../cli/argument-checks.ts'
import { defineCommand, type Flag } from '../cli/command.ts'
import { machineOutput, outputFlag } from '../cli/machine-output.ts'
import { exceptionText, TerseError } from '../errors.ts'
import { comparePartitions, topicPartitionKey } from '../names/topic-partition.ts'
import { isMissing } from '../os/error-code.ts'
import { systemErrorText } from '../os/system-error.ts'
import { systemOs } from '../os/system-os.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'
import { parseDeleteRecordsPlan } from './plans/delete-records-plan.ts'

const FLAGS = [
  { ...BOOTSTRAP_SERVER, argName: 'server(s) to use for bootstrapping' },
  {
    name: 'offset-json-file',
    arg: 'required',
    argName: 'Offset json file path',
    description:
      'REQUIRED: The JSON file with offset per partition. The format to use is: {"partitions": [{"topic": "foo", "partition": 1, "offset": 1}], "version":1}',
  },
  COMMAND_CONFIG,
  outputFlag,
] as const satisfies readonly Flag[]

export const command = defineCommand({
  name: 'delete-records',
  summary: 'This tool helps to delete records of the given partitions down to the specified offset.',
  flags: FLAGS,
  examples: ['tkafka delete-records --offset-json-file plan.json'],
  async run(context) {
    const { options, stdout } = context
    checkRequiredArguments(options, 'offset-json-file')
    const plan = parseDeleteRecordsPlan(readPlan(options.value('offset-json-file') ?? ''))
    const admin = await openAdmin(context)
    try {
      const machine = machineOutput(context, {
        kind: 'record-deletion',
        columns: ['topic', 'partition', 'lowWatermark', 'error'],
      })
      if (machine === undefined) stdout.line('Executing records delete operation')
      const results: string[] = []
      let failed = false
      const sorted = [...plan].sort(comparePartitions)
      const answers = await admin.deleteRecordsOf(
        sorted.map(({ topic, partition, offset }) => ({ topic, partition, beforeOffset: offset })),
      )
      for (const [i, { topic, partition }] of sorted.entries()) {
        const key = topicPartitionKey(topic, partition)
        const answer = answers[i]
        if (answer instanceof Error) {
          failed = true
          machine?.row({ topic, partition, lowWatermark: null, error: exceptionText(answer) })
          results.push(`partition: ${key}\terror: ${exceptionText(answer)}`)
        } else {
          machine?.row({ topic, partition, lowWatermark: answer, error: null })
          results.push(`partition: ${key}\tlow_watermark: ${answer}`)
        }
      }
      if (machine === undefined) {
        stdout.line('Records delete operation completed:')
        for (const line of results) stdout.line(line)
      } else machine.end(!failed)
      return failed ? 1 : 0
    } finally {
      await admin.close()
    }
  },
})

function readPlan(file: string): string {
  try {
    return systemOs.fs.readUserFile(file).toString('utf8')
  } catch (error) {
    throw new TerseError(
      `Unable to read file ${file}${isMissing(error) ? '' : `\n${systemErrorText(error) ?? (error as Error).message}`}`,
    )
  }
}
