/** `tkafka metadata-quorum`: the metadata log of a directory, as its only voter would tell it. */

import { defineCommand, type Flag, type Subcommand, type ToolContext } from '../cli/command.ts'
import { machineOutput, outputFlag, wholeRow } from '../cli/machine-output.ts'
import type { Admin } from '../client/admin/admin.ts'
import type { QuorumInfo, QuorumReplica } from '../client/admin/node-admin.ts'
import { KafkaError, TerseError } from '../errors.ts'
import { isUuid, ZERO_UUID } from '../message/uuid.ts'
import { propertiesFile } from './open/client-properties.ts'
import { BOOTSTRAP_CONTROLLER, BOOTSTRAP_SERVER, COMMAND_CONFIG } from './open/common-flags.ts'
import { openAdmin } from './open/open-client.ts'

const BOOTSTRAP_GROUP = { group: { name: 'bootstrap' }, argName: undefined }
const DRY_RUN = {
  name: 'dry-run',
  description: 'True if we should print what would be done, but not do it.',
} as const satisfies Flag

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
      {
        name: 'unregister',
        description:
          'If set, also unregister the controller after successfully removing it from the voter set.',
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
      return addController(context, await propertiesFile(config))
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
        const { voters, observers: _, ...status } = quorum
        await machine.all(
          options.has('status')
            ? [wholeRow(QUORUM_SHAPE, { ...status, voters: voters.map(({ id }) => id) })]
            : replicasOf(quorum).map((row) => wholeRow(REPLICA_SHAPE, row)),
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

/** Leader, followers, observers: each with how far it is behind the leader. */
function replicasOf({ leaderId, voters, observers }: QuorumInfo) {
  const end = voters.find(({ id }) => id === leaderId)?.logEndOffset ?? 0
  const rows = (some: readonly QuorumReplica[], status: string) =>
    some.map((one) => ({ ...one, lag: end - one.logEndOffset, status }))
  return [
    ...rows(
      voters.filter(({ id }) => id === leaderId),
      'Leader',
    ),
    ...rows(
      voters.filter(({ id }) => id !== leaderId),
      'Follower',
    ),
    ...rows(observers, 'Observer'),
  ]
}

/** How far the voter that is farthest behind is behind the leader, in records and in time. */
function followerLag({ leaderId, voters }: QuorumInfo): { lag: number; timeMs: number } {
  const leader = voters.find(({ id }) => id === leaderId)
  const [last] = [...voters].sort((a, b) => a.logEndOffset - b.logEndOffset)
  if (leader === undefined || last === undefined || leader === last) return { lag: 0, timeMs: 0 }
  const known = leader.lastCaughtUpTimestamp >= 0 && last.lastCaughtUpTimestamp >= 0
  return {
    lag: leader.logEndOffset - last.logEndOffset,
    timeMs: known ? leader.lastCaughtUpTimestamp - last.lastCaughtUpTimestamp : -1,
  }
}

function replicaText({ id, directoryId, endpoints }: QuorumReplica): string {
  const parts = [`"id": ${id}`]
  if (directoryId !== ZERO_UUID) parts.push(`"directoryId": "${directoryId}"`)
  if (endpoints.length > 0) parts.push(`"endpoints": [${endpoints.map((one) => `"${one}"`).join(', ')}]`)
  return `{${parts.join(', ')}}`
}

function printStatus({ stdout }: Context, quorum: QuorumInfo): void {
  const { lag, timeMs } = followerLag(quorum)
  stdout.line(`ClusterId:              ${quorum.clusterId}`)
  stdout.line(`LeaderId:               ${quorum.leaderId}`)
  stdout.line(`LeaderEpoch:            ${quorum.leaderEpoch}`)
  stdout.line(`HighWatermark:          ${quorum.highWatermark}`)
  stdout.line(`MaxFollowerLag:         ${lag}`)
  stdout.line(`MaxFollowerLagTimeMs:   ${timeMs}`)
  stdout.line(`CurrentVoters:          [${quorum.voters.map(replicaText).join(', ')}]`)
  stdout.line(`CurrentObservers:       [${quorum.observers.map(replicaText).join(', ')}]`)
}

function printReplication({ options, stdout }: Context, quorum: QuorumInfo): void {
  const now = Date.now()
  const time = (ms: number) =>
    options.has('human-readable') && ms >= 0 ? `${Math.max(0, now - ms)} ms ago` : String(ms)
  const rows = [
    ['NodeId', 'DirectoryId', 'LogEndOffset', 'Lag', 'LastFetchTimestamp', 'LastCaughtUpTimestamp', 'Status'],
    ...replicasOf(quorum).map((one) => [
      String(one.id),
      one.directoryId,
      String(one.logEndOffset),
      String(one.lag),
      time(one.lastFetchTimestamp),
      time(one.lastCaughtUpTimestamp),
      one.status,
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
    if (options.has('unregister')) stdout.line(`DRY RUN of unregistering KRaft controller ${id}`)
    return 0
  }
  return withAdmin(context, async (admin) => {
    const unregister = options.has('unregister')
    const failed = (what: string) => (error: unknown) => {
      if (!(error instanceof KafkaError) || !unregister) throw error
      throw new TerseError(
        `Failed to ${what} ${id}: ${error.message}. To unregister the controller from the cluster, run \`kafka-cluster.sh unregister-controller --id ${id}\`.`,
      )
    }
    await admin.removeRaftVoter(id, directoryId).catch(failed('remove KRaft voter'))
    stdout.line(`Removed  KRaft controller ${id} with directory id ${directoryId}`)
    if (!unregister) return 0
    await admin.unregisterController(id).catch(failed('unregister controller'))
    stdout.line(`Unregistered KRaft controller ${id}`)
    return 0
  })
}

/** What is said in the configuration of the controller that is to become a voter. */
async function addController(context: Context, properties: ReadonlyMap<string, string>): Promise<number> {
  const { addedController } = await import('./metadata-quorum/added-controller.ts')
  const { id, directoryId, endpoints } = await addedController(properties)
  const dryRun = context.options.has('dry-run')
  return withAdmin(context, async (admin) => {
    if (!dryRun) await admin.addRaftVoter(id, directoryId, endpoints)
    const places = endpoints.map(({ name, host, port }) => `${name}://${bracketed(host)}:${port}`)
    context.stdout.line(
      `${dryRun ? 'DRY RUN of adding' : 'Added'} controller ${id} with directory id ${directoryId} and endpoints: ${places.join(', ')}`,
    )
    return 0
  })
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

async function withAdmin(context: Context, action: (admin: Admin) => Promise<number>): Promise<number> {
  const admin = await openAdmin(context)
  try {
    return await action(admin)
  } finally {
    await admin.close()
  }
}
