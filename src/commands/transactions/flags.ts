/** Flag rows of the transactions tool and its subcommands, in the genuine tool's words. */
import type { Flag, Subcommand } from '../../cli/command.ts'
import { outputFlag } from '../../cli/machine-output.ts'

const option = <const Name extends string>(
  name: Name,
  description: string,
  more: Omit<Partial<Flag>, 'name'> = {},
): Flag<Name> => ({
  name,
  arg: 'required',
  description,
  ...more,
})
const topic = option('topic', 'topic name', { required: true })
const partition = option('partition', 'partition number', { required: true, type: 'int' })

export const TRANSACTIONS_FLAGS = [
  { name: 'version', short: 'v', description: 'show the version of this Kafka distribution and exit' },
  option('command-config', 'property file containing configs to be passed to admin client', {
    argName: 'FILE',
  }),
  option(
    'bootstrap-server',
    'hostname and port for the broker to connect to; without it the tool works on the data directory',
    { argName: 'host:port' },
  ),
] as const satisfies readonly Flag[]

export const TRANSACTIONS_SUBCOMMANDS = [
  {
    name: 'list',
    summary: 'list transactions',
    flags: [
      option(
        'duration-filter',
        'Duration (in millis) to filter by: if < 0, all transactions will be returned; otherwise, only transactions running longer than this duration will be returned',
        { type: 'long' },
      ),
      option('transactional-id-pattern', 'Transactional id regular expression pattern to filter by'),
      outputFlag,
    ],
  },
  {
    name: 'describe',
    summary: 'Describe the state of an active transactional-id.',
    flags: [option('transactional-id', 'transactional id', { required: true }), outputFlag],
  },
  {
    name: 'describe-producers',
    summary: 'describe the states of active producers for a topic partition',
    flags: [
      option('broker-id', 'optional broker id to describe the producer state on a specific replica', {
        type: 'int',
      }),
      topic,
      partition,
      outputFlag,
    ],
  },
  {
    name: 'abort',
    summary: 'abort a hanging transaction (requires administrative privileges)',
    flags: [
      topic,
      partition,
      option('start-offset', 'start offset of the transaction to abort', { type: 'long' }),
      option('producer-id', 'producer id', { type: 'long' }),
      option('producer-epoch', 'producer epoch', { type: 'int' }),
      option('coordinator-epoch', 'coordinator epoch', { type: 'int' }),
    ],
  },
  {
    name: 'find-hanging',
    summary: 'find hanging transactions',
    flags: [
      option('broker-id', 'broker id to search for hanging transactions', { type: 'int' }),
      option(
        'max-transaction-timeout',
        'maximum transaction timeout in minutes to limit the scope of the search',
        { type: 'int', default: '15' },
      ),
      option('topic', 'topic name to limit search to (required if --partition is specified)'),
      option('partition', 'partition number', { type: 'int' }),
      outputFlag,
    ],
  },
  {
    name: 'abort-dead',
    addition: true,
    summary: 'end what dead producers left open: a decided commit is completed, everything else aborted',
    flags: [{ name: 'dry-run', description: 'Show what would be ended, and change nothing.' }, outputFlag],
  },
  {
    name: 'forceTerminateTransaction',
    summary: 'Force abort an ongoing transaction on transactionalId (requires administrative privileges)',
    flags: [option('transactionalId', 'transactional id', { required: true })],
  },
] as const satisfies readonly Subcommand[]
