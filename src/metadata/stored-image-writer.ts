/**
 * Writes the stored image; its bytes and what they must fit are told in stored-image.ts. Loaded when one is due, which is seldom.
 * Crash: the old image or the new one is there, or a `.part` that the next one replaces; what a power cut leaves half written
 * its checksums tell.
 */

import { crc32c } from '../bytes/crc32c.ts'
import { CONFIG_RESOURCE } from '../message/metadata-records.ts'
import { compareText } from '../names/compare-text.ts'
import { type FileSystem, openTemporary, writeFully } from '../os/file-system.ts'
import type { MetadataImageParts, PartitionImage, TopicImage } from './metadata-image.ts'
import { STORED_IMAGE_FILE } from './metadata-log-files.ts'
import {
  CHECKED_BLOCK,
  SECTIONS,
  type Section,
  STORED_IMAGE_MAGIC,
  STORED_IMAGE_VERSION,
  type StoredHead,
  type StoredPlace,
  shapeOf,
} from './stored-image.ts'

const PLAIN = /^[!-~]+$/

/**
 * Puts the image beside the log and returns its size; 0 where it cannot be stored, for what it holds or because the disk
 * refuses: that is no failure, since nobody needs it. The caller holds the metadata lock.
 */
export function writeStoredImage(
  fs: FileSystem,
  folder: string,
  place: StoredPlace,
  parts: MetadataImageParts,
): number {
  const bytes = encodeStoredImage(place, parts)
  if (bytes === undefined) return 0
  const path = `${folder}/${STORED_IMAGE_FILE}`
  const part = `${path}.part`
  try {
    const fd = openTemporary(fs, part)
    try {
      writeFully(fs, fd, bytes, 0, bytes.length, 0)
    } finally {
      fs.close(fd)
    }
    fs.rename(part, path)
    return bytes.length
  } catch {
    try {
      fs.unlink(part)
    } catch {}
    return 0
  }
}

/** Undefined for an image that this form cannot hold. */
export function encodeStoredImage(place: StoredPlace, parts: MetadataImageParts): Buffer | undefined {
  const topics = [...parts.topicsByName.values()].sort(byName)
  // Two topics of one name have been seen in no log; nor has a name that Kafka would refuse.
  // It has no place for what is passed over.
  if (parts.illegalTopics.size > 0) return undefined
  if (topics.length !== parts.topicsById.size || !topics.every(({ name }) => PLAIN.test(name)))
    return undefined
  const quotas = [...parts.quotasByEntity].map(([key, { entity, values }]): StoredHead['quotas'][number] => [
    key,
    entity,
    [...values],
  ])
  if (![...parts.quotasByEntity.values()].every(({ values }) => [...values.values()].every(Number.isFinite)))
    return undefined
  const { configs, otherConfigs } = sortedConfigs(parts)
  const sections = { ...topicSections(topics), ...configSections(configs) }
  const body = Buffer.concat(SECTIONS.map((section) => sections[section]))
  const crcs = Buffer.alloc(Math.ceil(body.length / CHECKED_BLOCK) * 4)
  for (let at = 0, i = 0; at < body.length; at += CHECKED_BLOCK, i += 4) {
    crcs.writeUInt32LE(crc32c(body, at, Math.min(at + CHECKED_BLOCK, body.length)), i)
  }
  const head: StoredHead = {
    place,
    lastTimestamp: parts.lastTimestamp,
    lengths: SECTIONS.map((section) => sections[section].length),
    check: crc32c(crcs),
    nextProducerId: parts.nextProducerId,
    kraftVersion: parts.kraftVersion,
    zkMigrationState: parts.zkMigrationState,
    voters: parts.voters,
    brokers: [...parts.brokers],
    controllers: [...parts.controllers],
    features: [...parts.features],
    quotas,
    scram: [...parts.scramByKey].map(([key, credential]) => [
      key,
      {
        ...credential,
        salt: credential.salt.toString('base64'),
        storedKey: credential.storedKey.toString('base64'),
        serverKey: credential.serverKey.toString('base64'),
      },
    ]),
    acls: [...parts.aclsById],
    tokens: [...parts.tokensById],
    otherConfigs,
  }
  const json = Buffer.from(JSON.stringify(head))
  const start = Buffer.alloc(16)
  start.write(STORED_IMAGE_MAGIC, 'latin1')
  start[7] = STORED_IMAGE_VERSION
  start.writeUInt32LE(json.length, 8)
  start.writeUInt32LE(crc32c(json), 12)
  return Buffer.concat([start, json, crcs, body])
}

function topicSections(topics: readonly TopicImage[]) {
  const shapes = new Shapes()
  const numbers: number[] = []
  const partitionStarts = [0]
  for (const { partitions } of topics) {
    for (const partition of partitions) numbers.push(shapes.number(partition))
    partitionStarts.push(numbers.length)
  }
  const ids = topics.map(({ id }) => id)
  const order = ids.map((_, i) => i).sort((a, b) => (ids[a] < ids[b] ? -1 : 1))
  const names = lines(topics.map(({ name }) => name))
  return {
    names: names.bytes,
    nameStarts: names.starts,
    ids: Buffer.from(ids.join(''), 'latin1'),
    byId: uint32s(order),
    partitionStarts: uint32s(partitionStarts),
    partitions: uint32s(numbers),
    ...texts('shape', shapes.texts),
  }
}

function configSections(configs: readonly (readonly [string, readonly string[]])[]) {
  const names = lines(configs.map(([name]) => name))
  return {
    configNames: names.bytes,
    configNameStarts: names.starts,
    ...texts(
      'config',
      configs.map(([, pairs]) => JSON.stringify(pairs)),
    ),
  }
}

/** Those of topics with plain names, in order of the names; and all others. */
function sortedConfigs(parts: MetadataImageParts) {
  const configs: [string, readonly string[]][] = []
  const otherConfigs: [number, [string, readonly string[]][]][] = []
  for (const [type, resources] of parts.configsByType) {
    const entries = [...resources]
    if (type === CONFIG_RESOURCE.TOPIC && entries.every(([name]) => PLAIN.test(name)))
      configs.push(...entries)
    else if (entries.length > 0) otherConfigs.push([type, entries])
  }
  configs.sort((a, b) => (a[0] < b[0] ? -1 : 1))
  return { configs, otherConfigs }
}

/** Each kind of partition gets a number. Most are like the one before. */
class Shapes {
  readonly texts: string[] = []
  readonly #numbers = new Map<string, number>()
  #last: { partition: PartitionImage; number: number } | undefined

  number(partition: PartitionImage): number {
    if (this.#last !== undefined && alike(this.#last.partition, partition)) return this.#last.number
    const text = JSON.stringify(shapeOf(partition))
    let number = this.#numbers.get(text)
    if (number === undefined) {
      number = this.texts.push(text) - 1
      this.#numbers.set(text, number)
    }
    this.#last = { partition, number }
    return number
  }
}

function alike(a: PartitionImage, b: PartitionImage): boolean {
  return (
    a.leader === b.leader &&
    a.leaderEpoch === b.leaderEpoch &&
    a.partitionEpoch === b.partitionEpoch &&
    a.leaderRecoveryState === b.leaderRecoveryState &&
    a.replicas === b.replicas &&
    a.isr === b.isr &&
    a.removingReplicas === b.removingReplicas &&
    a.addingReplicas === b.addingReplicas &&
    a.elr === b.elr &&
    a.lastKnownElr === b.lastKnownElr &&
    a.directories === b.directories
  )
}

function lines(names: readonly string[]): { bytes: Buffer; starts: Buffer } {
  const starts = [0]
  let at = 0
  for (const { length } of names) {
    at += length + 1
    starts.push(at)
  }
  return { bytes: Buffer.from(names.map((name) => `${name}\n`).join(''), 'latin1'), starts: uint32s(starts) }
}

/** The two sections `<kind>s` and `<kind>Starts`. */
function texts<K extends 'shape' | 'config'>(kind: K, all: readonly string[]) {
  const pieces = all.map((text) => Buffer.from(text))
  const starts = [0]
  let at = 0
  for (const { length } of pieces) {
    at += length
    starts.push(at)
  }
  return { [`${kind}s`]: Buffer.concat(pieces), [`${kind}Starts`]: uint32s(starts) } as Record<
    Extract<Section, `${K}s` | `${K}Starts`>,
    Buffer
  >
}

function uint32s(numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 4)
  numbers.forEach((number, i) => {
    bytes.writeUInt32LE(number, i * 4)
  })
  return bytes
}

const byName = (a: TopicImage, b: TopicImage) => compareText(a.name, b.name)
