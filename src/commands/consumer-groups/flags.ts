/** The flags of consumer-groups. */
import type { Flag } from '../../cli/command.ts'
import { outputFlag } from '../../cli/machine-output.ts'
import { BOOTSTRAP_SERVER, COMMAND_CONFIG } from '../open/common-flags.ts'

export const CONSUMER_GROUPS_FLAGS = [
  BOOTSTRAP_SERVER,
  COMMAND_CONFIG,
  { name: 'list', description: 'List all consumer groups.' },
  {
    name: 'describe',
    description:
      'Describe consumer group and list offset lag (number of messages not yet processed) related to given group.',
  },
  {
    name: 'delete',
    description:
      'Pass in groups to delete topic partition offsets and ownership information over the entire consumer group. For instance --group g1 --group g2',
  },
  {
    name: 'reset-offsets',
    description:
      'Reset offsets of consumer groups, whose members must be inactive. --dry-run (the default) only plans, --execute updates the offsets, --export prints the plan as CSV. One of --to-datetime, --by-duration, --to-earliest, --to-latest, --shift-by, --from-file, --to-current, --to-offset says where to; --all-topics or --topic says for what (not with --from-file).',
  },
  {
    name: 'delete-offsets',
    description:
      'Delete offsets of consumer group. Supports one consumer group at the time, and multiple topics.',
  },
  {
    name: 'validate-regex',
    arg: 'required',
    argName: 'regex',
    description:
      'Validate that the syntax of the regular expression is RE2/J compatible, as group subscriptions need it.',
  },
  {
    name: 'group',
    arg: 'required',
    argName: 'consumer group',
    description: 'The consumer group we wish to act on.',
    repeatable: true,
  },
  { name: 'all-groups', description: 'Apply to all consumer groups.' },
  {
    name: 'topic',
    arg: 'required',
    argName: 'topic',
    repeatable: true,
    description:
      'The topic whose consumer group information should be deleted or which should be included in the reset offset process. For reset-offsets, partitions can be given as `topic1:0,1,2`.',
  },
  {
    name: 'all-topics',
    description: 'Consider all topics assigned to a group in the `reset-offsets` process.',
  },
  { name: 'members', description: 'Describe members of the group. Goes with --describe only.' },
  {
    name: 'offsets',
    description:
      'Describe the group and list all topic partitions with their offset lag: the default of --describe.',
  },
  {
    name: 'state',
    arg: 'optional',
    description:
      'With --describe, the state of the group. With --list, the state of all groups, or only groups in given states: --state stable,empty',
  },
  {
    name: 'type',
    arg: 'optional',
    description:
      'With --list, the types of all groups, or only groups of given types: --type classic,consumer',
  },
  { name: 'verbose', description: 'Additional information, if any, when describing the group.' },
  {
    name: 'timeout',
    arg: 'required',
    argName: 'timeout (ms)',
    type: 'long',
    default: '30000',
    description: 'How long to wait for a group to become stable. A data directory answers at once.',
  },
  {
    name: 'dry-run',
    description: 'Only show results without executing changes on consumer groups. Goes with --reset-offsets.',
  },
  { name: 'execute', description: 'Execute the operation. Goes with --reset-offsets.' },
  { name: 'export', description: 'Print the plan as CSV. Goes with --reset-offsets.' },
  {
    name: 'to-offset',
    arg: 'required',
    argName: 'offset',
    type: 'long',
    description: 'Reset offsets to a specific offset.',
  },
  {
    name: 'from-file',
    arg: 'required',
    argName: 'path to CSV file',
    description: 'Reset offsets to values defined in CSV file.',
  },
  {
    name: 'to-datetime',
    arg: 'required',
    argName: 'datetime',
    description: "Reset offsets to offset from datetime. Format: 'YYYY-MM-DDThh:mm:ss.sss'",
  },
  {
    name: 'by-duration',
    arg: 'required',
    argName: 'duration',
    description: "Reset offsets to offset by duration from current timestamp. Format: 'PnDTnHnMnS'",
  },
  { name: 'to-earliest', description: 'Reset offsets to earliest offset.' },
  { name: 'to-latest', description: 'Reset offsets to latest offset.' },
  { name: 'to-current', description: 'Reset offsets to current offset.' },
  {
    name: 'shift-by',
    arg: 'required',
    argName: 'number-of-offsets',
    type: 'long',
    description: "Reset offsets shifting current offset by 'n', where 'n' can be positive or negative.",
  },
  outputFlag,
] as const satisfies readonly Flag[]
