/**
 * `meta.properties`: whose directory this is. Java properties, one `name=value` a line; order and comment lines do
 * not matter. Written whole (temp, fsync, rename, fsync of the folder), and last of all when a directory is made,
 * so a directory that has it is a finished one.
 */
import { TerseError } from '../errors.ts'
import { writeFileAtomically } from '../log/checkpoint-file.ts'
import { isMissing } from '../os/error-code.ts'
import type { FileSystem } from '../os/file-system.ts'
import { SMALL_FILE_BYTES } from '../os/file-system.ts'

export const META_PROPERTIES_FILE = 'meta.properties'

export interface MetaProperties {
  /** 1; 0 in directories of the ZooKeeper era. */
  readonly version: number
  readonly clusterId: string
  readonly nodeId: number
  /** undefined where there is none: a broker makes one up at its next start. */
  readonly directoryId: string | undefined
  /** Not in the file: of other log.dirs of the node that are read together with this one. */
  readonly otherDirectoryIds?: readonly string[]
}

/**
 * undefined when there is no such file, or nothing in it.
 * @throws TerseError that names the file, where something required is missing or wrong.
 */
export function readMetaProperties(fs: FileSystem, logDir: string): MetaProperties | undefined {
  const path = `${logDir}/${META_PROPERTIES_FILE}`
  let text: string
  try {
    text = fs.readFile(path, SMALL_FILE_BYTES).toString('utf8')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  if (text.trim() === '') return undefined
  const properties = parseProperties(text)
  const required = (name: string): string => {
    const value = properties.get(name)
    if (value === undefined || value === '') throw new TerseError(`${path}: ${name} is missing`)
    return value
  }
  const version = Number(required('version'))
  if (version !== 0 && version !== 1) {
    throw new TerseError(`${path}: version ${properties.get('version')} is newer than known`)
  }
  const nodeIdName = version === 0 ? 'broker.id' : 'node.id'
  const nodeId = Number(required(nodeIdName))
  if (!Number.isInteger(nodeId) || nodeId < 0) {
    throw new TerseError(`${path}: ${nodeIdName} is not a node id: ${properties.get(nodeIdName)}`)
  }
  return {
    version,
    clusterId: version === 0 ? (properties.get('cluster.id') ?? '') : required('cluster.id'),
    nodeId,
    directoryId: properties.get('directory.id'),
  }
}

export function writeMetaProperties(fs: FileSystem, logDir: string, properties: MetaProperties): void {
  let text = `version=${properties.version}\ncluster.id=${properties.clusterId}\nnode.id=${properties.nodeId}\n`
  if (properties.directoryId !== undefined) text += `directory.id=${properties.directoryId}\n`
  writeFileAtomically(fs, `${logDir}/${META_PROPERTIES_FILE}`, Buffer.from(text))
}

/** As much of Java's properties format as these files use: comments, `=` or `:`, backslash escapes of a separator. */
function parseProperties(text: string): Map<string, string> {
  const properties = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*([^#!\s=:][^\s=:]*)\s*[=:]?\s*(.*?)\s*$/.exec(line)
    if (match !== null) properties.set(match[1], match[2].replace(/\\(.)/g, '$1'))
  }
  return properties
}
