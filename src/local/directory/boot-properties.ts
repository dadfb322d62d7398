/** The properties with which a genuine broker boots a data directory, as the text of a properties file. */
import { join } from 'node:path'
import { TerseError } from '../../errors.ts'
import type { MetadataImage } from '../../metadata/metadata-image.ts'
import { OFFSETS_TOPIC, SHARE_STATE_TOPIC, TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import { builtInBrokerProperties } from '../settings/built-in-broker-properties.ts'
import { SERVER_PROPERTIES_FILE } from '../settings/server-properties.ts'
import type { LocalDirectory } from './local-directory.ts'

/** Internal topics whose number of partitions a broker must be told where it is not the default. */
const PARTITION_COUNTS = [
  [OFFSETS_TOPIC, 'offsets.topic.num.partitions', 50],
  [TRANSACTION_TOPIC, 'transaction.state.log.num.partitions', 50],
  [SHARE_STATE_TOPIC, 'share.coordinator.state.topic.num.partitions', 50],
] as const

/** @throws TerseError where there is no directory yet, or one of the ZooKeeper era */
export function bootProperties(directory: LocalDirectory): string {
  const { path } = directory
  if (!directory.exists()) {
    throw new TerseError(
      `${path}: there is no log directory yet; the first write (or storage format) makes it`,
    )
  }
  if (directory.status().kind === 'zookeeper') {
    throw new TerseError(`${path}: a directory of the ZooKeeper era; no broker of Kafka 4 boots it`)
  }
  const image = directory.image()
  const properties = builtInBrokerProperties(image, path, directory.logDirs?.paths)
  // As --data-dir takes it.
  const named = properties.get('log.dirs')
  quorum(image, properties)
  for (const [topic, setting, usual] of PARTITION_COUNTS) {
    const count = image.topic(topic)?.partitions.length
    if (count !== undefined && count !== usual) properties.set(setting, String(count))
  }
  properties.delete('broker.id')
  properties.delete('metadata.log.dir')
  const own = directory.serverProperties()
  // Where the quorum is, one way or the other: the owner's word counts.
  if (own.has('controller.quorum.voters')) properties.delete('controller.quorum.bootstrap.servers')
  if (own.has('controller.quorum.bootstrap.servers')) properties.delete('controller.quorum.voters')
  for (const [name, value] of own) if (name !== 'log.dirs' && name !== 'log.dir') properties.set(name, value)
  const lines = [...properties]
    .sort((a, b) => (a[0] < b[0] ? -1 : 1))
    .map(([name, value]) => `${name}=${escaped(value)}`)
  const with_ =
    own.size === 0 ? '' : `# The settings of ${join(path, SERVER_PROPERTIES_FILE)} are among them.\n`
  return `# A genuine broker boots ${named} with these properties (${
    image.kraftVersion > 0 ? 'a dynamic quorum: its voters stand in the metadata' : 'a static quorum'
  }):
#   tkafka --data-dir ${named} storage server-properties > server.properties
#   kafka-server-start.sh server.properties
# The directory is formatted already. Stop the broker to work on it with tkafka again.
${with_}${lines.join('\n')}
`
}

/** A dynamic quorum's controller must listen where the metadata says that its voter is. */
function quorum(image: MetadataImage, properties: Map<string, string>): void {
  const own = image.voters.find(({ voterId }) => voterId === image.nodeId)?.endpoints[0]
  if (image.kraftVersion === 0 || own === undefined) return
  const [listener] = (properties.get('listeners') ?? '').split(',')
  properties.set('listeners', `${listener},${own.name}://${own.host}:${own.port}`)
  properties.set('controller.listener.names', own.name)
  properties.set('controller.quorum.bootstrap.servers', `${own.host}:${own.port}`)
  properties.delete('controller.quorum.voters')
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\')
}
