/** Static broker settings that follow from the directory itself: node.id, log.dirs and their like. */
import type { MetadataImage } from '../../metadata/metadata-image.ts'

/**
 * What a directory with one node implies: the static settings that a broker would have to be started with on it.
 * They stand below server.properties, and only describe shows them.
 */
export function builtInBrokerProperties(
  image: MetadataImage,
  path: string,
  logDirs: readonly string[] = [path],
): Map<string, string> {
  const node = String(image.nodeId)
  const endPoint = image.brokers.get(image.nodeId)?.endPoints[0]
  const host = endPoint?.host || 'localhost'
  const port = endPoint?.port || 9092
  const name = endPoint?.name || 'PLAINTEXT'
  const listener = `${name}://${host}:${port}`
  return new Map([
    ['advertised.listeners', listener],
    ['broker.id', node],
    ['controller.listener.names', 'CONTROLLER'],
    ['controller.quorum.voters', `${node}@${host}:${port + 1}`],
    ['group.initial.rebalance.delay.ms', '0'],
    ['listeners', `${listener},CONTROLLER://${host}:${port + 1}`],
    ['log.dirs', logDirs.join(',')],
    ['metadata.log.dir', path],
    ['node.id', node],
    ['offsets.topic.replication.factor', '1'],
    ['process.roles', 'broker,controller'],
    ['share.coordinator.state.topic.min.isr', '1'],
    ['share.coordinator.state.topic.replication.factor', '1'],
    ['transaction.state.log.min.isr', '1'],
    ['transaction.state.log.replication.factor', '1'],
  ])
}
