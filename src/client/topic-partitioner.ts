/** The partitioner of one topic of one producer, from the producer's settings. */
import type { SlicePartitioner } from './partitioner.ts'
import type { PartitionerChoice } from './partitioner-loader.ts'

export interface PartitionerSettings {
  readonly partitionerClass: string | undefined
  readonly ignoreKeys: boolean
  readonly batchSize: number
}

/** What is loaded is what the settings ask for. @throws TerseError for a class or module that is none */
export async function choosePartitioner({
  partitionerClass,
  ignoreKeys,
}: PartitionerSettings): Promise<PartitionerChoice> {
  if (partitionerClass === undefined) return { kind: 'rotation', ignoreKeys }
  const loader = await import('./partitioner-loader.ts')
  return loader.choosePartitioner(partitionerClass, ignoreKeys)
}

/** @param start where a rotation begins; asked with the first record that needs it */
export async function topicPartitioner(
  topic: string,
  choice: PartitionerChoice,
  { batchSize }: PartitionerSettings,
  start: (partitionCount: number) => number,
): Promise<SlicePartitioner> {
  const { RotatingPartitioner, StickyPartitioner, UserPartitioner } = await import('./partitioner.ts')
  switch (choice.kind) {
    case 'user':
      return new UserPartitioner(topic, choice.partitioner)
    case 'sticky':
      return new StickyPartitioner({ ignoreKeys: choice.ignoreKeys, batchSize })
    default:
      return new RotatingPartitioner({ ignoreKeys: choice.ignoreKeys, start })
  }
}
