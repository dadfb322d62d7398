import { offsetsPartitionFor } from '../../src/group/offsets/offsets-topic.ts'
import type { LocalDirectory } from '../../src/local/directory/local-directory.ts'
import { OFFSETS_TOPIC } from '../../src/names/topic-names.ts'
import { RecordBatchBuilder, type RecordBatchOptions } from '../../src/record/record-batch-builder.ts'

export type KeyValue = [Buffer, Buffer | null]

/** Writes one batch to a group's partition of `__consumer_offsets`, as somebody else would. */
export async function appendToOffsets(
  directory: LocalDirectory,
  group: string,
  records: readonly KeyValue[],
  options: RecordBatchOptions = {},
): Promise<void> {
  await directory.enter()
  const { length } = directory.image().topic(OFFSETS_TOPIC)?.partitions ?? { length: 1 }
  const log = directory.logForWriting(OFFSETS_TOPIC, offsetsPartitionFor(group, length))
  await log.lock()
  const builder = new RecordBatchBuilder(options)
  for (const [key, value] of records) builder.append(1, key, value, [])
  const bytes = Buffer.from(builder.build())
  log.append(bytes, 0, bytes.length)
  log.unlock()
  await directory.leave()
}
