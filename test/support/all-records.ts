import type { KafkaClients } from '../../src/index.ts'

/** A record as a line that two are compared by: everything but where it is. */
export interface SeenRecord {
  readonly offset: number
  readonly line: string
}

/** What read_committed shows of a topic, by partition. */
export async function allRecords(kafka: KafkaClients, topic: string): Promise<SeenRecord[][]> {
  const admin = await kafka.admin()
  const [{ partitions }] = await admin.describeTopics([topic])
  await admin.close()
  const seen: SeenRecord[][] = partitions.map(() => [])
  const config = { 'auto.offset.reset': 'earliest', 'max.poll.records': '5000' }
  const consumer = await kafka.consumer({ isolationLevel: 'read_committed', untilEnd: true, config })
  await consumer.assign(partitions.map(({ partition }) => ({ topic, partition })))
  while (!consumer.finished) {
    for (const { partition, offset, timestamp, exactTimestamp, key, value, headers } of await consumer.poll(
      1000,
    )) {
      const bytes = (of: Buffer | null) => of?.toString('latin1') ?? null
      const line = JSON.stringify([
        String(exactTimestamp ?? timestamp),
        bytes(key),
        bytes(value),
        headers.map((header) => [header.key, bytes(header.value)]),
      ])
      seen[partition].push({ offset, line })
    }
  }
  await consumer.close()
  return seen
}

export const linesOf = (partitions: readonly SeenRecord[][]): string[][] =>
  partitions.map((records) => records.map(({ line }) => line))

/** The topic's own settings. */
export async function ownConfigs(kafka: KafkaClients, topic: string): Promise<Record<string, string | null>> {
  const admin = await kafka.admin()
  const entries = await admin.describeConfigs({ type: 'topic', name: topic })
  await admin.close()
  return Object.fromEntries(
    entries
      .filter(({ source }) => source === 'DYNAMIC_TOPIC_CONFIG')
      .map(({ name, value }) => [name, value] as const)
      .sort(),
  )
}

/** `group topic-partition` -> the line of the first record that is read on from, or `end`. */
export async function groupPlaces(kafka: KafkaClients, topic: string): Promise<Record<string, string>> {
  const seen = await allRecords(kafka, topic)
  const admin = await kafka.admin()
  const places: Record<string, string> = {}
  for (const { groupId } of await admin.listGroups()) {
    if (groupId === 'tkafka-copy') continue
    for (const { partition, offset } of (await admin.listConsumerGroupOffsets(groupId)).values()) {
      if (partition.topic !== topic) continue
      const records = seen[partition.partition] ?? []
      const at = records.findIndex((record) => record.offset >= offset.offset)
      places[`${groupId} ${partition.partition} ${offset.metadata}`] = at < 0 ? 'end' : `record ${at}`
    }
  }
  await admin.close()
  return places
}
