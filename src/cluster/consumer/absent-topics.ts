/** What a consumer says of topics that are not there. Loaded only then. */
import { KafkaError } from '../../errors.ts'
import { nearNames, noPartition, noSuch } from '../../names/near-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { TopicMetadata } from '../cluster-metadata.ts'

/** @throws KafkaError for what is absent, where nobody waits for it; `names`: all that there are */
export function refuseAbsent(
  asked: readonly TopicPartition[] | RegExp,
  topics: ReadonlyMap<string, TopicMetadata>,
  names: readonly string[],
): void {
  if (asked instanceof RegExp) {
    if (names.some((name) => asked.test(name))) return
    // What the pattern was made of stands between the ends that javaPattern put around it.
    const typed = asked.source.replace(/^\^\(\?:(.*)\)\$$/, '$1')
    const near = nearNames(typed, names)
    throw unknown(
      `No topic matches ${typed}.${near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`}`,
    )
  }
  for (const { topic, partition } of asked) {
    const found = topics.get(topic)
    if (found === undefined) throw unknown(noSuch('topic', topic, names))
    const { length } = found.partitions
    if (partition >= length || partition < 0) throw unknown(noPartition(topic, partition, length))
  }
}

const unknown = (message: string) => new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message)
