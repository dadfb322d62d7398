/** Moves of replicas between the log directories of a broker: starting them, and how far they are. */
import type { CommandContext } from '../../cli/command.ts'
import type { Admin } from '../../client/admin/admin.ts'
import type { ReplicaMove } from '../../client/admin/reassignment-admin.ts'
import { KafkaError, TerseError } from '../../errors.ts'
import { comparePartitions, topicPartitionKey } from '../../names/topic-partition.ts'
import { systemOs } from '../../os/system-os.ts'
import type { PlannedPartition } from '../plans/reassign-plan.ts'
import { logDirsOf } from './where.ts'

type Stdout = CommandContext['stdout']
/** Between attempts at replicas that are not there yet. */
const PAUSE_MS = 100

/** Replicas that the plan gives a log directory. */
export function movesOf(planned: readonly PlannedPartition[]): ReplicaMove[] {
  return planned.flatMap(({ topic, partition, replicas, logDirs }) =>
    (logDirs ?? []).flatMap((logDir, i) =>
      logDir === 'any' ? [] : [{ topic, partition, broker: replicas[i], logDir }],
    ),
  )
}

/** A replica that is not on its broker yet is waited for, as long as the time goes. @throws TerseError */
export async function executeMoves(
  stdout: Stdout,
  admin: Admin,
  moves: readonly ReplicaMove[],
  timeoutMs: number,
): Promise<void> {
  const { clock } = systemOs
  const deadline = clock.monotonic() + timeoutMs
  let open = [...moves].sort((a, b) => comparePartitions(a, b) || a.broker - b.broker)
  for (;;) {
    const errors = await admin.alterReplicaLogDirs(open)
    const isComing = (error: Error | undefined) =>
      error instanceof KafkaError && error.code === 'REPLICA_NOT_AVAILABLE'
    for (const [i, move] of open.entries()) {
      const error = errors[i]
      if (error !== undefined && !isComing(error))
        throw new TerseError(`Failed to alter dir for ${nameOf(move)}\n${error.message}`)
    }
    for (const move of open.filter((_, i) => errors[i] === undefined)) {
      stdout.line(
        `Successfully started moving log directory to ${move.logDir} for replica ${partitionOf(move)} with broker ${move.broker} `,
      )
    }
    open = open.filter((_, i) => errors[i] !== undefined)
    if (open.length === 0) return
    if (clock.monotonic() >= deadline) {
      throw new TerseError(
        `Timed out before log directory move${open.length === 1 ? '' : 's'} could be started for: ${open.map(nameOf).join(',')}`,
      )
    }
    await clock.sleep(PAUSE_MS)
  }
}

export interface MoveState {
  readonly move: ReplicaMove
  readonly isActive: boolean
  readonly currentDir: string | undefined
  readonly text: string
}

export async function moveStates(admin: Admin, moves: readonly ReplicaMove[]): Promise<MoveState[]> {
  if (moves.length === 0) return []
  const dirs = await logDirsOf(admin, [...new Set(moves.map(({ broker }) => broker))])
  return moves.map((move) => {
    const currentDir = dirs.current(move)
    const future = dirs.future(move)
    const state = (text: string, isActive = false) => ({ move, isActive, currentDir, text })
    const on = `Partition ${partitionOf(move)} on broker ${move.broker} is`
    if (future === move.logDir)
      return state(`Reassignment of replica ${nameOf(move)} is still in progress.`, true)
    if (future !== undefined)
      return state(`${on} being moved to log dir ${future} instead of ${move.logDir}.`, true)
    if (currentDir === undefined) {
      return state(
        `Partition ${partitionOf(move)} cannot be found in any live log directory on broker ${move.broker}.`,
      )
    }
    if (currentDir === move.logDir)
      return state(`Reassignment of replica ${nameOf(move)} completed successfully.`)
    return state(`${on} not being moved from log dir ${currentDir} to ${move.logDir}.`)
  })
}

function partitionOf({ topic, partition }: ReplicaMove): string {
  return topicPartitionKey(topic, partition)
}

function nameOf(move: ReplicaMove): string {
  return `${partitionOf(move)}-${move.broker}`
}
