/** Makes a topic on first use, as a broker with auto.create.topics.enable does. */
import type { NewTopic, TopicDescription } from '../../client/admin/topic-admin.ts'
import { KafkaError } from '../../errors.ts'
import { nearNames } from '../../names/near-names.ts'
import { OFFSETS_TOPIC, TRANSACTION_TOPIC } from '../../names/topic-names.ts'
import type { Os } from '../../os/os.ts'
import type { LocalDirectory } from '../directory/local-directory.ts'
import { BrokerConfigLayers } from '../settings/broker-config-layers.ts'
import { LocalTopics } from './topic-admin.ts'

/**
 * The topic, made on first use as a broker does it: auto.create.topics.enable, num.partitions and
 * default.replication.factor decide. Internal topics come with Kafka's own partitions and settings.
 * @param always whatever auto.create.topics.enable says, as a coordinator makes its own topic
 * @throws KafkaError UNKNOWN_TOPIC_OR_PARTITION with near names where topics are not made on first use, and
 * INVALID_TOPIC_EXCEPTION for a name that cannot be one
 */
export async function ensureTopic(
  os: Os,
  directory: LocalDirectory,
  name: string,
  always = false,
): Promise<TopicDescription> {
  const topics = new LocalTopics(os, directory)
  const image = directory.image()
  if (image.topic(name) !== undefined) return (await topics.describeTopics([name]))[0]
  const layers = new BrokerConfigLayers(image, directory.serverProperties())
  if (!always && /^false$/i.test(layers.value('auto.create.topics.enable') ?? 'true')) {
    const near = nearNames(name, image.topics())
    const hint = near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
    throw new KafkaError(
      'UNKNOWN_TOPIC_OR_PARTITION',
      `Topic ${name} does not exist, and auto.create.topics.enable is false${hint}`,
    )
  }
  try {
    return await topics.createTopic(newTopic(name, layers))
  } catch (error) {
    // Somebody else was quicker.
    if (!(error instanceof KafkaError) || error.code !== 'TOPIC_ALREADY_EXISTS') throw error
    return (await topics.describeTopics([name]))[0]
  }
}

/** What a broker makes of a name that it was not told about. */
function newTopic(name: string, layers: BrokerConfigLayers): NewTopic {
  const number = (setting: string) => Number(layers.value(setting))
  switch (name) {
    case OFFSETS_TOPIC:
      return {
        name,
        partitions: number('offsets.topic.num.partitions'),
        replicationFactor: 1,
        configs: {
          'compression.type': 'producer',
          'cleanup.policy': 'compact',
          'segment.bytes': layers.value('offsets.topic.segment.bytes') ?? '104857600',
        },
      }
    case TRANSACTION_TOPIC:
      return {
        name,
        partitions: number('transaction.state.log.num.partitions'),
        replicationFactor: 1,
        configs: {
          'compression.type': 'uncompressed',
          'cleanup.policy': 'compact',
          'min.insync.replicas': '1',
          'segment.bytes': layers.value('transaction.state.log.segment.bytes') ?? '104857600',
          'unclean.leader.election.enable': 'false',
        },
      }
    default:
      return { name }
  }
}
