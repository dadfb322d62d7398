/** `metadata-quorum add-controller`: who the controller is, from its own configuration and its directory. */
import type { RaftVoterEndpoint } from '../../client/admin/node-admin.ts'
import { TerseError } from '../../errors.ts'
import { systemOs } from '../../os/system-os.ts'
import { parseProperties } from '../open/client-properties.ts'

const VALID = 'Is this a valid controller configuration file?'

export interface AddedController {
  readonly id: number
  readonly directoryId: string
  readonly endpoints: readonly RaftVoterEndpoint[]
}

/** @throws TerseError in the genuine tool's words */
export async function addedController(properties: ReadonlyMap<string, string>): Promise<AddedController> {
  const id = nodeId(properties)
  const directoryId = await directoryIdIn(metadataDirectory(properties))
  return { id, directoryId, endpoints: endpointsOf(properties) }
}

function nodeId(properties: ReadonlyMap<string, string>): number {
  const text = properties.get('node.id')
  if (text === undefined) throw new TerseError(`node.id not found in configuration file. ${VALID}`)
  if (!/^[+-]?\d{1,10}$/.test(text)) throw new TerseError(`For input string: "${text}"`)
  if (Number(text) < 0) throw new TerseError(`node.id was negative in configuration file. ${VALID}`)
  if (!(properties.get('process.roles') ?? '').includes('controller'))
    throw new TerseError(`process.roles did not contain 'controller' in configuration file. ${VALID}`)
  return Number(text)
}

function metadataDirectory(properties: ReadonlyMap<string, string>): string {
  const [first] = (properties.get('log.dirs') ?? '').trim().split(',')
  const directory = properties.get('metadata.log.dir') ?? (properties.has('log.dirs') ? first : undefined)
  if (directory !== undefined) return directory
  throw new TerseError(`Neither metadata.log.dir nor log.dirs were found. ${VALID}`)
}

async function directoryIdIn(directory: string): Promise<string> {
  let bytes: Buffer
  try {
    bytes = systemOs.fs.readUserFile(`${directory}/meta.properties`)
  } catch {
    throw new TerseError(`Unable to read meta.properties from ${directory}`)
  }
  const id = (await parseProperties(bytes)).get('directory.id')
  if (id === undefined) throw new TerseError(`No directory id found in ${directory}`)
  return id
}

/** Where the controller's listeners are reached: advertised.listeners win over listeners. */
function endpointsOf(properties: ReadonlyMap<string, string>): RaftVoterEndpoint[] {
  const listeners = new Map<string, RaftVoterEndpoint>()
  for (const setting of ['listeners', 'advertised.listeners']) {
    for (const text of (properties.get(setting) ?? '').split(',').map((one) => one.trim())) {
      const match = /^([^:]+):\/\/(?:\[([^\]]*)\]|([^:]*)):(-?\d+)$/.exec(text)
      if (match === null) continue
      const name = match[1].toUpperCase()
      listeners.set(name, { name, host: match[2] || match[3] || 'localhost', port: Number(match[4]) })
    }
  }
  const names = properties.get('controller.listener.names')
  if (names === undefined) throw new TerseError(`controller.listener.names was not found. ${VALID}`)
  return names.split(',').map((given) => {
    const name = given.trim().toUpperCase()
    const found = listeners.get(name)
    if (found === undefined)
      throw new TerseError(`Cannot find information about controller listener name: ${name}`)
    return found
  })
}
