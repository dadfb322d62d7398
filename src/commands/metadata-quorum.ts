/** `tkafka metadata-quorum`: the metadata log of a directory, as its only voter would tell it. */

import { defineCommand, type Flag, type Subcommand, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, wholeRow } from '../cli/machine-output.ts'
import type { QuorumInfo } from '../client/admin/node-admin.ts'
import { TerseError } from '../errors.ts'
import { isUuid, ZERO_UUID } from '../message/uuid.ts'
import { propertiesFile } from './open/client-properties.ts'
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const BOOTSTRAP_GROUP = { group: { name: 'bootstrap' }, argName: undefined }
const DRY_RUN = {
  name: 'dry-run',
  description: 'True if we should print what would be done, but not do it.',
} as const satisfies Flag
const NEEDS_CONTROLLER =
  'the voters of a quorum are changed by its running leader; a data directory has none (--bootstrap-server)'

const QUORUM_SHAPE = {
  kind: 'quorum',
  columns: ['clusterId', 'leaderId', 'leaderEpoch', 'highWatermark', 'voters'],
}
const REPLICA_SHAPE = {
  kind: 'quorum-replica',
  columns: [
    'id',
    'directoryId',
    'logEndOffset',
    'lag',
    'lastFetchTimestamp',
    'lastCaughtUpTimestamp',
    'status',
    'endpoints',
  ],
}

const FLAGS = [
  { ...BOOTSTRAP_SERVER, ...BOOTSTRAP_GROUP },
  { ...BOOTSTRAP_CONTROLLER, ...BOOTSTRAP_GROUP },
  { ...COMMAND_CONFIG, argName: undefined },
  outputFlag,
] as const satisfies readonly Flag[]

const SUBCOMMANDS = [
  {
    name: 'describe',
    summary: 'Describe the metadata quorum info',
    flags: [
      { name: 'status', description: 'A short summary of the quorum status.' },
      { name: 'replication', description: 'Detailed information about the status of replication' },
      { name: 'human-readable', description: 'Human-readable output' },
    ],
  },
  {
    name: 'add-controller',
    summary: 'Add a controller to the KRaft controller cluster',
    flags: [DRY_RUN],
  },
  {
    name: 'remove-controller',
    summary: 'Remove a controller from the KRaft controller cluster',
    flags: [
      {
        name: 'controller-id',
        short: 'i',
        arg: 'required',
        type: 'int',
        required: true,
        description: 'The id of the controller to remove.',
      },
      {
        name: 'controller-directory-id',
        short: 'd',
        arg: 'required',
        required: true,
        description: 'The directory ID of the controller to remove.',
      },
      DRY_RUN,
    ],
  },
] as const satisfies readonly Subcommand[]

type Context = ToolContext<typeof FLAGS, typeof SUBCOMMANDS>

export const command = defineCommand({
  name: 'metadata-quorum',
  summary: 'This tool describes kraft metadata quorum status.',
  parser: 'argparse',
  flags: FLAGS,
  subcommands: SUBCOMMANDS,
  examples: ['tkafka metadata-quorum describe --status', 'tkafka metadata-quorum describe --replication'],
  async run(context) {
    const { options } = context
    const config = options.value('command-config')
    if (options.subcommand === 'remove-controller') return removeController(context)
    if (options.subcommand === 'add-controller') {
      if (config === undefined) {
        throw new TerseError(
          'You must supply the configuration file of the controller you are adding when using add-controller.',
        )
      }
      await propertiesFile(config)
      throw new TerseError(NEEDS_CONTROLLER)
    }
    if (options.has('status') && options.has('replication')) {
      throw new TerseError(
        'Only one of --status or --replication should be specified with describe sub-command',
      )
    }
    if (options.has('status') && options.has('human-readable')) {
      throw new TerseError('The option --human-readable is only supported along with --replication')
    }
    if (!options.has('status') && !options.has('replication')) {
      throw new TerseError('One of --status or --replication must be specified with describe sub-command')
    }
    const admin = await openAdmin(context)
    try {
      const quorum = await admin.describeMetadataQuorum()
      const machine = machineOutput(context, options.has('status') ? QUORUM_SHAPE : REPLICA_SHAPE)
      if (machine !== undefined) {
        const { voters, ...status } = quorum
        const rows = voters.map((voter) => ({
          ...voter,
          lag: quorum.highWatermark - voter.logEndOffset,
          status: voter.id === quorum.leaderId ? 'Leader' : 'Follower',
        }))
        await machine.all(
          options.has('status')
            ? [wholeRow(QUORUM_SHAPE, { ...status, voters: rows.map(({ id }) => id) })]
            : rows.map((row) => wholeRow(REPLICA_SHAPE, row)),
        )
        return 0
      }
      if (options.has('status')) printStatus(context, quorum)
      else printReplication(context, quorum)
      return 0
    } finally {
      await admin.close()
    }
  },
})

function printStatus({ stdout }: Context, quorum: QuorumInfo): void {
  const voters = quorum.voters.map(({ id, directoryId, endpoints }) => {
    const parts = [`"id": ${id}`]
    if (directoryId !== ZERO_UUID) parts.push(`"directoryId": "${directoryId}"`)
    if (endpoints.length > 0) parts.push(`"endpoints": [${endpoints.map((one) => `"${one}"`).join(', ')}]`)
    return `{${parts.join(', ')}}`
  })
  stdout.line(`ClusterId:              ${quorum.clusterId}`)
  stdout.line(`LeaderId:               ${quorum.leaderId}`)
  stdout.line(`LeaderEpoch:            ${quorum.leaderEpoch}`)
  stdout.line(`HighWatermark:          ${quorum.highWatermark}`)
  stdout.line('MaxFollowerLag:         0')
  stdout.line('MaxFollowerLagTimeMs:   0')
  stdout.line(`CurrentVoters:          [${voters.join(', ')}]`)
  stdout.line('CurrentObservers:       []')
}

function printReplication({ options, stdout }: Context, quorum: QuorumInfo): void {
  const now = Date.now()
  const time = (ms: number) =>
    options.has('human-readable') ? `${Math.max(0, now - ms)} ms ago` : String(ms)
  const rows = [
    ['NodeId', 'DirectoryId', 'LogEndOffset', 'Lag', 'LastFetchTimestamp', 'LastCaughtUpTimestamp', 'Status'],
    ...[...quorum.voters]
      .sort((a, b) => Number(b.id === quorum.leaderId) - Number(a.id === quorum.leaderId))
      .map((voter) => [
        String(voter.id),
        voter.directoryId,
        String(voter.logEndOffset),
        String(quorum.highWatermark - voter.logEndOffset),
        time(voter.lastFetchTimestamp),
        time(voter.lastCaughtUpTimestamp),
        voter.id === quorum.leaderId ? 'Leader' : 'Follower',
      ]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  for (const row of rows) {
    stdout.line(row.map((cell, column) => `${cell.padEnd(widths[column])}\t`).join(''))
  }
}

function whyNoUuid(text: string): string {
  if (text.length > 24)
    return `Input string with prefix \`${text.slice(0, 24)}\` is too long to be decoded as a base64 UUID`
  if (text.length === 1) return 'Input byte[] should at least have 2 bytes for base64 bytes'
  const { length } = Buffer.from(text, 'base64url')
  return `Input string \`${text}\` decoded as ${length} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID`
}

async function removeController(context: Context): Promise<number> {
  const { options, stdout } = context
  const id = options.int('controller-id') ?? -1
  if (id < 0) throw new TerseError(`Invalid negative --controller-id: ${id}`)
  const directoryId = options.value('controller-directory-id') ?? ''
  if (!isUuid(directoryId)) {
    throw new TerseError(`Failed to parse --controller-directory-id: ${whyNoUuid(directoryId)}`)
  }
  if (options.has('dry-run')) {
    stdout.line(`DRY RUN of removing KRaft controller ${id} with directory id ${directoryId}`)
    return 0
  }
  throw new TerseError(NEEDS_CONTROLLER)
}
