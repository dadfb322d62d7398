/**
 * What a consumer does about topics that are not there. Reading changes nothing, so it makes none by itself: it waits for them,
 * or, where it reads to the end of what there is, says which name is wrong. Loaded only when something is absent.
 */

import { KafkaError } from '../../errors.ts'
import { nearNames, noPartition, noSuch } from '../../names/near-names.ts'
import { isInternalTopic, isTopicName } from '../../names/topic-names.ts'
import type { TopicPartition } from '../../names/topic-partition.ts'
import type { Os } from '../../os/os.ts'
import { ensureTopic } from '../admin/ensure-topic.ts'
import type { LocalDirectory } from './local-directory.ts'

export interface AbsentTopicsOptions {
  /** `allow.auto.create.topics=true`, given explicitly: made as a broker makes them for a consumer. */
  readonly create: boolean
  /** Nobody waits for what is absent. */
  readonly untilEnd: boolean
}

/** @throws KafkaError for a name that no topic can have, and with `untilEnd` for one that there is no topic of */
export async function meetAbsent(
  os: Os,
  directory: LocalDirectory,
  asked: readonly TopicPartition[] | RegExp,
  { create, untilEnd }: AbsentTopicsOptions,
): Promise<void> {
  if (asked instanceof RegExp) {
    if (untilEnd) refuseUnmatched(directory, asked)
    return
  }
  const absent = absentOf(directory, asked)
  for (const name of absent) checkTopicName(name)
  if (create) for (const name of absent) await makeTopic(os, directory, name)
  if (untilEnd) refuseAbsent(directory, asked)
}

function absentOf(directory: LocalDirectory, asked: readonly TopicPartition[]): string[] {
  const image = directory.exists() ? directory.image() : undefined
  const names = new Set(asked.map(({ topic }) => topic))
  return [...names].filter((name) => image?.topic(name) === undefined)
}

/** As a broker does; without the right or the means to, the consumer waits for it. */
async function makeTopic(os: Os, directory: LocalDirectory, name: string): Promise<void> {
  if (isInternalTopic(name) || directory.brokerIsRunning()) return
  try {
    await ensureTopic(os, directory, name)
  } catch (error) {
    // Topics are not made on first use here.
    if (!(error instanceof KafkaError) || error.code !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
  }
}

function refuseAbsent(directory: LocalDirectory, asked: readonly TopicPartition[]): void {
  requireDirectory(directory, asked[0]?.topic)
  const image = directory.image()
  for (const { topic, partition } of asked) {
    const found = image.topic(topic)
    if (found === undefined) throw unknown(noSuch('topic', topic, image.topics()))
    const { length } = found.partitions
    if (partition >= length || partition < 0) throw unknown(noPartition(topic, partition, length))
  }
}

function refuseUnmatched(directory: LocalDirectory, pattern: RegExp): void {
  // What the pattern was made of stands between the ends that javaPattern put around it.
  const typed = pattern.source.replace(/^\^\(\?:(.*)\)\$$/, '$1')
  requireDirectory(directory, typed)
  const names = [...directory.image().topics()]
  if (names.some((name) => pattern.test(name))) return
  const near = nearNames(typed, names)
  const hint = near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`
  throw unknown(`No topic matches ${typed}.${hint}`)
}

function requireDirectory(directory: LocalDirectory, topic: string | undefined): void {
  if (directory.exists()) return
  throw unknown(
    `There is no topic ${topic}: nothing was ever written to the data directory ${directory.path}`,
  )
}

function checkTopicName(topic: string): void {
  if (isTopicName(topic)) return
  throw new KafkaError('INVALID_TOPIC_EXCEPTION', `Invalid topics: [${topic}]`)
}

const unknown = (message: string) => new KafkaError('UNKNOWN_TOPIC_OR_PARTITION', message)
