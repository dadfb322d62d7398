import { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import type { MetadataRecord } from '../../src/message/metadata-records.ts'
import { randomUuid } from '../../src/message/uuid.ts'
import { systemOs } from '../../src/os/system-os.ts'
import { RecordBatchBuilder } from '../../src/record/record-batch-builder.ts'

/** Records that make a topic at rest on node 1. */
export function topicAtRest(
  name: string,
  partitions = 1,
  node = 1,
  topicId = randomUuid(systemOs.randomBytes),
): MetadataRecord[] {
  return [
    { type: 'TopicRecord', name, topicId },
    ...Array.from(
      { length: partitions },
      (_, partitionId): MetadataRecord => ({
        type: 'PartitionRecord',
        partitionId,
        topicId,
        replicas: [node],
        isr: [],
        removingReplicas: [],
        addingReplicas: [],
        leader: -1,
        leaderEpoch: 0,
        partitionEpoch: 0,
        directories: ['AAAAAAAAAAAAAAAAAAAAAA'],
        eligibleLeaderReplicas: [node],
        lastKnownElr: [node],
      }),
    ),
  ]
}

/** One batch of the values, appended in a session that is already entered; synced. Returns the first offset. */
export async function append(
  directory: LocalDirectory,
  topic: string,
  partition: number,
  values: readonly string[],
): Promise<number> {
  const builder = new RecordBatchBuilder({
    producerId: await directory.nextProducerId(),
    producerEpoch: 0,
    baseSequence: 0,
  })
  for (const value of values) builder.append(Date.now(), null, Buffer.from(value), [])
  const batch = builder.build()
  const log = directory.logForWriting(topic, partition)
  await log.lock()
  try {
    const { firstOffset } = log.append(batch, 0, batch.length, { freshProducerId: true })
    log.flush()
    return firstOffset
  } finally {
    log.unlock()
  }
}

/** A whole run of a producer: enter, make the topic if need be, append, leave. */
export async function produce(
  dir: string,
  topic: string,
  partition: number,
  ...values: string[]
): Promise<string[]> {
  const warnings: string[] = []
  const directory = LocalDirectory.open(systemOs, dir, { warn: (line) => warnings.push(line) })
  await directory.enter()
  if (directory.image().topic(topic) === undefined) {
    await directory.alter(() => topicAtRest(topic, 1, directory.image().nodeId))
  }
  await append(directory, topic, partition, values)
  await directory.leave()
  await directory.close()
  return warnings
}
