/** Flag rows of reassign-partitions, and which of them go with which action. */
import type { Flag, FlagName, Options } from '../../cli/command.ts'
import { UsageError } from '../../errors.ts'
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG } from '../open/common-flags.ts'

export const REASSIGN_PARTITIONS_FLAGS = [
  { ...BOOTSTRAP_SERVER, arg: 'optional' },
  { ...BOOTSTRAP_CONTROLLER, arg: 'optional' },
  COMMAND_CONFIG,
  {
    name: 'generate',
    description:
      'Generate a candidate partition reassignment configuration. Note that this only generates a candidate assignment, it does not execute it.',
  },
  {
    name: 'execute',
    description: 'Kick off the reassignment as specified by the --reassignment-json-file option.',
  },
  {
    name: 'verify',
    description:
      'Verify if the reassignment completed as specified by the --reassignment-json-file option. If there is a throttle engaged for the replicas specified, and the rebalance has completed, the throttle will be removed',
  },
  { name: 'cancel', description: 'Cancel an active reassignment.' },
  { name: 'list', description: 'List all active partition reassignments.' },
  {
    name: 'reassignment-json-file',
    arg: 'required',
    argName: 'manual assignment json file path',
    description:
      'The JSON file with the partition reassignment configuration: {"partitions": [{"topic": "foo", "partition": 1, "replicas": [1], "log_dirs": ["any"]}], "version": 1}. "log_dirs" is optional; its length must equal that of the replicas list, its values are "any" or the absolute path of the log directory.',
  },
  {
    name: 'topics-to-move-json-file',
    arg: 'required',
    argName: 'topics to reassign json file path',
    description:
      'Generate a reassignment configuration to move the partitions of the specified topics to the list of brokers specified by the --broker-list option: {"topics": [{"topic": "foo"}, {"topic": "foo1"}], "version": 1}.',
  },
  {
    name: 'broker-list',
    arg: 'required',
    argName: 'brokerlist',
    description:
      'The list of brokers to which the partitions need to be reassigned in the form "0,1,2". This is required if --topics-to-move-json-file is used to generate reassignment configuration',
  },
  {
    name: 'disable-rack-aware',
    description: 'Disable rack aware replica assignment. A data directory proposes without racks.',
  },
  {
    name: 'throttle',
    arg: 'required',
    argName: 'throttle',
    type: 'long',
    default: '-1',
    description: 'The movement of partitions between brokers will be throttled to this value (bytes/sec).',
  },
  {
    name: 'replica-alter-log-dirs-throttle',
    arg: 'required',
    argName: 'replicaAlterLogDirsThrottle',
    type: 'long',
    default: '-1',
    description:
      'The movement of replicas between log directories on the same broker will be throttled to this value (bytes/sec).',
  },
  {
    name: 'timeout',
    arg: 'required',
    argName: 'timeout',
    type: 'long',
    default: '10000',
    description: 'The maximum time in ms to wait for log directory replica assignment to begin.',
  },
  {
    name: 'additional',
    description:
      'Execute this reassignment in addition to any other ongoing ones. In a data directory none is ever ongoing.',
  },
  { name: 'preserve-throttles', description: 'Do not modify broker or topic throttles.' },
  {
    name: 'disallow-replication-factor-change',
    description:
      "Denies the ability to change a partition's replication factor as part of this reassignment through adding validation against it.",
  },
] as const satisfies readonly Flag[]

const ACTIONS = ['generate', 'execute', 'verify', 'cancel', 'list'] as const
type ReassignFlag = FlagName<typeof REASSIGN_PARTITIONS_FLAGS>
export type ReassignAction = (typeof ACTIONS)[number]

const REQUIRED: Readonly<Record<ReassignAction, readonly ReassignFlag[]>> = {
  generate: ['topics-to-move-json-file', 'broker-list'],
  execute: ['reassignment-json-file'],
  verify: ['reassignment-json-file'],
  cancel: ['reassignment-json-file'],
  list: [],
}

const PERMITTED: Readonly<Record<ReassignAction, readonly ReassignFlag[]>> = {
  generate: ['disable-rack-aware'],
  execute: [
    'additional',
    'throttle',
    'replica-alter-log-dirs-throttle',
    'timeout',
    'disallow-replication-factor-change',
  ],
  verify: ['preserve-throttles'],
  cancel: ['preserve-throttles', 'timeout'],
  list: [],
}

/** @throws UsageError in the genuine tool's words and order */
export function reassignAction(options: Options<ReassignFlag>): ReassignAction {
  const given = ACTIONS.filter((action) => options.has(action))
  if (given.length !== 1) {
    throw new UsageError(
      `Command must include exactly one action: ${ACTIONS.map((action) => `--${action}`).join(', ')}`,
    )
  }
  const [action] = given
  if (options.has('bootstrap-server') && options.has('bootstrap-controller'))
    throw new UsageError("Please don't specify both --bootstrap-server and --bootstrap-controller")
  for (const name of REQUIRED[action])
    if (!options.has(name)) throw new UsageError(`Missing required argument "[${name}]"`)
  const right: ReassignFlag[] = [
    action,
    ...REQUIRED[action],
    ...PERMITTED[action],
    'bootstrap-server',
    'command-config',
  ]
  if (action === 'cancel' || action === 'list') right.push('bootstrap-controller')
  for (const { name } of REASSIGN_PARTITIONS_FLAGS) {
    if (options.has(name) && !right.includes(name))
      throw new UsageError(`Option "[${name}]" can't be used with action "[${action}]"`)
  }
  return action
}
