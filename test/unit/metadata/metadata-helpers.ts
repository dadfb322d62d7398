import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'
import type { MetadataRecord } from '../../../src/message/metadata-records.ts'
import { randomUuid } from '../../../src/message/uuid.ts'
import { formatDirectory } from '../../../src/metadata/format-directory.ts'
import type { MetadataImage, MetadataImageParts, TopicImage } from '../../../src/metadata/metadata-image.ts'
import { METADATA_LOG_FOLDER } from '../../../src/metadata/metadata-log-files.ts'
import { createTopicRecords } from '../../../src/metadata/topic-records.ts'
import { systemOs } from '../../../src/os/system-os.ts'

export function newFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'tkafka-metadata-'))
}

/** A formatted directory in a temp folder. */
export function newDirectory(): string {
  const dir = newFolder()
  formatDirectory(systemOs, dir)
  return dir
}

export const logFolder = (dir: string): string => path.join(dir, METADATA_LOG_FOLDER)

export const newTopic =
  (name: string, partitions = 1, configs: readonly (readonly [string, string])[] = []) =>
  (image: MetadataImage): MetadataRecord[] =>
    createTopicRecords(image, {
      name,
      topicId: randomUuid((size) => systemOs.randomBytes(size)),
      replicas: Array.from({ length: partitions }, () => [image.nodeId]),
      configs,
    })

/** What of an image must not change by being stored in another way. */
export function essence(image: { readonly parts: MetadataImageParts } | MetadataImageParts): object {
  const { endOffset, epoch, lastTimestamp, ...rest } = 'parts' in image ? image.parts : image
  return plain(rest)
}

/** Maps of all kinds as Map, in order of their keys; topics, however they are stored, as plain objects. */
function plain(parts: Partial<MetadataImageParts>): object {
  return Object.fromEntries(
    Object.entries(parts).map(([part, value]) => [part, isMap(value) ? plainMap(value) : value]),
  )
}

function plainMap(map: ReadonlyMap<unknown, unknown>): Map<unknown, unknown> {
  const entries = [...map].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))
  expect(entries.length).toBe(map.size)
  return new Map(
    entries.flatMap(([key, value]): [unknown, unknown][] => {
      if (isMap(value)) return value.size === 0 ? [] : [[key, plainMap(value)]]
      if (typeof value !== 'object' || value === null || !('partitions' in value)) return [[key, value]]
      const { name, id, partitions } = value as TopicImage
      expect(map.get(key)).toBe(value)
      return [[key, { name, id, partitions: [...partitions] }]]
    }),
  )
}

const isMap = (value: unknown): value is ReadonlyMap<unknown, unknown> =>
  typeof value === 'object' && value !== null && 'entries' in value && 'size' in value
