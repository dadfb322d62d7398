/** Starts a Kafka broker; here there is nothing to start. */
import type { Command } from '../cli/command.ts'
import { nothingToDo } from './absent-tools.ts'

const stub = nothingToDo(
  'server-start',
  'Starts a Kafka broker; here there is nothing to start.',
  'there is nothing to start; the tools work straight on the data directory (tkafka status shows which one)',
)

/**
 * A script that declares its address to be the data directory goes on. Anybody else with a properties file means to start a
 * broker, and must not take this for one.
 */
export const command: Command = {
  ...stub,
  run(context) {
    const file = context.options.words.find((word) => word.endsWith('.properties'))
    if (file === undefined || context.env.TKAFKA_LOCAL_BOOTSTRAP) return stub.run(context)
    context.stderr.line(
      `server-start: this is tkafka's stand-in, which starts no broker; start a genuine one by its path: ` +
        `/path/to/kafka/bin/kafka-server-start.sh ${file} (a script that should go on without a broker sets TKAFKA_LOCAL_BOOTSTRAP)`,
    )
    return 1
  },
}
