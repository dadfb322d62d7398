/** What storage needs of a broker's configuration file. */
import { resolve } from 'node:path'
import { TerseError } from '../../errors.ts'
import { propertiesFile } from '../open/client-properties.ts'

export interface StorageConfig {
  readonly nodeId: number
  readonly controller: boolean
  /** Absolute, sorted, each once; with the metadata's. */
  readonly directories: readonly string[]
  readonly metadataDirectory: string
  /** Node ids of `controller.quorum.voters`, growing; undefined where it is not set. */
  readonly staticVoters: readonly number[] | undefined
  /** This node is a broker and the only controller: nobody else has a say in its metadata. */
  readonly alone: boolean
  /** The first controller listener, as voters reach it. */
  readonly controllerListener:
    | { readonly name: string; readonly host: string; readonly port: number }
    | undefined
}

/** @throws TerseError that names what is missing */
export async function readStorageConfig(file: string): Promise<StorageConfig> {
  const properties = await propertiesFile(file)
  const value = (name: string) => properties.get(name)?.trim() || undefined
  const roles = value('process.roles')
  if (roles === undefined) {
    throw new TerseError('Missing required configuration "process.roles" which has no default value.')
  }
  const nodeId = value('node.id') ?? value('broker.id')
  if (nodeId === undefined) {
    throw new TerseError('Missing required configuration "node.id" which has no default value.')
  }
  if (!/^\d{1,10}$/.test(nodeId)) {
    throw new TerseError(`Invalid value ${nodeId} for configuration node.id: Value must be at least 0`)
  }
  const listed = (value('log.dirs') ?? value('log.dir') ?? '/tmp/kafka-logs').split(',')
  const logDirs = listed.map((dir) => resolve(dir.trim()))
  const metadataDirectory = resolve(value('metadata.log.dir') ?? logDirs[0])
  const hasRole = (name: string) => roles.split(',').some((role) => role.trim() === name)
  const staticVoters = voterIds(value('controller.quorum.voters'))
  const isVoter = staticVoters?.includes(Number(nodeId)) ?? false
  if (staticVoters !== undefined && isVoter !== hasRole('controller')) {
    const [role, must] = isVoter ? ["just the 'broker'", 'must not'] : ["the 'controller'", 'must']
    throw new TerseError(
      `If process.roles contains ${role} role, the node id ${nodeId} ${must} be included in the set of voters controller.quorum.voters=Set(${staticVoters.join(', ')})`,
    )
  }
  return {
    nodeId: Number(nodeId),
    controller: hasRole('controller'),
    alone: hasRole('broker') && isVoter && staticVoters?.length === 1,
    directories: [...new Set([...logDirs, metadataDirectory])].sort(),
    metadataDirectory,
    staticVoters,
    controllerListener: listener(properties),
  }
}

/** Of `1@host:9093,2@host:9093`. */
function voterIds(text: string | undefined): number[] | undefined {
  return text
    ?.split(',')
    .map((voter) => Number.parseInt(voter, 10))
    .sort((a, b) => a - b)
}

function listener(properties: ReadonlyMap<string, string>): StorageConfig['controllerListener'] {
  const name = (properties.get('controller.listener.names') ?? '').split(',')[0].trim()
  for (const list of ['advertised.listeners', 'listeners']) {
    for (const one of (properties.get(list) ?? '').split(',')) {
      const match = /^([^:]+):\/\/(.*):(\d+)$/.exec(one.trim())
      if (match?.[1] === name) return { name, host: match[2] || 'localhost', port: Number(match[3]) }
    }
  }
  return undefined
}
