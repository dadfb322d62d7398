/**
 * Tells who owns the metadata log of a directory: this node alone, or several controllers. The other controllers would overrule a
 * change that is made to one of several copies: it would be acknowledged, and lost when they start.
 *
 * Evidence, each kind where it is there: the voters in the metadata log (dynamic quorum), `quorum-state` (static one,
 * data_version 0), `server.properties` (the file that a broker would be started with); if none of these says it, the
 * controllers that registered.
 */
import { join } from 'node:path'
import { TerseError } from '../../errors.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../../metadata/metadata-log-files.ts'
import { nodeList } from '../../metadata/replica-place.ts'
import type { Os } from '../../os/os.ts'

const MAX_QUORUM_STATE_BYTES = 64 * 1024

export interface Quorum {
  /** Ids of the controllers that vote, growing; this node alone where nothing tells of another. */
  readonly voters: readonly number[]
  /** The controller that led last, as `quorum-state` tells it; undefined where it does not. */
  readonly leaderId: number | undefined
  /** What tells of other voters, or that this node is none. */
  readonly source: string | undefined
}

/** `image` is undefined where the metadata cannot be read. */
export function readQuorum(
  os: Os,
  dir: string,
  nodeId: number,
  image: MetadataImage | undefined,
  properties: ReadonlyMap<string, string>,
): Quorum {
  const state = readQuorumState(os, dir)
  const found: { voters: readonly number[]; source: string }[] = []
  if (image !== undefined && image.kraftVersion > 0 && image.voters.length > 0) {
    found.push({ voters: image.voters.map(({ voterId }) => voterId), source: 'the metadata log' })
  } else if (state.voters.length > 0) found.push({ voters: state.voters, source: 'quorum-state' })
  const named = votersOf(properties.get('controller.quorum.voters') ?? '')
  if (named.length > 0) found.push({ voters: named, source: 'server.properties' })
  else if (isBrokerOnly(properties)) {
    const voters = found[0]?.voters.filter((id) => id !== nodeId) ?? []
    found.push({ voters, source: 'server.properties (process.roles=broker)' })
  }
  if (found.length === 0 && image !== undefined) {
    const registered = [...image.controllers.keys()]
    if (registered.length > 0) found.push({ voters: registered, source: 'the registered controllers' })
  }
  const alone = (voters: readonly number[]) => voters.length === 1 && voters[0] === nodeId
  const telling = found.find(({ voters }) => !alone(voters))
  const voters = [...new Set(telling?.voters ?? [nodeId])].sort((a, b) => a - b)
  return { voters, leaderId: state.leaderId, source: telling?.source }
}

/** @throws TerseError where a change of the metadata would be overruled, or no broker of this node would see it */
export function refuseForeignMetadata(
  dir: string,
  nodeId: number,
  quorum: Quorum,
  image: MetadataImage | undefined,
): void {
  if (quorum.source !== undefined) {
    let whose = `its metadata is kept by ${nodeList(quorum.voters)}, and here is node ${nodeId} with a copy`
    if (quorum.voters.length === 0) whose = 'its metadata is a copy of that of other nodes'
    else if (quorum.voters.includes(nodeId))
      whose = `its metadata is kept by ${nodeList(quorum.voters)} together, and here is only node ${nodeId}`
    throw new TerseError(
      `${dir}: ${whose} (${quorum.source} tells): a change made here alone is lost when they start; ` +
        'start them and use --bootstrap-server',
    )
  }
  if (image === undefined || fits(image)) return
  throw new TerseError(
    `${dir}: meta.properties says node.id ${nodeId}, but its metadata knows only ${nodeList([...image.brokers.keys()])}: ` +
      'nothing is changed until node.id is right',
  )
}

/** Whether the metadata knows the node, or nobody at all yet. */
function fits(image: MetadataImage): boolean {
  if (image.brokers.size === 0 || image.brokers.has(image.nodeId)) return true
  for (const { partitions } of image.topicImages()) {
    for (const { replicas } of partitions) if (replicas.includes(image.nodeId)) return true
  }
  return false
}

/** Damaged, or of a form that is not known: it tells nothing. */
function readQuorumState(os: Os, dir: string): { voters: number[]; leaderId: number | undefined } {
  const nothing = { voters: [], leaderId: undefined }
  const path = join(dir, METADATA_LOG_FOLDER, 'quorum-state')
  try {
    const stat = os.fs.stat(path)
    if (stat === undefined || stat.isDirectory() || stat.size > MAX_QUORUM_STATE_BYTES) return nothing
    const state: unknown = JSON.parse(os.fs.readFile(path).toString('utf8'))
    if (typeof state !== 'object' || state === null) return nothing
    const leaderId = 'leaderId' in state && typeof state.leaderId === 'number' ? state.leaderId : -1
    const listed = 'currentVoters' in state && Array.isArray(state.currentVoters) ? state.currentVoters : []
    const voters = listed.map((one: unknown) =>
      typeof one === 'object' && one !== null && 'voterId' in one ? one.voterId : undefined,
    )
    return {
      voters: voters.filter((id): id is number => typeof id === 'number'),
      leaderId: leaderId < 0 ? undefined : leaderId,
    }
  } catch {
    return nothing
  }
}

function votersOf(text: string): number[] {
  return text
    .split(',')
    .map((one) => /^\s*(\d+)@/.exec(one)?.[1])
    .filter((id) => id !== undefined)
    .map(Number)
}

function isBrokerOnly(properties: ReadonlyMap<string, string>): boolean {
  const roles = (properties.get('process.roles') ?? '').split(',').map((role) => role.trim())
  return roles.includes('broker') && !roles.includes('controller')
}
