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
  /** `controller.quorum.voters` is set. */
  readonly staticVoters: boolean
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
  return {
    nodeId: Number(nodeId),
    controller: roles.split(',').some((role) => role.trim() === 'controller'),
    directories: [...new Set([...logDirs, metadataDirectory])].sort(),
    metadataDirectory,
    staticVoters: value('controller.quorum.voters') !== undefined,
    controllerListener: listener(properties),
  }
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
